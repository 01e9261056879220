import { ref, shallowRef } from 'vue';

/** One thing a press does: not twice at once, and what went wrong stays on screen until the next try. */
export function useAction<Args extends unknown[]>(work: (...args: Args) => Promise<unknown>) {
  const busy = ref(false);
  const error = shallowRef<unknown>();

  async function run(...args: Args): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    error.value = undefined;
    try {
      await work(...args);
      return true;
    } catch (problem) {
      error.value = problem;
      return false;
    } finally {
      busy.value = false;
    }
  }

  return { busy, error, run };
}
