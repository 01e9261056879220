import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import type { SandboxGroupSend } from '#bot/sandbox/wecom-send-api.ts';
import { startSandbox } from '#bot/sandbox/sandbox.ts';
import { contactHashOf, contentHashOf, recipientHashOf, type FrozenContent } from '#server/broadcast/broadcast-hash.ts';
import { renderText } from '#server/material/message-content.ts';
import { cloneDatabase } from '#tests/support/database.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { freePort, startProduct, type Product } from '#tests/support/product.ts';
import { seededRandom, type Random } from '#tests/support/random.ts';
import { Marketing, type People } from './marketing.ts';
import { Wire, type Point } from './wire.ts';

const KILLS = Number(process.env['KILLS'] ?? 52);
const GROUPS = 6;
const POINT_MS_MAX = 5000;
const SETTLE_MS_MAX = 300_000;

const call = (name: string, when: Point['when']): Point => ({ path: `externalcontact/${name}`, when });
/** Where the product dies. By turns, so that a job that died in one has time to be taken up before its turn comes again. */
const points: (Point | 'planning' | 'decided' | 'any time')[] = [
  call('add_msg_template', 'done'),
  'planning',
  call('get_groupmsg_task', 'done'),
  'any time',
  call('add_msg_template', 'before'),
  'decided',
  call('get_groupmsg_send_result', 'done'),
  call('add_msg_template', 'answered'),
  'planning',
  call('get_groupmsg_send_result', 'answered'),
  call('get_groupmsg_list_v2', 'done'),
  'any time',
  call('cancel_groupmsg_send', 'done'),
];

