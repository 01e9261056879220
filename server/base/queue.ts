import { setTimeout as sleep } from 'node:timers/promises';
import {
  createPostgresBackend,
  createRedisBackend,
  Queue,
  setDefaultBackendFactory,
  UnrecoverableError,
  Worker,
  type Job,
} from 'bullmq';
import { PlatformError } from '#server/platform/platform-error.ts';
import { fastJobs, jobPayloads, slowJobs, type JobName, type JobPayload } from './job-payloads.ts';
import type { Log } from './log.ts';
import { plainError } from './plain-error.ts';
import { Refusal } from './refusal.ts';

/** A person waits at Ctrl-C. Jobs cut off here are run again by whoever starts next. */
const STOP_MS_MAX = 5000;

export interface JobOptions {
  /** While a job of this key waits, another is not added; while it runs, one more run is kept for after it. */
  key?: string;
  delayMs?: number;
  /** One of this key that still waits for its time is moved to this delay, sooner or later than it was. */
  moves?: boolean;
}

export interface Jobs {
  add<Name extends JobName>(name: Name, payload: JobPayload<Name>, options?: JobOptions): Promise<void>;
  /** One round trip for many: adding one by one costs a commit each. */
  addAll<Name extends JobName>(name: Name, items: { payload: JobPayload<Name>; options?: JobOptions }[]): Promise<void>;
}

export interface QueueConnection {
  jobs: Jobs;
  startWorkers(handlers: JobHandlers, schedules: Schedule[]): Promise<void>;
  /** Takes no new job and waits for those under way; after `STOP_MS_MAX` they are left to be run again. */
  stopWorkers(): Promise<void>;
  /** Jobs by lane and state. */
  depth(): Promise<Record<string, Record<string, number>>>;
  /** Throws when the queue cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type JobHandlers = { [Name in JobName]: (payload: JobPayload<Name>) => Promise<void> };
export interface Schedule {
  name: JobName;
  payload: JobPayload<JobName>;
  everyMs: number;
}

const lanes = ['work', 'fast', 'slow'] as const;
type Lane = (typeof lanes)[number];

/**
 * How soon the jobs of a process that died are taken up by another: after both times at most. Until then their keys are
 * held, so that no nudge gets through. A process too busy to renew its locks loses jobs it still does.
 */
const takeOver: Record<Lane, { lockDuration: number; stalledInterval: number }> = {
  fast: { lockDuration: 5000, stalledInterval: 2000 },
  work: { lockDuration: 8000, stalledInterval: 4000 },
  slow: { lockDuration: 30_000, stalledInterval: 10_000 },
};

function laneOf(name: JobName): Lane {
  if (fastJobs.includes(name)) return 'fast';
  return slowJobs.includes(name) ? 'slow' : 'work';
}

/** BullMQ on Redis when `redisUrl` is given, else on the PostgreSQL it is given, in a schema of its own. */
export async function connectQueue(options: {
  databaseUrl: string;
  redisUrl?: string | undefined;
  log: Log;
  concurrency?: number;
}): Promise<QueueConnection> {
  const connection = connectionOf(options);
  if (options.redisUrl) setDefaultBackendFactory(createRedisBackend);
  else setDefaultBackendFactory(createPostgresBackend);
  const queues = Object.fromEntries(
    lanes.map((lane) => [lane, new Queue(`zhike-${lane}`, { connection: connection(), defaultJobOptions })]),
  ) as Record<Lane, Queue>;
  const workers: Worker[] = [];
  let isClosing = false;
  // A connection that ends while we are closing is what we asked for.
  const report = (what: string) => (err: Error) => {
    if (!isClosing) options.log.error({ err }, what);
  };
  for (const queue of Object.values(queues)) {
    queue.on('error', report('queue failed'));
    await queue.waitUntilReady();
  }

  return {
    jobs: {
      async add(name, payload, jobOptions) {
        await queues[laneOf(name)].add(name, payload, bullOptions(name, jobOptions));
      },
      async addAll(name, items) {
        if (items.length === 0) return;
        await queues[laneOf(name)].addBulk(
          items.map(({ payload, options: jobOptions }) => ({
            name,
            data: payload,
            opts: bullOptions(name, jobOptions),
          })),
        );
      },
    },
    async startWorkers(handlers, schedules) {
      for (const lane of lanes) {
        const worker: Worker = new Worker(`zhike-${lane}`, (job) => run(job, handlers, worker), {
          connection: connection(),
          concurrency: options.concurrency ?? 8,
          // A process killed twice in mid-job must not cost the job: every job is safe to run again.
          maxStalledCount: 50,
          ...takeOver[lane],
        });
        worker.on('error', report('worker failed'));
        worker.on('failed', (job, err) => {
          if (!isClosing) options.log.warn({ err, job: job?.name, attempts: job?.attemptsMade }, 'job failed');
        });
        workers.push(worker);
        await worker.waitUntilReady();
      }
      for (const { name, payload, everyMs } of schedules) {
        await queues[laneOf(name)].upsertJobScheduler(
          `${name}:${JSON.stringify(payload)}`,
          { every: everyMs },
          { name, data: payload },
        );
      }
    },
    async depth() {
      const entries = await Promise.all(lanes.map(async (lane) => [lane, await queues[lane].getJobCounts()] as const));
      return Object.fromEntries(entries);
    },
    async ping() {
      await queues.work.getJobCounts('waiting');
    },
    async stopWorkers() {
      isClosing = true;
      const patience = sleep(STOP_MS_MAX, 'over', { ref: false });
      const ended = Promise.all(workers.map((worker) => worker.close()));
      if ((await Promise.race([ended, patience])) === 'over')
        await Promise.all(workers.map((worker) => worker.close(true)));
    },
    async close() {
      isClosing = true;
      await Promise.all(Object.values(queues).map((queue) => queue.close()));
    },
  };
}

const defaultJobOptions = {
  attempts: 12,
  backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
  removeOnComplete: { count: 1000 },
  removeOnFail: { count: 5000 },
};

function connectionOf({ databaseUrl, redisUrl }: { databaseUrl: string; redisUrl?: string | undefined }) {
  return () =>
    redisUrl
      ? { url: redisUrl, maxRetriesPerRequest: null }
      : { connectionString: databaseUrl, schema: 'jobs', migrate: true, max: 4 };
}

function bullOptions(name: JobName, options: JobOptions = {}) {
  return {
    ...(options.delayMs ? { delay: options.delayMs } : {}),
    ...(options.key
      ? {
          deduplication: {
            id: `${name}:${options.key}`,
            keepLastIfActive: true,
            ...(options.moves ? { reschedule: true } : {}),
          },
        }
      : {}),
  };
}

/** What an error means for the queue: come back later, slow down, or never again. */
async function run(job: Job, handlers: JobHandlers, worker: Worker): Promise<void> {
  const name = job.name as JobName;
  const payload = jobPayloads[name].safeParse(job.data);
  if (!payload.success) throw new UnrecoverableError(`The job ${name} carries a payload this version cannot read.`);
  const handle = handlers[name] as (payload: unknown) => Promise<void>;
  try {
    await handle(payload.data);
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'rate_limited') {
      await worker.rateLimit(error.retryAfterMs);
      throw Worker.RateLimitError();
    }
    const isFinal =
      error instanceof Refusal || (error instanceof PlatformError && ['rejected', 'not_found'].includes(error.kind));
    // The queue keeps message and stack of what a job threw.
    const plain = plainError(error);
    throw isFinal ? new UnrecoverableError(plain.message) : Object.assign(new Error(plain.message), plain);
  }
}
