import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { findChampionMethod, readModel } from '#server/scoring/model-store.ts';
import { readWork } from '#server/scoring/work-store.ts';
import { startDouble } from '#tests/bot/wecom-double.ts';
import { cloneDatabase } from '#tests/support/database.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { freePort, startProduct, type Product } from '#tests/support/product.ts';
import { seededRandom, type Random } from '#tests/support/random.ts';
import { definedOf } from './kills.ts';
import { Scorers } from './scorers.ts';

const KILLS = Number(process.env['KILLS'] ?? 24);
/** Of everybody, two blocks are made (server/scoring/rescore-contacts.ts). */
const SALES = 400;
const SILENT = 4600;
const SETTLE_MS_MAX = 480_000;
const SECRET = 'a secret of the crash test, 32 characters';

test(`killed ${KILLS} times while it learns, scores anew, forgets and watches, everybody has one newest score, of the champion, and nothing is told twice`, async () => {
  const random = seededRandom();
  console.log(`crash: SEED=${random.seed}`);
  const database = await cloneDatabase();
  const double = await startDouble();
  const company = await Scorers.enter(random, database.url, SECRET);
  const port = await freePort();
  const dataDir = freshFolder();
  const start = () =>
    startProduct({
      ...definedOf(double.env),
      WECOM_ARCHIVE_SECRET: '',
      WECOM_ARCHIVE_PRIVATE_KEYS: '',
      WECOM_ARCHIVE_SDK: '',
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      SESSION_SECRET: SECRET,
      PORT: String(port),
      LOG_LEVEL: 'error',
    });
  let survivor: Product | null = null;
  try {
    await company.settle({ sales: SALES, silent: SILENT });
    const told = await answerAs(double, company);
    await company.deps.jobs.add('train-scoring', { target: 'lead', asked: true });
    const working = company.work();
    const lost = { learning: 0, rescoring: 0, forgetting: 0 };
    for (let kills = 0; kills < KILLS; kills++) {
      await killLater(random, start(), company);
      const work = await readWork(company.deps.db, 'lead');
      if (work.trainState === 'running') lost.learning++;
      if (work.rescoreRunning || work.rescoreAfter !== null) lost.rescoring++;
      if (work.forgetAfter !== null) lost.forgetting++;
      await checkModels(company);
    }
    survivor = start();
    await survivor.says(/Zhike is running/);
    company.end();
    await working;
    await company.setModelOn();
    const settledMs = await untilSettled(company, told);

    const { pool } = company.deps;
    const champion = await findChampionMethod(company.deps.db, 'lead');
    const models = await checkModels(company);
    const { rows: alerts } = await pool.query<{ contactId: string; count: number }>(
      'SELECT "contactId", count(*)::int AS count FROM "ChurnAlert" GROUP BY 1',
    );
    console.log(
      `crash: killed while learning ${lost.learning} times, while rescoring ${lost.rescoring}, while forgetting ${lost.forgetting}; ` +
        `${models} models, ${company.asked} things asked for, ${company.gone.size} contacts left, ${alerts.length} alerts, ` +
        `settled ${(settledMs / 1000).toFixed(1)} s after the last start`,
    );
    const { rows: newest } = await pool.query<{ method: string | null; ties: number; contacts: number }>(
      `SELECT l.method, l.ties, count(*)::int AS contacts FROM "Contact" c LEFT JOIN LATERAL (
         SELECT s.method, (SELECT count(*)::int FROM "Score" t WHERE t."contactId" = c.id AND t.at = s.at) AS ties
         FROM "Score" s WHERE s."contactId" = c.id ORDER BY s.at DESC, s.id DESC LIMIT 1) l ON TRUE GROUP BY 1, 2`,
    );
    expect(newest, 'each contact has one newest score, of the champion').toEqual([
      { method: champion?.method, ties: 1, contacts: SALES + SILENT },
    ]);
    const { rows: twice } = await pool.query(
      `SELECT "contactId", at, method, value FROM (
         SELECT *, lag(method) OVER w AS "methodBefore", lag(value) OVER w AS "valueBefore", lag(vector) OVER w AS "vectorBefore"
         FROM "Score" WHERE "modelId" IS NOT NULL WINDOW w AS (PARTITION BY "contactId", "modelId" ORDER BY at, id)) s
       WHERE method = "methodBefore" AND value = "valueBefore" AND vector = "vectorBefore"
         AND NOT EXISTS (SELECT 1 FROM "Score" r WHERE r."contactId" = s."contactId" AND r.at < s.at AND r.method <> s.method
           AND r.at > (SELECT max(p.at) FROM "Score" p WHERE p."contactId" = s."contactId" AND p.method = s.method AND p.at < s.at))
       LIMIT 5`,
    );
    expect(twice, 'no score was written twice').toEqual([]);
    const { rows: old } = await pool.query<{ days: number; contacts: number }>(
      `SELECT round(extract(epoch FROM now() - at) / 86400)::int AS days, count(DISTINCT "contactId")::int AS contacts
       FROM "Score" s WHERE at < now() - interval '100 days' AND NOT EXISTS (
         SELECT 1 FROM "Binding" b JOIN "Opportunity" o ON o."customerId" = b."customerId" WHERE b."contactId" = s."contactId")
       GROUP BY 1 ORDER BY 1`,
    );
    expect(
      old.filter(({ days }) => days > 200),
      'what is old is gone, of those with whom there was no sale',
    ).toEqual([]);

    const left = [...company.gone].toSorted();
    expect(
      alerts.filter(({ count }) => count > 1),
      'alerted twice',
    ).toEqual([]);
    const { rows: owed } = await pool.query<{ contactId: string }>(
      `SELECT DISTINCT b."contactId" FROM "Binding" b JOIN "Opportunity" o ON o."customerId" = b."customerId"
       WHERE o.stage = 'won' AND b."contactId" = ANY($1::uuid[])`,
      [left],
    );
    const alerted = new Set(alerts.map(({ contactId }) => contactId));
    expect(
      owed.filter(({ contactId }) => !alerted.has(contactId)),
      'buyers who left are told of',
    ).toEqual([]);
    expect(
      [...told.messages].filter(([, times]) => times > 1),
      'messages sent twice',
    ).toEqual([]);
    expect(lost.learning, 'kills while it learned').toBeGreaterThan(0);
    expect(lost.rescoring + lost.forgetting, 'kills while everybody was gone through').toBeGreaterThan(0);
  } catch (error) {
    console.log(survivor?.output());
    throw error;
  } finally {
    company.end();
    survivor?.process.kill('SIGKILL');
    await survivor?.ended;
    await company.leave();
    await double.close();
    await database.drop();
  }
});

