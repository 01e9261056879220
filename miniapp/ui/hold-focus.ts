const reachable =
  'a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex="-1"]), [contenteditable="true"]';

/** Of several boxes one above the other only the last one holds. */
const held: HTMLElement[] = [];

/**
 * Keeps the keyboard inside `box` until the answer is called, which gives the focus back to where it was. Own, because the
 * known libraries use selectors Chromium 69 refuses.
 */
export function holdFocus(box: HTMLElement): () => void {
  const before = document.activeElement;
  const stops = () =>
    [...box.querySelectorAll<HTMLElement>(reachable)].filter(
      (element) => !(element as HTMLButtonElement).disabled && element.getClientRects().length > 0,
    );

  function onKey(event: KeyboardEvent): void {
    if (event.key !== 'Tab') return;
    const all = stops();
    const [first] = all;
    const last = all[all.length - 1];
    const at = document.activeElement;
    if (event.shiftKey && (at === first || at === box)) turnTo(event, last ?? box);
    else if (!event.shiftKey && at === last) turnTo(event, first ?? box);
    else if (all.length === 0) turnTo(event, box);
  }

  function onFocus(event: FocusEvent): void {
    const { target } = event;
    if (held[held.length - 1] !== box) return;
    const isOutside = target instanceof Element && !box.contains(target) && !target.closest('[role="status"]');
    if (isOutside) box.focus();
  }

  held.push(box);
  hidePage();
  box.addEventListener('keydown', onKey);
  document.addEventListener('focusin', onFocus);
  // The box itself, so that its title is read out first and no keyboard jumps up on a phone.
  (box.querySelector<HTMLElement>('[data-autofocus]') ?? box).focus();

  return () => {
    box.removeEventListener('keydown', onKey);
    document.removeEventListener('focusin', onFocus);
    held.splice(held.indexOf(box), 1);
    hidePage();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  };
}

/** What lies behind a modal is there for nobody. */
function hidePage(): void {
  const page = document.getElementById('app');
  for (const name of ['inert', 'aria-hidden']) {
    if (held.length > 0) page?.setAttribute(name, 'true');
    else page?.removeAttribute(name);
  }
}

function turnTo(event: KeyboardEvent, element: HTMLElement): void {
  event.preventDefault();
  element.focus();
}
