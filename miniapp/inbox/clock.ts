import { reactive, readonly } from 'vue';

const EVERY_MS = 30_000;

/** Waiting times grow while the page is open. */
const state = reactive({ now: Date.now() });
setInterval(() => (state.now = Date.now()), EVERY_MS);

export const clock = readonly(state);
