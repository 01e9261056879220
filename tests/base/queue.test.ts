import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { connectLive, type LiveEvent } from '#server/base/live.ts';
import { makeLog } from '#server/base/log.ts';
import { connectQueue, type JobHandlers, type QueueConnection, type Schedule } from '#server/base/queue.ts';
import { Refusal } from '#server/base/refusal.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database.ts';
import { startRedis, type TestRedis } from '#tests/support/redis.ts';
import { patienceMs } from '#tests/support/patience.ts';

const log = makeLog('silent');
const soon = { timeout: patienceMs, interval: 20 };
let database: TestDatabase;
let redis: TestRedis | null;

beforeAll(async () => {
  database = await cloneDatabase();
  redis = await startRedis();
});
afterAll(async () => {
  await redis?.stop();
  await database.drop();
});

// Redis is optional for a deployment; where this machine has none, the second backend of these tests is PostgreSQL again.
describe.each(['PostgreSQL', 'Redis'])('the queue on %s', (backend) => {
  const redisUrl = () => (backend === 'Redis' ? redis?.url : undefined);

  async function working(handlers: Partial<JobHandlers>, schedules: Schedule[] = []): Promise<QueueConnection> {
    const queue = await connectQueue({ databaseUrl: database.url, redisUrl: redisUrl(), log });
    onTestFinished(async () => {
      await queue.stopWorkers();
      await queue.close();
    });
    await queue.startWorkers(handlers as JobHandlers, schedules);
    return queue;
  }

  test('a job reaches its use case with the payload it was asked with', async () => {
    const scored = vi.fn<(payload: { contactId: string }) => Promise<void>>(async () => {});
    const { jobs } = await working({ 'score-contact': scored });
    const contactId = crypto.randomUUID();
    await jobs.add('score-contact', { contactId });
    await vi.waitFor(() => expect(scored).toHaveBeenCalledWith({ contactId }), soon);
  });

  test('while a model keeps every summary waiting, other jobs are done', async () => {
    const release = Promise.withResolvers<void>();
    let summarised = 0;
    const scored = vi.fn<(payload: { contactId: string }) => Promise<void>>(async () => {});
    const { jobs } = await working({
      async 'summarise-conversation'() {
        await release.promise;
        summarised += 1;
      },
      'score-contact': scored,
    });
    const waiting = Array.from({ length: 12 }, () => ({ payload: { conversationId: crypto.randomUUID() } }));
    await jobs.addAll('summarise-conversation', waiting);
    await jobs.add('score-contact', { contactId: crypto.randomUUID() });
    await vi.waitFor(() => expect(scored).toHaveBeenCalledOnce(), soon);
    expect(summarised).toBe(0);
    release.resolve();
    await vi.waitFor(() => expect(summarised).toBe(12), soon);
  });

  test('a hundred nudges for one conversation cause one run, and one more for what came during it', async () => {
    let runs = 0;
    const release = Promise.withResolvers<void>();
    const { jobs } = await working({
      async 'summarise-conversation'() {
        runs += 1;
        if (runs === 1) await release.promise;
      },
    });
    const conversationId = crypto.randomUUID();
    const nudge = () => jobs.add('summarise-conversation', { conversationId }, { key: conversationId, delayMs: 50 });
    await Promise.all(Array.from({ length: 100 }, nudge));
    await vi.waitFor(() => expect(runs).toBe(1), soon);
    await Promise.all(Array.from({ length: 100 }, nudge));
    release.resolve();
    await vi.waitFor(() => expect(runs).toBe(2), soon);
  });

  test('a job that waits for its time is put off, or brought forward, by another of its key', async () => {
    let runs = 0;
    const { jobs } = await working({
      async 'summarise-conversation'() {
        runs += 1;
      },
    });
    const conversationId = crypto.randomUUID();
    const inMinutes = (minutes: number) =>
      jobs.add(
        'summarise-conversation',
        { conversationId },
        { key: conversationId, delayMs: minutes * 60_000, moves: true },
      );
    await inMinutes(5);
    await inMinutes(10);
    const connection = redisUrl() ? { url: redisUrl() } : { connectionString: database.url, schema: 'jobs' };
    const queue = new Queue('zhike-slow', { connection });
    onTestFinished(() => queue.close());
    const waiting = (await queue.getDelayed()).filter(({ data }) => data.conversationId === conversationId);
    expect(waiting.map(({ delay }) => delay)).toEqual([600_000]);
    await inMinutes(0);
    await vi.waitFor(() => expect(runs).toBe(1), soon);
  });

  test('a platform that asks for patience slows the queue and fails nothing', async () => {
    let tries = 0;
    const { jobs } = await working({
      async 'sync-tags'() {
        tries += 1;
        if (tries <= 2) throw new PlatformError('rate_limited', { platform: 'any', call: 'tags', retryAfterMs: 100 });
      },
    });
    await jobs.add('sync-tags', { platform: 'any' });
    await vi.waitFor(() => expect(tries).toBe(3), soon);
  });

  test('what was refused for good is not tried again; what broke is', async () => {
    const tries = { refused: 0, broken: 0 };
    const { jobs } = await working({
      async 'send-notice'() {
        tries.refused += 1;
        throw new Refusal('notice.gone', 'There is nothing to send.', 404);
      },
      async reconcile() {
        tries.broken += 1;
        if (tries.broken === 1) throw new Error('the network broke');
      },
    });
    await jobs.add('send-notice', { key: 'k' });
    await jobs.add('reconcile', { platform: 'any' });
    await vi.waitFor(() => expect(tries).toEqual({ refused: 1, broken: 2 }), soon);
  });

  test('the queue keeps why a job failed, without what the job was about', async () => {
    let tries = 0;
    const { jobs } = await working({
      async 'sync-members'() {
        tries += 1;
        if (tries === 1) JSON.parse('{"name":林晓');
      },
    });
    await jobs.add('sync-members', { platform: 'any' });
    await vi.waitFor(() => expect(tries).toBe(2), soon);
    const connection = redisUrl() ? { url: redisUrl() } : { connectionString: database.url, schema: 'jobs' };
    const queue = new Queue('zhike-work', { connection });
    onTestFinished(() => queue.close());
    const kept = (await queue.getJobs()).find(({ name }) => name === 'sync-members');
    expect(JSON.stringify(kept?.stacktrace)).toContain('is not valid JSON');
    expect(JSON.stringify(kept)).not.toContain('林晓');
  });

  test('a welcome does not wait behind a thousand other jobs', async () => {
    const order: string[] = [];
    const release = Promise.withResolvers<void>();
    const { jobs } = await working({
      async 'score-contact'() {
        await release.promise;
        order.push('score');
      },
      async 'send-welcome'() {
        order.push('welcome');
        release.resolve();
      },
    });
    await jobs.addAll(
      'score-contact',
      Array.from({ length: 1000 }, () => ({ payload: { contactId: crypto.randomUUID() } })),
    );
    await jobs.add('send-welcome', { codeHash: 'c' });
    await vi.waitFor(() => expect(order[0]).toBe('welcome'), soon);
  });

  test('a live update reaches the screens of another process', async () => {
    const [one, other] = await Promise.all(
      [0, 1].map(() => connectLive({ databaseUrl: database.url, redisUrl: redisUrl(), log })),
    );
    onTestFinished(async () => void (await Promise.all([one?.close(), other?.close()])));
    const heard: LiveEvent[] = [];
    other?.subscribe(['contact.42'], (event) => heard.push(event));
    one?.publish('contact.43', { part: 'score' });
    one?.publish('contact.42', { part: 'summary' });
    await vi.waitFor(() => expect(heard).toEqual([{ part: 'summary' }]), soon);
  });
});