test(`killed ${KILLS} times while broadcasts are planned, sent and followed, the product sends each to whom it was approved for, once`, async () => {
  const random = seededRandom();
  console.log(`crash: SEED=${random.seed}`);
  const database = await cloneDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  const port = await freePort();
  const folder = freshFolder();
  const productUrl = `http://127.0.0.1:${port}`;
  const sandbox = await startSandbox({
    port: 0,
    productUrl,
    stateFile: path.join(folder, 'sandbox.json'),
    seed: 7,
    log: (line) => console.log(line),
    without: ['dingtalk'],
  });
  const wire = new Wire(sandbox.url, () => random.below(1_000_000) / 1_000_000);
  const env = {
    ...Object.fromEntries(Object.entries(sandbox.env).filter(([key]) => !key.startsWith('DINGTALK_'))),
    WECOM_API_BASE: await wire.open(),
    DATABASE_URL: database.url,
    DATA_DIR: folder,
    SESSION_SECRET: 'a secret of the crash test, 32 characters',
    PORT: String(port),
    LOG_LEVEL: 'error',
    GROUP_SEND_LOOK_S: '15',
  };
  let product = startProduct(env);
  try {
    await product.says(/Zhike is running/);
    sandbox.productAt(productUrl);
    await untilContactsAreIn(pool);
    const marketing = new Marketing(sandbox.url, random, pool);
    await marketing.control('settings', {
      callsPerMinuteMax: 1_000_000,
      sendDispatchMs: 300,
      sendStepMs: 40,
      sendListDelayMs: 500,
      sendsPerDayMax: null,
      sendsPerWeekMax: null,
      sendsPerMonthMax: null,
    });
    await marketing.open(await whoIsWho(pool));
    const working = marketing.work(await groupsOfReps(pool));
    wire.losesPercent = 8;

    const met: Record<string, number> = {};
    for (let kills = 0; kills < KILLS; kills++) {
      // Late: whoever dies as the one who tries again costs a minute.
      if (kills === KILLS - 2) wire.tooMany('externalcontact/add_msg_template', 1);
      if (kills === KILLS - 1) wire.tooMany('externalcontact/get_groupmsg_task', 1);
      const point = points[kills % points.length] ?? 'any time';
      const wasMet = await killAt(point, { random, product, wire, marketing, pool });
      const name = typeof point === 'string' ? point : `${point.path.replace('externalcontact/', '')} ${point.when}`;
      if (wasMet) met[name] = (met[name] ?? 0) + 1;
      product = startProduct(env);
    }
    await product.says(/Zhike is running/);
    await sleep(2000);
    marketing.end();
    await working;
    const startedAt = performance.now();
    await untilEnded(pool, marketing);
    const settledMs = performance.now() - startedAt;

    const broadcasts = await readBroadcasts(pool);
    const deliveries = await readDeliveries(pool);
    const left = broadcasts.filter(({ startedAt: at }) => at !== null);
    const metInAll = Object.values(met).reduce((sum, count) => sum + count, 0);
    console.log(
      `crash: ${KILLS} kills, ${metInAll} at their point ${JSON.stringify(met)}; ${left.length} broadcasts left, ` +
        `${marketing.cancelled.size} cancelled, ${marketing.withdrawn} withdrawn, ${wire.taken.length} sends taken, ` +
        `${wire.lost} answers lost, ${deliveries.filter(({ attempts }) => attempts > 1).length} tried again, ` +
        `settled ${(settledMs / 1000).toFixed(1)} s after the last kill`,
    );
    expect(marketing.failures, 'the kills were felt').toBeGreaterThan(0);
    expect(left.length).toBeGreaterThanOrEqual(GROUPS);
    expect(metInAll).toBeGreaterThan(KILLS / 5);

    const byKey = new Map(deliveries.map((delivery) => [delivery.key, delivery]));
    expect(
      wire.taken.filter(({ key }) => !byKey.has(key)),
      'sends nobody knows of',
    ).toEqual([]);
    expect(
      deliveries.filter(({ key }) => key !== null && !wire.taken.some((one) => one.key === key)),
      'sends the platform never took',
    ).toEqual([]);
    expect(
      deliveries.filter(({ state }) => !['final', 'nobody', 'cancelled', 'frozen'].includes(state)),
      'deliveries without an end',
    ).toEqual([]);

    for (const { id, contentHash, recipientHash, frozenContent } of left) {
      const own = deliveries.filter(({ broadcastId }) => broadcastId === id);
      expect({ contentHash, recipientHash }, 'it is what was approved').toEqual(marketing.approved.get(id));
      expect(contentHashOf(frozenContent)).toBe(contentHash);
      expect(recipientHashOf(own)).toBe(recipientHash);
      const sends = own.flatMap((delivery) => {
        const send = wire.taken.find(({ key }) => key === delivery.key);
        return send ? [{ delivery, send }] : [];
      });
      const contacts = sends.flatMap(({ send }) => send.contacts);
      expect(new Set(contacts).size, 'nobody got it twice').toBe(contacts.length);
      for (const { delivery, send } of sends) {
        const outside = delivery.recipients.filter(
          ({ state, failure }) => state === 'dropped' || failure === 'unsendable',
        );
        const all = [...send.contacts, ...outside.map(({ key }) => key)];
        expect(contactHashOf(all), 'to whom it was approved for, less who was left out late').toBe(
          delivery.contactHash,
        );
        expect(send.sender).toBe(delivery.memberKey);
        expect(delivery.contentHash).toBe(contentHash);
        const text = frozenContent.variants.find(({ key }) => key === delivery.variant)?.text ?? '';
        expect(send.text).toBe(renderText(text, { member: delivery.memberName }).trim());
      }
    }

    const { sends } = await marketing.control<{ sends: SandboxGroupSend[] }>('group-sends');
    for (const { id, outcomes } of sends) {
      const recipients = byKey.get(id)?.recipients ?? [];
      const count = (of: string) => recipients.filter(({ state, failure }) => (failure ?? state) === of).length;
      const { delivered, not_connected, over_quota } = outcomes;
      expect(
        { delivered: count('delivered'), not_connected: count('not_connected'), over_quota: count('over_quota') },
        'every result is known here as it is there',
      ).toEqual({ delivered, not_connected, over_quota });
    }
    await expectEveryoneHasAnEnd(pool);
  } catch (error) {
    console.log(product.output());
    throw error;
  } finally {
    product.process.kill('SIGKILL');
    await product.ended;
    await wire.close();
    await sandbox.close();
    await pool.end();
    await database.drop();
  }
});