/** Sometimes while it starts, often the moment everybody is gone through, and now and then after it has come to learn. */
async function killLater(random: Random, product: Product, company: Scorers): Promise<void> {
  if (random.chance(0.9)) {
    await product.says(/Zhike is running/);
    if (random.chance(0.5)) await untilUnderWay(company);
    else await sleep(random.below(random.pick([1500, 4000, 4000, 12_000])));
  } else await sleep(random.below(1500));
  expect(product.process.exitCode, `it ended by itself: ${product.output()}`).toBeNull();
  product.process.kill('SIGKILL');
  await product.ended;
}

/** Everybody is being scored anew or gone through for old scores: it is done in a moment, so it is looked at often. */
async function untilUnderWay({ deps }: Scorers): Promise<void> {
  const until = performance.now() + 8000;
  while (performance.now() < until) {
    const { rescoreRunning, rescoreAfter, forgetAfter } = await readWork(deps.db, 'lead');
    if (rescoreRunning || rescoreAfter !== null || forgetAfter !== null) return;
    await sleep(5);
  }
}

interface Told {
  /** What was sent, and how often. */
  messages: Map<string, number>;
}

/** Nobody joins or leaves the company, and no contact is listed: what the test does stands alone. */
async function answerAs(double: Awaited<ReturnType<typeof startDouble>>, { deps }: Scorers): Promise<Told> {
  const ok = { errcode: 0, errmsg: 'ok' };
  const keys = (await deps.db.memberIdentity.findMany()).map(({ key }) => key);
  const user = (userid: string) => ({ userid, name: userid, status: 1, department: [1], is_leader_in_dept: [0] });
  const told: Told = { messages: new Map() };
  double.answer('department/list', { ...ok, department: [{ id: 1, name: 'All', parentid: 0, order: 1 }] });
  double.answer('user/list', { ...ok, userlist: keys.map(user) });
  double.answer('user/get', ({ query }) => ({ ...ok, ...user(query['userid'] ?? '') }));
  double.answer('externalcontact/get_follow_user_list', { ...ok, follow_user: [] });
  double.answer('externalcontact/get_corp_tag_list', { ...ok, tag_group: [] });
  double.answer('message/send', ({ body }) => {
    const { touser, msgtype, [String(msgtype)]: said } = body;
    const message = JSON.stringify([touser, said]);
    told.messages.set(message, (told.messages.get(message) ?? 0) + 1);
    return { ...ok, invaliduser: '' };
  });
  return told;
}

