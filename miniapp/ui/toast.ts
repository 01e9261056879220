import { shallowReactive } from 'vue';

export interface Toast {
  text: string;
  action?: { label: string; run: () => void };
}

const PLAIN_MS = 3000;
/** What can be undone stays long enough to be read and reached by keyboard. */
const WITH_ACTION_MS = 7000;

export const toast = shallowReactive({ shown: null as Toast | null });
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string, action?: Toast['action']): void {
  clearTimeout(timer);
  toast.shown = action ? { text, action } : { text };
  timer = setTimeout(hush, action ? WITH_ACTION_MS : PLAIN_MS);
}

export function hush(): void {
  clearTimeout(timer);
  toast.shown = null;
}

/** The pointer or the focus is on it. */
export function hold(): void {
  clearTimeout(timer);
}

export function letGo(): void {
  clearTimeout(timer);
  timer = setTimeout(hush, PLAIN_MS);
}
