import pg from 'pg';
import { openDatabase } from '#server/base/database.ts';
import { dayOf, instantOf } from '#server/base/shanghai.ts';
import { countContacts } from '#server/segment/count-store.ts';
import type { SegmentRule } from '#server/segment/segment-api.ts';
import { KeepAlive, wireOf } from '#tests/support/keep-alive.ts';
import { fillMillion } from './million.ts';
import type { Stage } from './stage.ts';
import { quantileOf, timed, type Line } from './table.ts';

const ROUNDS = 25;
const WARM_UP = 3;
const SILENT_DAYS = 30;

/** Keen, in the middle of a sale, silent for a month and to be written to; the same question written by hand, in turns. */
export async function measureSegments(stage: Stage): Promise<Line[]> {
  const { tagIds, tokens } = await fillMillion(stage);
  const keen = tagIds['高意向'] ?? '';
  const rule: SegmentRule = {
    all: [
      { field: 'follow.tag', operator: 'is_any', value: [keen] },
      { field: 'customer.stage', operator: 'is_any', value: ['qualified', 'quoted'] },
      { field: 'chat.last_message', operator: 'not_within_days', value: SILENT_DAYS },
      { field: 'contact.opted_out', operator: 'no' },
    ],
  };
  const database = openDatabase(stage.databaseUrl, () => {}, 2);
  const client = new pg.Client({ connectionString: stage.databaseUrl });
  await client.connect();
  const [ours, raw]: [number[], number[]] = [[], []];
  const counts = new Set<number>();
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const now = new Date();
    const rawMs = await timed(async () => void counts.add(await countByHand(client, keen, now)));
    const oursMs = await timed(async () => void counts.add(await countContacts(database.pool, rule, now)));
    if (round < WARM_UP) continue;
    raw.push(rawMs);
    ours.push(oursMs);
  }
  await client.end();
  await database.close();
  if (counts.size > 1) throw new Error(`One question, several answers: ${[...counts].join(', ')}`);

  const origin = 'https://zhike.test';
  const product = await stage.startProduct({ PUBLIC_URL: origin });
  const http = await KeepAlive.open(product.port);
  const headers = { Cookie: `zhike_session=${tokens.marketing}`, Origin: origin };
  const waterfalls: number[] = [];
  for (let round = 0; round < 8; round++) {
    const request = wireOf('POST', '/api/segments/count', JSON.stringify({ rule }), headers);
    const ms = await timed(async () => {
      const { status, body } = await http.ask(request);
      if (status !== 200) throw new Error(`The count answered ${status}: ${body}`);
    });
    if (round > 0) waterfalls.push(ms);
  }
  http.close();
  await product.stop();

  const [oursP50, rawP50, oursP95] = [quantileOf(ours, 0.5), quantileOf(raw, 0.5), quantileOf(ours, 0.95)];
  const ratio = oursP50 / rawP50;
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  return [
    { what: 'segment of 1,000,000 contacts with 3,000,000 tags, by hand in SQL, p50', value: ms(rawP50) },
    { what: 'segment count, p50', value: ms(oursP50) },
    { what: 'segment count, p95', value: ms(oursP95), aim: '≤ 400 ms', isMet: oursP95 <= 400 },
    { what: 'segment count, ratio of the two p50', value: ratio.toFixed(2), aim: '≤ 1.15', isMet: ratio <= 1.15 },
    { what: 'segment waterfall with samples through HTTP, p50', value: ms(quantileOf(waterfalls, 0.5)) },
  ];
}

/** As somebody who knows these tables would ask. */
async function countByHand(client: pg.Client, tagId: string, now: Date): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM "Contact" c
     WHERE c."optedOutAt" IS NULL
       AND c.id IN (SELECT t."contactId" FROM "FollowTag" t WHERE t."tagId" = $1 AND t.state = 'active')
       AND c.id IN (SELECT b."contactId" FROM "Binding" b JOIN "Customer" u ON u.id = b."customerId" WHERE u.stage IN ('qualified', 'quoted'))
       AND NOT EXISTS (SELECT 1 FROM "Conversation" v WHERE v."contactId" = c.id AND v."lastMessageAt" >= $2)`,
    [tagId, instantOf(dayOf(now) - SILENT_DAYS + 1, 0)],
  );
  return rows[0]?.count ?? 0;
}