/** Whatever was cut short: one champion at most, and each model whole, decided on, and there for what it scored. */
async function checkModels({ deps }: Scorers): Promise<number> {
  const rows = await deps.db.scoringModel.findMany({ omit: { body: true } });
  expect(rows.filter(({ state }) => state === 'champion').length).toBeLessThanOrEqual(1);
  expect(
    rows.filter(({ decision }) => decision === null),
    'a model that was never decided on',
  ).toEqual([]);
  const loaded = await Promise.all(rows.map(({ id, version }) => readModel(deps.db, id, `lead@${version}`)));
  expect(loaded.filter((model) => model === null)).toEqual([]);
  const { rows: lost } = await deps.pool.query(
    `SELECT 1 FROM "Score" s WHERE s."modelId" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "ScoringModel" m WHERE m.id = s."modelId") LIMIT 1`,
  );
  expect(lost, 'a score of a model that is not there').toEqual([]);
  return rows.length;
}

/** A look at everybody is asked for once, and what was lost with a process is asked for again and again, as the clock does. */
async function untilSettled(company: Scorers, told: Told): Promise<number> {
  const { deps } = company;
  const startedAt = performance.now();
  await company.newNight();
  await company.watch();
  let quiet = 0;
  for (;;) {
    await company.nudge();
    await sleep(4000);
    const work = await readWork(deps.db, 'lead');
    const champion = await findChampionMethod(deps.db, 'lead');
    const { rows: waiting } = await deps.pool.query<{ name: string; count: number }>(
      `SELECT name, count(*)::int AS count FROM jobs.job
       WHERE state IN ('waiting', 'active') AND name IN ('train-scoring', 'watch-health', 'score-contact') GROUP BY 1`,
    );
    const owed = await deps.db.notice.count({ where: { state: { in: ['waiting', 'sending'] } } });
    const isSettled =
      waiting.length === 0 &&
      owed === 0 &&
      work.rescoreAfter === null &&
      !work.rescoreRunning &&
      work.trainState !== 'running' &&
      work.rescoreMethod === champion?.method &&
      work.forgottenAt !== null;
    quiet = isSettled ? quiet + 1 : 0;
    if (quiet === 2) return performance.now() - startedAt;
    if (performance.now() - startedAt > SETTLE_MS_MAX)
      throw new Error(`It does not come to rest: ${JSON.stringify({ work, waiting, owed, told: told.messages.size })}`);
  }
}
