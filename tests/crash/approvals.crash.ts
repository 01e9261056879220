import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import type { DingtalkPhone, DingtalkState } from '#bot/sandbox/sandbox-api.ts';
import { startSandbox } from '#bot/sandbox/sandbox.ts';
import { cloneDatabase } from '#tests/support/database.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { freePort, startProduct } from '#tests/support/product.ts';
import { seededRandom } from '#tests/support/random.ts';
import { killAtRandom } from './kills.ts';
import { Office } from './office.ts';

const KILLS = Number(process.env['KILLS'] ?? 40);
const OPPORTUNITIES = 400;
const SETTLE_MS_MAX = 240_000;

test(`killed ${KILLS} times between the asking and the decided card, the product loses no request and grants none twice`, async () => {
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
  });
  const start = () =>
    startProduct({
      ...sandbox.env,
      DATABASE_URL: database.url,
      DATA_DIR: folder,
      SESSION_SECRET: 'a secret of the crash test, 32 characters',
      PORT: String(port),
      LOG_LEVEL: 'error',
    });
  const read = async <Answer>(name: string) =>
    (await (await fetch(`${sandbox.url}/sandbox/api/${name}`)).json()) as Answer;

  let product = start();
  try {
    await product.says(/Zhike is running/);
    sandbox.productAt(productUrl);
    await untilEverybodyIsIn(pool);
    const office = new Office(sandbox.url, random);
    await office.open(OPPORTUNITIES);

    const working = office.work();
    for (let kills = 0; kills < KILLS; kills++) {
      await killAtRandom(random, product);
      product = start();
    }
    await product.says(/Zhike is running/);
    await sleep(3000);
    office.end();
    await working;
    const startedAt = performance.now();
    await untilSettled(pool, office);
    const settledMs = performance.now() - startedAt;

    const { rows } = await pool.query<Row>(
      `SELECT a.id, a.state, a."effectState", o.id AS opportunity, o."discountBp",
         (SELECT count(*)::int FROM "ApprovalHistory" h WHERE h."approvalId" = a.id AND h.action IN ('approved', 'rejected', 'withdrawn')) AS endings,
         (SELECT count(*)::int FROM "OpportunityChange" c WHERE c."approvalId" = a.id AND c.field = 'discountBp') AS grants,
         (SELECT count(*)::int FROM "ApprovalHistory" h WHERE h."approvalId" = a.id AND h.action = 'effect_done') AS effects
       FROM "Approval" a JOIN "Opportunity" o ON a.subject = 'opportunity:' || o.id`,
    );
    const by = (state: string) => rows.filter((row) => row.state === state);
    console.log(
      `crash: ${rows.length} requests, ${by('approved').length} approved, ${by('rejected').length} rejected, ` +
        `${by('withdrawn').length} withdrawn, ${office.presses} presses, ${office.failures} unanswered, ` +
        `settled ${(settledMs / 1000).toFixed(1)} s after the load`,
    );
    expect(office.failures, 'the kills were felt').toBeGreaterThan(0);
    expect(rows.map(({ id }) => id).toSorted(), 'each request that was taken is there, and no other').toEqual(
      [...office.asked.values()].toSorted(),
    );
    expect(
      rows.filter(({ endings }) => endings !== 1),
      'decided other than once',
    ).toEqual([]);
    for (const row of rows) {
      const isApproved = row.state === 'approved';
      expect(row, 'granted once if approved, and else never').toMatchObject({
        grants: isApproved ? 1 : 0,
        effects: isApproved ? 1 : 0,
        effectState: isApproved ? 'done' : 'none',
        discountBp: isApproved ? 1500 : 0,
      });
    }
    for (const id of office.withdrawn) expect(rows.find((row) => row.id === id)?.state).toBe('withdrawn');
    for (const id of office.rejected) expect(rows.find((row) => row.id === id)?.state).toBe('rejected');

    const { demo } = await read<DingtalkState>('dingtalk/state');
    const { cards } = await read<DingtalkPhone>(`dingtalk/phone?user=${demo.manager}`);
    const shown = cards.map(({ shown }) => /approvals\/([0-9a-f-]+)/.exec(shown['url'] ?? '')?.[1] ?? '');
    expect(new Set(shown).size, 'one card for each request').toBe(cards.length);
    expect(
      cards.filter(({ shown }) => shown['verdict'] === ''),
      'cards that still ask',
    ).toEqual([]);
    expect(by('approved').filter(({ id }) => !shown.includes(id) && !office.withdrawn.has(id))).toEqual([]);
    expect(by('approved').length).toBeGreaterThan(KILLS / 2);
  } catch (error) {
    console.log(product.output());
    throw error;
  } finally {
    product.process.kill('SIGKILL');
    await product.ended;
    await sandbox.close();
    await pool.end();
    await database.drop();
  }
});

interface Row {
  id: string;
  state: string;
  effectState: string;
  opportunity: string;
  discountBp: number;
  endings: number;
  grants: number;
  effects: number;
}

/** The members of both messengers are read, and those on both are one. */
async function untilEverybodyIsIn(pool: pg.Pool): Promise<void> {
  for (let left = 240; left > 0; left--) {
    const { rows } = await pool.query<{ kind: string }>(
      `SELECT DISTINCT platform FROM "SyncRun" WHERE kind = 'members' AND state = 'done'`,
    );
    if (rows.length === 2) return;
    await sleep(500);
  }
  throw new Error('The members were not read.');
}

async function untilSettled(pool: pg.Pool, office: Office): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    await office.decideWhatIsOpen();
    const { rows } = await pool.query<{ open: number }>(
      `SELECT (SELECT count(*)::int FROM "Approval" WHERE state = 'pending' OR "effectState" = 'waiting')
         + (SELECT count(*)::int FROM "ApprovalCard" WHERE state IN ('owed', 'sending') OR "shownFace" <> "wantedFace")
         + (SELECT count(*)::int FROM "InboundEvent" WHERE state = 'waiting')
         + (SELECT count(*)::int FROM "Notice" WHERE state IN ('waiting', 'sending')) AS open`,
    );
    if (rows[0]?.open === 0) return;
    if (performance.now() - startedAt > SETTLE_MS_MAX) {
      const { rows: cards } = await pool.query(
        `SELECT state, attempts, "lastError", count(*)::int FROM "ApprovalCard" GROUP BY 1, 2, 3`,
      );
      const { rows: approvals } = await pool.query(
        `SELECT state, "effectState", "effectError", count(*)::int FROM "Approval" GROUP BY 1, 2, 3`,
      );
      throw new Error(`Not all is settled: ${JSON.stringify({ cards, approvals, open: rows[0] })}`);
    }
    await sleep(300);
  }
}
