import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openDatabase, type OpenDatabase } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { makeFieldCipher } from '#server/base/field-cipher.ts';
import { makeLog } from '#server/base/log.ts';
import { connectQueue, type QueueConnection } from '#server/base/queue.ts';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';
import { makeChat, type Chat } from '#tests/support/chat.ts';
import { makeMember, openSession } from '#tests/support/factories.ts';
import type { LoadOrder, LoadReport } from './load.ts';
import { faults, type Behaviour, type Fault } from './outside.ts';
import { sessionSecret, type Server, type Stage } from './stage.ts';
import { quantileOf, type Line } from './table.ts';

/** Odd: the p99 of a quarter of a minute is moved by chance, so what counts is the middle one. */
const ROUNDS = 3;
const SECONDS = 15;
const RATE = 150;
const CONNECTIONS = 32;
/** The other callbacks are kept and acknowledged, so that what is measured is that and not how much work fits in. */
const WORK_EVERY = 50;
/** Conversations of each side; in every round something new is said in each, spread over the round. */
const CHATS = 30;
const CATCH_UP_MS_MAX = 120_000;

/** One product with everything it speaks to: a database, a messenger and a model of its own. */
interface Side {
  outside: Outside;
  database: OpenDatabase;
  queue: QueueConnection;
  product: Server;
  loader: ChildProcess;
  deps: Deps;
  chats: Chat[];
  token: string;
  close(): Promise<void>;
}

interface Measured {
  latenciesMs: number[];
  cpuSeconds: number;
}

/** Both sides in the same seconds: the model of the one is well, that of the other does as the fault says. */
interface Trial {
  fault: Fault | 'none';
  well: Measured;
  ailing: Measured;
  /** Conversations of the ailing side whose last good summary the sidebar showed, with its age. */
  stale: number;
  /** Made up for once the model was back, and how long after. */
  caughtUp: number;
  caughtUpMs: number;
  outcomes: Record<string, number>;
}

/**
 * Two products side by side under the same callbacks and the same news in conversations, each in one process for web and
 * jobs. What the machine does to one it does to the other, so what is left is what the fault does. The sides take turns
 * in being the ailing one, and rounds in which neither is say how far apart they are by chance.
 */
export async function measureOutages(stage: Stage): Promise<Line[]> {
  const sides: [Side, Side] = [await openSide(stage, 'outage_one'), await openSide(stage, 'outage_two')];
  try {
    await round(sides);
    await Promise.all(sides.map(catchUp));
    const trials: Trial[] = [];
    for (let at = 0; at < ROUNDS; at += 1) {
      const [well, ailing] = at % 2 === 0 ? sides : sides.toReversed();
      if (!well || !ailing) throw new Error('There are two sides.');
      for (const fault of ['none', ...faults] as const) trials.push(await tryFault(well, ailing, fault));
    }
    return linesOf(trials);
  } finally {
    for (const side of sides) await side.close();
  }
}

async function tryFault(well: Side, ailing: Side, fault: Trial['fault']): Promise<Trial> {
  await ailing.outside.behave(fault === 'none' ? 'well' : fault);
  const since = new Date();
  const [wellDid, ailingDid] = await round([well, ailing]);
  const stale = await countStale(ailing, since);
  const { db } = ailing.database;
  const runs = await db.modelRun.groupBy({ by: ['outcome'], where: { at: { gte: since } }, _count: true });
  await ailing.outside.behave('well');
  const [caught] = await Promise.all([catchUp(ailing), catchUp(well)]);
  const outcomes = Object.fromEntries(runs.map(({ outcome, _count }) => [outcome, _count]));
  return { fault, well: wellDid, ailing: ailingDid, stale, ...caught, outcomes };
}

let runs = 0;

async function round(sides: readonly [Side, Side]): Promise<[Measured, Measured]> {
  const [one, other] = await Promise.all(sides.map(roundOf));
  if (!one || !other) throw new Error('There are two sides.');
  return [one, other];
}

