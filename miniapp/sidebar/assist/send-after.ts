import { onScopeDispose, ref } from 'vue';

const SECONDS = 5;

/** Runs `deed` in five seconds unless it is undone; leaving the page undoes it too. */
export function useSendAfter(deed: () => Promise<void>) {
  const secondsLeft = ref(0);
  let timer: ReturnType<typeof setInterval> | undefined;

  function stop(): void {
    clearInterval(timer);
    secondsLeft.value = 0;
  }

  function start(): void {
    stop();
    secondsLeft.value = SECONDS;
    timer = setInterval(() => {
      secondsLeft.value -= 1;
      if (secondsLeft.value <= 0) void now();
    }, 1000);
  }

  async function now(): Promise<void> {
    stop();
    await deed();
  }

  onScopeDispose(stop);
  return { secondsLeft, start, undo: stop, now };
}