interface Scene {
  random: Random;
  product: Product;
  wire: Wire;
  marketing: Marketing;
  pool: pg.Pool;
}

/** Whether the point was met before patience was over; it dies either way. */
async function killAt(point: (typeof points)[number], { random, product, wire, marketing, pool }: Scene) {
  const kill = () => product.process.kill('SIGKILL');
  const patience = async () => {
    await product.says(/Zhike is running/);
    await sleep(point === 'any time' ? random.below(2000) : POINT_MS_MAX);
    return false;
  };
  const awaited = typeof point === 'object' ? wire.await(point, kill) : null;
  const meets = async () => {
    if (point === 'any time') return new Promise<boolean>(() => {});
    if (point === 'planning') {
      await untilPlanning(pool, product);
      await sleep(random.below(60));
    } else if (point === 'decided') await marketing.nextDecision();
    else await awaited?.passed;
    return true;
  };
  const wasMet = await Promise.race([meets(), patience()]);
  awaited?.forget();
  expect(product.process.exitCode, `it ended by itself: ${product.output()}`).toBeNull();
  kill();
  await product.ended;
  return wasMet;
}

async function untilPlanning(pool: pg.Pool, product: Product): Promise<void> {
  while (product.process.exitCode === null && product.process.signalCode === null) {
    const { rows } = await pool.query(`SELECT FROM "Broadcast" WHERE planning IS NOT NULL AND "planTotal" IS NOT NULL`);
    if (rows.length > 0) return;
    await sleep(15);
  }
}

async function untilContactsAreIn(pool: pg.Pool): Promise<void> {
  for (let left = 240; left > 0; left--) {
    const { rows } = await pool.query(`SELECT FROM "SyncRun" WHERE kind = 'contacts' AND state = 'done'`);
    if (rows.length > 0) return;
    await sleep(500);
  }
  throw new Error('The contacts were not read.');
}

/** Somebody of marketing with an account of their own, a manager who approves, and an admin. */
async function whoIsWho(pool: pg.Pool): Promise<People> {
  const named = async (role: string) => {
    const { rows } = await pool.query<{ key: string }>(
      `SELECT i.key FROM "Member" m JOIN "MemberIdentity" i ON i."memberId" = m.id
       WHERE m.role = $1 AND m.status = 'active' AND i."leftAt" IS NULL ORDER BY i.key LIMIT 1`,
      [role],
    );
    return rows[0]?.key ?? '';
  };
  if ((await named('marketing')) === '') {
    await pool.query(
      `UPDATE "Member" SET role = 'marketing' WHERE id =
         (SELECT m.id FROM "Member" m JOIN "MemberIdentity" i ON i."memberId" = m.id
          WHERE m.role = 'rep' AND m.status = 'active' ORDER BY i.key DESC LIMIT 1)`,
    );
  }
  return { marketer: await named('marketing'), manager: await named('manager'), admin: await named('admin') };
}