/** News in every conversation, evenly over the round, while callbacks come in. */
async function roundOf({ product, loader, queue, deps, chats }: Side): Promise<Measured> {
  const talk = async () => {
    for (const [n, chat] of chats.entries()) {
      await chat.say('contact', `那${n + 20}个人用的版本多少钱？周五前要报价，这是第${runs}次问了`, deps.now());
      const { conversationId } = chat;
      await queue.jobs.add('summarise-conversation', { conversationId }, { key: conversationId });
      await sleep((SECONDS * 1000) / CHATS);
    }
  };
  const order: LoadOrder = {
    port: product.port,
    connections: CONNECTIONS,
    rate: RATE,
    seconds: SECONDS,
    run: 1000 + ++runs,
    workEvery: WORK_EVERY,
  };
  const before = await cpuSeconds(product);
  loader.send(order);
  const [[report]] = (await Promise.all([once(loader, 'message'), talk()])) as [[LoadReport], void];
  if (report.refused > 0) throw new Error(`${report.refused} callbacks of the bench were refused.`);
  return { latenciesMs: report.latenciesMs ?? [], cpuSeconds: (await cpuSeconds(product)) - before };
}

async function cpuSeconds({ port }: Server): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1]);
}

async function countStale({ product, token, chats }: Side, since: Date): Promise<number> {
  let stale = 0;
  for (const { contact } of chats) {
    const answer = await fetch(`http://127.0.0.1:${product.port}/api/sidebar?platform=wecom&contact=${contact.key}`, {
      headers: { Cookie: `zhike_session=${token}` },
    });
    const { summary, summaryState } = (await answer.json()) as SidebarView;
    const isOld = summary !== null && new Date(summary.at) < since;
    if (isOld && (summaryState === 'unavailable' || summaryState === 'pending')) stale += 1;
  }
  return stale;
}

/** Tried every three seconds in place of minutes: nobody waits for the bench. */
async function catchUp({ database, queue, chats }: Side): Promise<Pick<Trial, 'caughtUp' | 'caughtUpMs'>> {
  const startedAt = performance.now();
  const ids = chats.map(({ conversationId }) => conversationId);
  for (;;) {
    const { rows } = await database.pool.query<{ behind: number }>(
      `SELECT count(*)::int AS behind FROM unnest($1::uuid[]) chat (id) WHERE
         (SELECT id FROM "Message" WHERE "conversationId" = chat.id ORDER BY at DESC, id DESC LIMIT 1) IS DISTINCT FROM
         (SELECT "upToMessageId" FROM "Summary" WHERE "conversationId" = chat.id ORDER BY at DESC, id DESC LIMIT 1)`,
      [ids],
    );
    const behind = rows[0]?.behind ?? 0;
    const caughtUpMs = performance.now() - startedAt;
    if (behind === 0 || caughtUpMs > CATCH_UP_MS_MAX) return { caughtUp: CHATS - behind, caughtUpMs };
    await database.pool.query(`UPDATE "SummaryAttempt" SET "nextAt" = now() WHERE "nextAt" IS NOT NULL`);
    await queue.jobs.add('sweep-summaries', {});
    await sleep(3000);
  }
}

async function openSide(stage: Stage, name: string): Promise<Side> {
  const databaseUrl = await createDatabase(stage.databaseUrl, name);
  const outside = await openOutside();
  const product = await stage.startProduct({
    PROCESS: 'all',
    DATABASE_URL: databaseUrl,
    WECOM_API_BASE: `http://127.0.0.1:${outside.port}`,
    OPENAI_BASE_URL: `http://127.0.0.1:${outside.port}/v1`,
    OPENAI_API_KEY: 'key',
    OPENAI_MODEL: 'bench',
    LLM_TIMEOUT_MS: '2000',
    LLM_DAILY_BUDGET_YUAN: '1000000',
  });
  const database = openDatabase(databaseUrl, () => {}, 4);
  const queue = await connectQueue({ databaseUrl, log: makeLog('error') });
  const loader = fork(path.join(import.meta.dirname, 'load.ts'));
  return {
    outside,
    product,
    database,
    queue,
    loader,
    ...(await fill(database)),
    async close() {
      loader.kill();
      await product.stop();
      await queue.close();
      await database.close();
      outside.close();
    },
  };
}

