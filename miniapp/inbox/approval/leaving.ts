import { reactive, readonly } from 'vue';
import { session } from '#miniapp/api/session.ts';
import { online } from '#miniapp/ui/online.ts';

const SECONDS = 5;
/** A page that slept through its own countdown, as on a phone that was put away: nobody decides that late unseen. */
const LATE_MS = 3000;

export interface Leaving {
  key: number;
  /** The approvals it decides. */
  ids: readonly string[];
  verdict: 'approve' | 'reject';
  title: string;
  secondsLeft: number;
  isSending: boolean;
}

/** A decision that was pressed and did not go: what it was about, and why. */
export interface Unsent {
  ids: readonly string[];
  why: 'left' | 'offline';
}

interface Held extends Leaving {
  until: number;
  deed: () => Promise<void>;
}

const state = reactive<{ all: Held[]; unsent: Unsent | null; errors: Record<string, unknown> }>({
  all: [],
  unsent: null,
  errors: {},
});
let nextKey = 1;
let timer: ReturnType<typeof setInterval> | undefined;

/** Decisions in their five seconds. They are in this page's memory alone: closing it is the surest undo. */
export const leaving = readonly(state);

export const leavingOf = (id: string): Readonly<Leaving> | null =>
  state.all.find(({ ids }) => ids.includes(id)) ?? null;

/** Decides in five seconds unless it is undone, the page is left or the network is gone by then. */
export function leave(decision: Pick<Leaving, 'ids' | 'verdict' | 'title'>, deed: () => Promise<void>): void {
  if (decision.ids.some((id) => leavingOf(id))) return;
  state.unsent = null;
  decision.ids.forEach((id) => delete state.errors[id]);
  state.all.push({
    ...decision,
    key: nextKey++,
    secondsLeft: SECONDS,
    isSending: false,
    until: Date.now() + SECONDS * 1000,
    deed,
  });
  remember();
  timer ??= setInterval(tick, 250);
}

export function undo(key: number): void {
  state.all = state.all.filter((held) => held.key !== key || held.isSending);
  remember();
}

export async function sendNow(key: number): Promise<void> {
  const held = state.all.find((one) => one.key === key);
  if (!held || held.isSending) return;
  if (!online.is) return drop(held, 'offline');
  held.isSending = true;
  remember();
  try {
    await held.deed();
  } catch (error) {
    held.ids.forEach((id) => (state.errors[id] = error));
  } finally {
    state.all = state.all.filter((one) => one.key !== key);
  }
}

export function forgetError(id: string): void {
  delete state.errors[id];
}

export function forgetUnsent(): void {
  state.unsent = null;
}

function tick(): void {
  const now = Date.now();
  for (const held of state.all.filter(({ isSending }) => !isSending)) {
    held.secondsLeft = Math.max(0, Math.ceil((held.until - now) / 1000));
    if (now - held.until > LATE_MS) drop(held, 'left');
    else if (now >= held.until) void sendNow(held.key);
  }
  if (state.all.length > 0) return;
  clearInterval(timer);
  timer = undefined;
}

function drop(held: Held, why: Unsent['why']): void {
  state.all = state.all.filter(({ key }) => key !== held.key);
  state.unsent = { ids: [...(state.unsent?.ids ?? []), ...held.ids], why };
  remember();
}

// A page kept by "back" would go on counting when it is shown again.
window.addEventListener('pagehide', () => {
  for (const held of state.all.filter(({ isSending }) => !isSending)) drop(held, 'left');
});

const keptKey = () => `zhike.unsent.${session.me?.id ?? ''}`;

/** Ids only. What is still there when the page opens again was never sent. */
function remember(): void {
  const ids = [
    ...state.all.filter(({ isSending }) => !isSending).flatMap((held) => held.ids),
    ...(state.unsent?.why === 'left' ? state.unsent.ids : []),
  ];
  try {
    if (ids.length > 0) localStorage.setItem(keptKey(), JSON.stringify(ids));
    else localStorage.removeItem(keptKey());
  } catch {
    // Storage may be off or full: then the next opening cannot say it, and the approval is open as before.
  }
}

/** Says what did not go when the page was closed last time. */
export function recallUnsent(): void {
  try {
    const ids = JSON.parse(localStorage.getItem(keptKey()) ?? '[]') as unknown;
    localStorage.removeItem(keptKey());
    if (Array.isArray(ids) && ids.length > 0) state.unsent = { ids: ids.map(String), why: 'left' };
  } catch {
    // As in `remember`.
  }
}
