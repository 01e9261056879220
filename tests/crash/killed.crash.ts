import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import { learn, type Fact, type Standing } from '#server/contact/follow.ts';
import { startDouble } from '#tests/bot/wecom-double.ts';
import { cloneDatabase } from '#tests/support/database.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { freePort, startProduct } from '#tests/support/product.ts';
import { seededRandom } from '#tests/support/random.ts';
import { Company, type Happening } from './company.ts';
import { definedOf, killAtRandom } from './kills.ts';
import { Messenger } from './messenger.ts';

const KILLS = Number(process.env['KILLS'] ?? 40);
const CALLBACKS_PER_SECOND = 200;
const SETTLE_MS_MAX = 240_000;

test(`killed ${KILLS} times under load, the product loses nothing it acknowledged and does nothing twice`, async () => {
  const random = seededRandom();
  console.log(`crash: SEED=${random.seed}`);
  const database = await cloneDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await pool.query(`INSERT INTO "Setting" (key, value, "updatedAt") VALUES ('welcome', '{"enabled": true}', now())`);
  const double = await startDouble();
  const company = new Company(random);
  for (const [path, answer] of Object.entries(company.answers())) double.answer(path, answer);
  const port = await freePort();
  const messenger = new Messenger(random, port);
  const dataDir = freshFolder();
  const start = () =>
    startProduct({
      ...definedOf(double.env),
      WECOM_ARCHIVE_SECRET: '',
      WECOM_ARCHIVE_PRIVATE_KEYS: '',
      WECOM_ARCHIVE_SDK: '',
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      SESSION_SECRET: 'a secret of the crash test, 32 characters',
      PORT: String(port),
      LOG_LEVEL: 'error',
    });

  const telling = messenger.tellOf(company, CALLBACKS_PER_SECOND);
  for (let kills = 0; kills < KILLS; kills++) await killAtRandom(random, start());
  const survivor = start();
  await survivor.says(/Zhike is running/);
  // A while without a kill, so that the last one is not the end of the load.
  await sleep(2000);
  messenger.end();
  await telling;
  const settledMs = await untilHandled(pool);

  try {
    const { rows: stored } = await pool.query<{ hash: string; state: string }>(
      `SELECT encode("bodyHash", 'hex') AS hash, state FROM "InboundEvent"`,
    );
    const hashes = new Set(stored.map(({ hash }) => hash));
    console.log(
      `crash: ${messenger.deliveries} deliveries (${messenger.failures} not answered) of ${messenger.sent.size} callbacks, ` +
        `${company.welcomes.size} welcomes, settled ${(settledMs / 1000).toFixed(1)} s after the last start`,
    );
    expect(messenger.failures, 'the kills were felt').toBeGreaterThan(KILLS);
    expect(
      [...messenger.acknowledged].filter((hash) => !hashes.has(hash)),
      'acknowledged and not stored',
    ).toEqual([]);
    expect(stored.length, 'each callback is one row').toBe(messenger.sent.size);
    expect(hashes).toEqual(messenger.sent);
    expect(stored.filter(({ state }) => state !== 'handled' && state !== 'ignored')).toEqual([]);

    expect(await storedStandings(pool), 'follows stand as they would without a kill').toEqual(
      expectedStandings(company),
    );
    const welcomedTwice = [...company.welcomes].filter(([, times]) => times > 1);
    expect(welcomedTwice, 'welcome codes used twice').toEqual([]);
    expect(company.welcomes.size).toBeGreaterThan(0);
  } catch (error) {
    console.log(survivor.output());
    throw error;
  } finally {
    survivor.process.kill('SIGKILL');
    await survivor.ended;
    await pool.end();
    await double.close();
    await database.drop();
  }
});

async function untilHandled(pool: pg.Pool): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const { rows } = await pool.query(`SELECT FROM "InboundEvent" WHERE state = 'waiting' LIMIT 1`);
    const tookMs = performance.now() - startedAt;
    if (rows.length === 0) return tookMs;
    if (tookMs > SETTLE_MS_MAX) throw new Error(`Not all is handled: ${JSON.stringify(await whyWaiting(pool))}`);
    await sleep(250);
  }
}

async function whyWaiting(pool: pg.Pool): Promise<unknown> {
  const { rows: events } = await pool.query(
    `SELECT strand, attempts, "lastError", count(*)::int AS events, min("nextAttemptAt") AS next FROM "InboundEvent"
     WHERE state = 'waiting' GROUP BY 1, 2, 3 ORDER BY 1`,
  );
  const { rows: jobs } = await pool.query(
    `SELECT name, state, data, attempts_made, stalled_count, dedup_id, failed_reason, process_at_ms, locked_until_ms
     FROM jobs.job WHERE state NOT IN ('completed', 'failed') ORDER BY seq LIMIT 60`,
  );
  return { now: Date.now(), events, jobs };
}

type Follows = Record<string, Pick<Standing, 'state' | 'addedAt' | 'channel' | 'archiveConsent'>>;

async function storedStandings(pool: pg.Pool): Promise<Follows> {
  const { rows } = await pool.query<{ follow: string } & Follows[string]>(
    `SELECT c.key || ' ' || i.key AS follow, f.state, f."addedAt", f.channel, f."archiveConsent"
     FROM "Follow" f JOIN "Contact" c ON c.id = f."contactId" JOIN "MemberIdentity" i ON i."memberId" = f."memberId"`,
  );
  expect(new Set(rows.map(({ follow }) => follow)).size, 'each follow is one row').toBe(rows.length);
  return Object.fromEntries(rows.map(({ follow, ...standing }) => [follow, standing]));
}

function expectedStandings({ happenings }: Company): Follows {
  const standings = new Map<string, Standing>();
  for (const happening of happenings) {
    const fact = factOf(happening);
    if (!fact || happening.kind === 'message') continue;
    const follow = `${happening.contact} ${happening.member}`;
    standings.set(follow, learn(standings.get(follow) ?? null, fact));
  }
  return Object.fromEntries(
    [...standings].map(([follow, { state, addedAt, channel, archiveConsent }]) => [
      follow,
      { state, addedAt, channel, archiveConsent },
    ]),
  );
}

function factOf(happening: Happening): Fact | null {
  const at = new Date(happening.at * 1000);
  switch (happening.kind) {
    case 'added':
      return { kind: 'added', at, half: happening.half, channel: happening.channel };
    case 'removed':
      return { kind: 'removed', at, by: happening.by, transferred: false };
    case 'consented':
      return { kind: 'consented', at, consent: 'agreed' };
    case 'edited':
    case 'message':
      return null;
  }
}
