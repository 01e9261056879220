import { reactive, readonly, shallowRef } from 'vue';

/** `#/broadcasts/<id>/content?from=list`: the screen, what of it, and with what. */
interface Place {
  screen: string;
  parts: readonly string[];
  search: string;
}

function read(): Place {
  // A hash of another form is none of ours: a login page may leave its own behind.
  const [address = '', search = ''] = (location.hash.startsWith('#/') ? location.hash.slice(2) : '').split('?');
  const [screen = '', ...parts] = address.split('/').filter(Boolean).map(decodeURIComponent);
  return { screen, parts, search };
}

const state = reactive<Place>(read());
export const place = readonly(state);
/** Where the reader is going while what they typed is not saved; null: nowhere. */
export const held = shallowRef<string | null>(null);

let current = location.hash;
const guards = new Set<(to: string | null) => boolean>();
const isUnsaved = (to: string | null): boolean => [...guards].some((unsaved) => unsaved(to));

window.addEventListener('hashchange', () => {
  if (location.hash === current) return;
  if (isUnsaved(location.hash)) {
    held.value = location.hash;
    history.replaceState(history.state, '', current || '#/');
    return;
  }
  current = location.hash;
  Object.assign(state, read());
});
window.addEventListener('beforeunload', (event) => {
  if (!isUnsaved(null)) return;
  event.preventDefault();
  // Older kernels ask only where a text is given, and show their own.
  event.returnValue = '';
});

/** Asks before what was typed is left, for another place of the page or (null) the page itself; answers how to stop asking. */
export function guardLeaving(unsaved: (to: string | null) => boolean): () => void {
  guards.add(unsaved);
  return () => {
    guards.delete(unsaved);
    held.value = null;
  };
}

export function leaveAnyway(): void {
  const to = held.value;
  held.value = null;
  guards.clear();
  if (to !== null) location.hash = to;
}

export const stay = (): void => void (held.value = null);

export const addressOf = (...parts: readonly string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`;

export function goTo(...parts: readonly string[]): void {
  location.hash = addressOf(...parts);
}
