import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import type { DingtalkPhone, DingtalkState } from '#bot/sandbox/dingtalk-phone-api.ts';
import type { SandboxTransfer } from '#bot/sandbox/wecom-window-api.ts';
import { startSandbox } from '#bot/sandbox/sandbox.ts';
import { cloneDatabase } from '#tests/support/database.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { freePort, startProduct } from '#tests/support/product.ts';
import { seededRandom } from '#tests/support/random.ts';
import { killAtRandom } from './kills.ts';
import { Office } from './office.ts';

const KILLS = Number(process.env['KILLS'] ?? 40);
const OPPORTUNITIES = 400;
const SETTLE_MS_MAX = 480_000;

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

  const post = async (name: string, body: object) => {
    const options = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    expect((await fetch(`${sandbox.url}/sandbox/api/${name}`, options)).ok).toBe(true);
  };

  let product = start();
  try {
    await product.says(/Zhike is running/);
    sandbox.productAt(productUrl);
    await untilEverybodyIsIn(pool);
    const office = new Office(sandbox.url, random);
    await office.open(OPPORTUNITIES);

    await post('settings', { transferWaitMs: 500 });
    await post('dingtalk/settings', { callsPerSecondMax: 1000 });
    const { demo } = await read<DingtalkState>('dingtalk/state');
    const working = office.work(await whoGoes(pool, demo));
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

    const { transfers } = await read<{ transfers: SandboxTransfer[] }>('transfers');
    expect(transfers.map(({ contact }) => contact).toSorted(), 'each contact went over once').toEqual(
      [...office.handedOver].toSorted(),
    );
    expect(transfers.filter(({ state }) => state !== 'done')).toEqual([]);
    const { rows: items } = await pool.query<{ state: string; key: string }>(
      `SELECT i.state, c.key FROM "HandoverItem" i JOIN "Contact" c ON c.id = i."subjectId"`,
    );
    expect(items.filter(({ state }) => state !== 'done')).toEqual([]);
    expect(items).toHaveLength(office.handedOver.size);

    const { cards } = await read<DingtalkPhone>(`dingtalk/phone?user=${demo.manager}`);
    const shown = cards.map(({ shown }) => /approvals\/([0-9a-f-]+)/.exec(shown['url'] ?? '')?.[1] ?? '');
    expect(new Set(shown).size, 'one card for each request').toBe(cards.length);
    expect(
      cards.filter(({ shown }) => shown['verdict'] === ''),
      'cards that still ask',
    ).toEqual([]);
    expect(by('approved').filter(({ id }) => !shown.includes(id) && !office.withdrawn.has(id))).toEqual([]);
    expect(by('approved').length).toBeGreaterThan(KILLS / 4);
    expect(office.handedOver.size).toBeGreaterThan(KILLS / 8);
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

/** Some of the rep's contacts, and a colleague in the same department to take them. */
async function whoGoes(
  pool: pg.Pool,
  demo: { rep: string },
): Promise<{ from: string; to: string; contacts: { id: string; key: string }[] }> {
  const { rows: people } = await pool.query<{ from: string; to: string }>(
    `SELECT me."memberId" AS "from", other."memberId" AS "to"
     FROM "MemberIdentity" me
     JOIN "DepartmentMember" mine ON mine."memberId" = me."memberId"
     JOIN "DepartmentMember" other ON other."departmentId" = mine."departmentId" AND other."memberId" <> me."memberId"
     JOIN "Member" m ON m.id = other."memberId" AND m.role = 'rep' AND m.status = 'active'
     WHERE me.key = $1 AND EXISTS (SELECT 1 FROM "Follow" f WHERE f."memberId" = other."memberId") LIMIT 1`,
    [demo.rep],
  );
  const [pair] = people;
  if (!pair) throw new Error('Nobody can take over.');
  const { rows: contacts } = await pool.query<{ id: string; key: string }>(
    `SELECT c.id, c.key FROM "Follow" f JOIN "Contact" c ON c.id = f."contactId"
     WHERE f."memberId" = $1 AND f.state = 'active'
       AND NOT EXISTS (SELECT 1 FROM "Follow" o WHERE o."contactId" = c.id AND o."memberId" = $2) ORDER BY c.key LIMIT 40`,
    [pair.from, pair.to],
  );
  return { ...pair, contacts };
}

async function untilSettled(pool: pg.Pool, office: Office): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    await office.decideWhatIsOpen();
    const { rows } = await pool.query<{ open: number }>(
      `SELECT (SELECT count(*)::int FROM "Approval" WHERE state = 'pending' OR "effectState" = 'waiting')
         + (SELECT count(*)::int FROM "ApprovalCard" WHERE state IN ('owed', 'sending') OR "shownFace" <> "wantedFace")
         + (SELECT count(*)::int FROM "InboundEvent" WHERE state = 'waiting')
         + (SELECT count(*)::int FROM "Handover" WHERE state IN ('asked', 'running'))
         + (SELECT count(*)::int FROM "Notice" WHERE state = 'waiting') AS open`,
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