/** Members with contacts, in groups. */
async function groupsOfReps(pool: pg.Pool): Promise<string[][]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT f."memberId" AS id FROM "Follow" f JOIN "Member" m ON m.id = f."memberId" AND m.status = 'active'
     WHERE f.state = 'active' GROUP BY 1 HAVING count(*) >= 3 ORDER BY 1`,
  );
  expect(rows.length).toBeGreaterThan(GROUPS);
  return Array.from({ length: GROUPS }, (_, group) =>
    rows.filter((_, at) => at % GROUPS === group).map(({ id }) => id),
  );
}

async function untilEnded(pool: pg.Pool, marketing: Marketing): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    await marketing.confirmSome(1);
    const { rows } = await pool.query<{ open: number }>(
      `SELECT (SELECT count(*)::int FROM "Broadcast" WHERE state IN ('scheduled', 'sending', 'running')
           OR planning IS NOT NULL OR state = 'cancelled' AND "finishedAt" IS NULL)
         + (SELECT count(*)::int FROM "Approval" WHERE "effectState" = 'waiting')
         + (SELECT count(*)::int FROM "BroadcastDelivery"
            WHERE state IN ('due', 'sending', 'unknown', 'asked', 'confirmed')) AS open`,
    );
    if (rows[0]?.open === 0) return;
    if (performance.now() - startedAt > SETTLE_MS_MAX) {
      const { rows: why } = await pool.query(
        `SELECT b.state, b.planning, d.state AS delivery, d."lastError", d."nextAttemptAt", count(*)::int
         FROM "Broadcast" b LEFT JOIN "BroadcastDelivery" d ON d."broadcastId" = b.id
         WHERE b.state NOT IN ('finished', 'draft') GROUP BY 1, 2, 3, 4, 5`,
      );
      const { rows: gates } = await pool.query(`SELECT * FROM "CallGate"`);
      throw new Error(`Not all has ended: ${JSON.stringify({ why, gates })}`);
    }
    await sleep(500);
  }
}

interface BroadcastRow {
  id: string;
  state: string;
  contentHash: string;
  recipientHash: string;
  frozenContent: FrozenContent;
  startedAt: Date | null;
}

async function readBroadcasts(pool: pg.Pool): Promise<BroadcastRow[]> {
  const { rows } = await pool.query<BroadcastRow>(
    `SELECT id, state, "contentHash", "recipientHash", "frozenContent", "startedAt" FROM "Broadcast"`,
  );
  return rows;
}

interface DeliveryRow {
  id: string;
  broadcastId: string;
  memberKey: string;
  memberName: string;
  variant: string;
  batch: number;
  contactHash: string;
  contentHash: string | null;
  state: string;
  key: string | null;
  attempts: number;
  recipients: { key: string; state: string; failure: string | null }[];
}

async function readDeliveries(pool: pg.Pool): Promise<DeliveryRow[]> {
  const { rows } = await pool.query<DeliveryRow>(
    `SELECT d.id, d."broadcastId", d."memberKey", m.name AS "memberName", d.variant, d.batch, d."contactHash",
       d."contentHash", d.state, d.key, d.attempts,
       (SELECT json_agg(json_build_object('key', c.key, 'state', r.state, 'failure', r.failure))
        FROM "BroadcastRecipient" r JOIN "Contact" c ON c.id = r."contactId"
        WHERE r."deliveryId" = d.id AND r.part = 'target') AS recipients
     FROM "BroadcastDelivery" d JOIN "MemberIdentity" i ON i.platform = d.platform AND i.key = d."memberKey"
     JOIN "Member" m ON m.id = i."memberId"`,
  );
  return rows;
}

async function expectEveryoneHasAnEnd(pool: pg.Pool): Promise<void> {
  const { rows: open } = await pool.query(
    `SELECT b.state, r.state AS recipient, count(*)::int FROM "BroadcastRecipient" r JOIN "Broadcast" b ON b.id = r."broadcastId"
     WHERE b."startedAt" IS NOT NULL AND r.part = 'target' AND r.state IN ('planned', 'asked') GROUP BY 1, 2`,
  );
  expect(open, 'recipients without an end').toEqual([]);
  const { rows: kept } = await pool.query(
    `SELECT t.state, r.state AS recipient, count(*)::int FROM "ContactTouch" t
     JOIN "BroadcastRecipient" r ON r."contactId" = t."contactId" AND r."broadcastId" = t."broadcastId"
     JOIN "Broadcast" b ON b.id = t."broadcastId" AND b."startedAt" IS NOT NULL
     WHERE (t.state = 'delivered') <> (r.state = 'delivered') GROUP BY 1, 2`,
  );
  expect(kept, 'days kept free for nothing, or reached and not counted').toEqual([]);
}