async function createDatabase(stageUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: stageUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(stageUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function fill({ db, pool }: OpenDatabase): Promise<Pick<Side, 'deps' | 'chats' | 'token'>> {
  const deps = { db, pool, cipher: makeFieldCipher(sessionSecret), now: () => new Date() } as Deps;
  const member = await makeMember(deps, { name: '林晓', key: 'outage-rep' });
  const chats: Chat[] = [];
  for (let n = 0; n < CHATS; n += 1) chats.push(await makeChat(deps, { member }));
  return { deps, chats, token: await openSession(deps, member) };
}

interface Outside {
  port: number;
  behave(as: Behaviour): Promise<void>;
  close(): void;
}

async function openOutside(): Promise<Outside> {
  const child = fork(path.join(import.meta.dirname, 'outside.ts'));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    port,
    async behave(as) {
      child.send(as);
      await once(child, 'message');
    },
    close: () => child.kill(),
  };
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
const total = (trials: Trial[], of: (trial: Trial) => number) => trials.reduce((sum, trial) => sum + of(trial), 0);

const p99 = (trials: Trial[], side: 'well' | 'ailing') =>
  quantileOf(
    trials.flatMap((trial) => trial[side].latenciesMs),
    0.99,
  );
const slower = (trials: Trial[]) =>
  quantileOf(
    trials.map((trial) => p99([trial], 'ailing') / p99([trial], 'well')),
    0.5,
  );
/** Of each round by itself, from the lowest to the highest. */
const spread = (trials: Trial[]) =>
  trials
    .map((trial) => slower([trial]))
    .toSorted((one, other) => one - other)
    .map((ratio) => ratio.toFixed(2))
    .join(', ');
const dearer = (trials: Trial[]) =>
  total(trials, ({ ailing }) => ailing.cpuSeconds) / total(trials, ({ well }) => well.cpuSeconds);

function linesOf(trials: Trial[]): Line[] {
  const chance = trials.filter(({ fault }) => fault === 'none');
  const faulty = trials.filter(({ fault }) => fault !== 'none');
  const middle = slower(faulty);
  return [
    { what: `callbacks at ${RATE}/s, summaries made meanwhile, p99`, value: ms(p99(trials, 'well')) },
    {
      what: 'two such products side by side, p99 of one ÷ other',
      value: spread(chance),
    },
    ...faults.flatMap((fault) =>
      linesOfFault(
        fault,
        trials.filter((trial) => trial.fault === fault),
      ),
    ),
    {
      what: `model outages, callbacks’ p99 ÷ normal, middle of ${faulty.length} rounds`,
      value: middle.toFixed(2),
      aim: '≤ 1.1',
      isMet: middle <= 1.1,
    },
  ];
}

function linesOfFault(fault: Fault, trials: Trial[]): Line[] {
  const expected = trials.length * CHATS;
  const [stale, caughtUp] = [total(trials, (trial) => trial.stale), total(trials, (trial) => trial.caughtUp)];
  const slowest = Math.max(...trials.map(({ caughtUpMs }) => caughtUpMs)) / 1000;
  const asked = trials.map(({ outcomes }) =>
    Object.entries(outcomes)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(', '),
  );
  const [ratio, processor] = [slower(trials), dearer(trials)];
  return [
    {
      what: `model ${fault}: callbacks’ p99 ÷ normal, middle of ${trials.length} rounds`,
      value: `${ratio.toFixed(2)} (${spread(trials)})`,
      aim: '≤ 1.1',
      isMet: ratio <= 1.1,
    },
    { what: `model ${fault}: processor time ÷ normal`, value: processor.toFixed(2) },
    { what: `model ${fault}: how it was answered`, value: asked.join('; ') },
    {
      what: `model ${fault}: last good summary shown`,
      value: `${stale} of ${expected}`,
      aim: 'all',
      isMet: stale === expected,
    },
    {
      what: `model ${fault}: summaries made up for`,
      value: `${caughtUp} of ${expected} within ${slowest.toFixed(0)} s`,
      aim: 'all',
      isMet: caughtUp === expected,
    },
  ];
}
