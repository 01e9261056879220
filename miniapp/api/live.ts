import type { z } from 'zod';
import type { liveEvent } from '#server/sidebar/sidebar-api.ts';

export type LiveEvent = z.infer<typeof liveEvent>;

const POLL_MS = 15_000;

/**
 * Tells what to ask for again; answers how to stop. While the stream is down it says so every 15 s (`null`: ask for
 * everything), and once more when it is back, for what was said in between.
 */
export function listenLive(contactId: string | null, tell: (event: LiveEvent | null) => void): () => void {
  let source = open();
  let polling: ReturnType<typeof setInterval> | undefined;

  function open(): EventSource {
    const stream = new EventSource(contactId ? `/api/live?contact=${encodeURIComponent(contactId)}` : '/api/live');
    stream.addEventListener('message', (message: MessageEvent<string>) => {
      const event = eventIn(message.data);
      if (event) tell(event);
    });
    stream.addEventListener('error', () => {
      polling ??= setInterval(poll, POLL_MS);
    });
    stream.addEventListener('open', () => {
      if (polling === undefined) return;
      clearInterval(polling);
      polling = undefined;
      tell(null);
    });
    return stream;
  }

  function poll(): void {
    // A refused stream is not tried again by the browser itself.
    if (source.readyState === EventSource.CLOSED) source = open();
    tell(null);
  }

  return () => {
    clearInterval(polling);
    source.close();
  };
}

function eventIn(data: string): LiveEvent | null {
  try {
    const event = JSON.parse(data) as Partial<LiveEvent> | null;
    return event && typeof event.part === 'string' ? (event as LiveEvent) : null;
  } catch {
    return null;
  }
}
