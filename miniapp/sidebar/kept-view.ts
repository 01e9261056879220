import type { SidebarView } from '#server/sidebar/sidebar-api.ts';

/**
 * The last answer of each contact, for the moment before the next one and for offline. It lives as long as the client's
 * window does, under the member who saw it: a login kept across accounts must not show another's customers.
 */
const PREFIX = 'zhike.view.';
const CHARS_MAX = 200_000;
/** Grows when SidebarView gains a part: what an older page kept lacks it. */
const SHAPE = 2;

interface Kept {
  at: number;
  view: SidebarView;
}

export function keptView(memberId: string, contactKey: string): Kept | null {
  try {
    const text = sessionStorage.getItem(keyOf(memberId, contactKey));
    const kept = text ? (JSON.parse(text) as Kept & { shape?: number }) : null;
    return kept?.shape === SHAPE ? kept : null;
  } catch {
    return null;
  }
}

export function keepView(memberId: string, contactKey: string, kept: Kept): void {
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(PREFIX) && !key.startsWith(keyOf(memberId, ''))) sessionStorage.removeItem(key);
    }
    const text = JSON.stringify({ ...kept, shape: SHAPE });
    if (text.length + charsKept() > CHARS_MAX) forgetAll();
    sessionStorage.setItem(keyOf(memberId, contactKey), text);
  } catch {
    // Storage may be off or full: the next opening starts from the skeleton.
  }
}

export function forgetAll(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}

const keyOf = (memberId: string, contactKey: string) => `${PREFIX}${memberId}.${contactKey}`;

function charsKept(): number {
  return Object.keys(sessionStorage)
    .filter((key) => key.startsWith(PREFIX))
    .reduce((sum, key) => sum + (sessionStorage.getItem(key)?.length ?? 0), 0);
}
