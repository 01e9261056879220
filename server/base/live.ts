import { EventEmitter } from 'node:events';
import { createPostgresRelayBackend, Relay } from 'bullmq';
import type { Log } from './log.ts';

/** What a screen should ask for again. Carries no data: whoever asks is checked again. */
export interface LiveEvent {
  part:
    | 'contact'
    | 'customer'
    | 'binding'
    | 'messages'
    | 'summary'
    | 'score'
    | 'tasks'
    | 'approvals'
    | 'opportunities'
    | 'handovers'
    | 'broadcasts'
    | 'channels'
    | 'inbound'
    | 'scoring'
    | 'sync'
    | 'scoring'
    | 'health'
    | 'knowledge'
    | 'usage';
  contactId?: string;
  customerId?: string;
}

/** `contact.<id>`, `customer.<id>`, `member.<id>`, `admin`, or `desk`: everybody who is more than a rep. */
export type LiveTopic = `${'contact' | 'customer' | 'member'}.${string}` | 'admin' | 'desk';

/** Updates between processes: a screen that missed one finds the truth when it next asks. */
export interface Live {
  publish(topic: LiveTopic, event: LiveEvent): void;
  subscribe(topics: LiveTopic[], listener: (event: LiveEvent) => void): () => void;
  /** What was told in the last moments, each once: a screen reads what it shows before it can listen. */
  recent(topics: LiveTopic[]): LiveEvent[];
}

export interface LiveConnection extends Live {
  close(): Promise<void>;
}

export async function connectLive(options: {
  databaseUrl: string;
  redisUrl?: string | undefined;
  log: Log;
}): Promise<LiveConnection> {
  const relay = new Relay({
    connection: options.redisUrl
      ? { url: options.redisUrl, maxRetriesPerRequest: null }
      : { connectionString: options.databaseUrl, schema: 'jobs', max: 2 },
    namespace: 'zhike',
    ...(options.redisUrl ? {} : { backend: createPostgresRelayBackend }),
  } as ConstructorParameters<typeof Relay>[0]);
  let isClosed = false;
  relay.on('error', (err) => {
    if (!isClosed) options.log.warn({ err }, 'live updates are interrupted');
  });
  await relay.waitUntilReady();
  const local = localLive();
  // One subscription a process: the relay routes by node, the emitter by topic.
  await relay.subscribe<LiveEvent>('live.>', ({ topic, data }) =>
    local.publish(topic.slice('live.'.length) as LiveTopic, data),
  );
  return {
    publish(topic, event) {
      if (isClosed) return;
      relay.publish(`live.${topic}`, event).catch((err: unknown) => {
        if (!isClosed) options.log.warn({ err }, 'a live update was lost');
      });
    },
    subscribe: local.subscribe,
    recent: local.recent,
    close() {
      isClosed = true;
      return relay.close();
    },
  };
}

/** No reading and no opening of a stream takes this long. */
const KEPT_MS = 10_000;
const KEPT_MAX = 5000;

/** Within one process only. */
export function localLive(clock: () => number = () => performance.now()): Live {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  /** Oldest first. */
  let kept: { topic: LiveTopic; event: LiveEvent; at: number }[] = [];
  return {
    publish(topic, event) {
      const at = clock();
      const oldest = kept[0];
      if (oldest && (at - oldest.at > 2 * KEPT_MS || kept.length > 2 * KEPT_MAX))
        kept = kept.filter((told) => at - told.at <= KEPT_MS).slice(-KEPT_MAX);
      kept.push({ topic, event, at });
      emitter.emit(topic, event);
    },
    subscribe(topics, listener) {
      for (const topic of topics) emitter.on(topic, listener);
      return () => {
        for (const topic of topics) emitter.off(topic, listener);
      };
    },
    recent(topics) {
      const since = clock() - KEPT_MS;
      const told = kept.filter(({ topic, at }) => at >= since && topics.includes(topic));
      return [...new Map(told.map(({ event }) => [JSON.stringify(event), event])).values()];
    },
  };
}
