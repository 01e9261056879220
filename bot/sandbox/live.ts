import type { ServerResponse } from 'node:http';
import type { LiveEvent, LogEntry } from './sandbox-api.ts';

const kept = 500;
const beatMs = 15_000;

/** Everything that happens, told to whoever watches; the last lines of it are kept for those who come later. */
export function liveHub(now: () => number) {
  const watchers = new Set<ServerResponse>();
  const entries: LogEntry[] = [];
  let lastId = 0;
  const beat = setInterval(() => watchers.forEach((one) => one.write(': beat\n\n')), beatMs);
  beat.unref();

  function tell(event: LiveEvent): void {
    const line = `data: ${JSON.stringify(event)}\n\n`;
    watchers.forEach((one) => one.write(line));
  }

  return {
    tell,
    entries: () => entries,
    log(entry: Omit<LogEntry, 'id' | 'at'>): void {
      lastId += 1;
      const written = { id: lastId, at: now(), ...entry };
      entries.push(written);
      if (entries.length > kept) entries.shift();
      tell({ type: 'log', entry: written });
    },
    watch(response: ServerResponse): void {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
      response.write(': hello\n\n');
      watchers.add(response);
      response.on('close', () => watchers.delete(response));
    },
    stop(): void {
      clearInterval(beat);
      watchers.forEach((one) => one.end());
    },
  };
}
