import { ref, shallowRef } from 'vue';

/** One thing a press does: not twice at once, and what went wrong stays on screen until the next try. */
export function useAction<Args extends unknown[]>(work: (...args: Args) => Promise<unknown>) {
  const busy = ref(false);
  const error = shallowRef<unknown>();
  let running: Promise<unknown> = Promise.resolve();

  async function attempt(args: Args): Promise<boolean> {
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

  async function run(...args: Args): Promise<boolean> {
    if (busy.value) return false;
    const attempted = attempt(args);
    running = attempted;
    return attempted;
  }

  /** For a press that must not be lost, an undo above all: done once what is under way is. */
  async function runNext(...args: Args): Promise<boolean> {
    while (busy.value) await running;
    return run(...args);
  }

  return { busy, error, run, runNext };
}
