import pg from 'pg';
import { hashSessionToken } from '#server/member/session.ts';
import { KeepAlive, wireOf } from '#tests/support/keep-alive.ts';
import { fillMillion } from './million.ts';
import type { Stage } from './stage.ts';
import { quantileOf, timed, type Line } from './table.ts';

const PAGE = 20;
const DEEP_PAGE = 10_000;
const REQUESTS = 300;
const WARM_UP = 30;

/** A director's list of customers, half of the company's 1,000,000: its first page, a page very far down, and by hand. */
export async function measureCustomers(stage: Stage): Promise<Line[]> {
  const { tokens, directorSees } = await fillMillion(stage);
  const client = new pg.Client({ connectionString: stage.databaseUrl });
  await client.connect();
  const last = await rowBefore(client, directorSees, (DEEP_PAGE - 1) * PAGE);
  const after = Buffer.from(`${last.updatedAt.getTime().toString(36)}.${last.id}`).toString('base64url');
  const product = await stage.startProduct();
  const http = await KeepAlive.open(product.port);
  const page = async (query: string) => {
    const headers = { Cookie: `zhike_session=${tokens.director}` };
    const { status, body } = await http.ask(wireOf('GET', `/api/customers?limit=${PAGE}${query}`, '', headers));
    if (status !== 200) throw new Error(`The list answered ${status}: ${body}`);
    return (JSON.parse(body) as { items: { id: string }[] }).items.map(({ id }) => id);
  };
  const deepIds = await page(`&after=${after}`);
  if (deepIds.includes(last.id) || deepIds.length < PAGE) throw new Error('The deep page is not where it should be.');

  const [first, deep, raw]: [number[], number[], number[]] = [[], [], []];
  for (let n = 0; n < REQUESTS + WARM_UP; n++) {
    const firstMs = await timed(async () => void (await page('')));
    const rawMs = await timed(() => listByHand(client, tokens.director));
    const deepMs = await timed(async () => void (await page(`&after=${after}`)));
    if (n < WARM_UP) continue;
    first.push(firstMs);
    raw.push(rawMs);
    deep.push(deepMs);
  }
  http.close();
  await client.end();
  await product.stop();

  const [firstP50, deepP50, rawP50] = [first, deep, raw].map((all) => quantileOf(all, 0.5)) as [number, number, number];
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const [ratio, depth] = [firstP50 / rawP50, deepP50 / firstP50];
  return [
    { what: 'list of 1,000,000 customers in a scope, by hand in SQL, p50', value: ms(rawP50) },
    { what: 'customer list through HTTP, page 1, p50', value: ms(firstP50) },
    { what: 'customer list through HTTP, page 1, p95', value: ms(quantileOf(first, 0.95)) },
    { what: 'customer list through HTTP, page 10,000, p50', value: ms(deepP50) },
    { what: 'customer list, HTTP ÷ by hand, of the p50', value: ratio.toFixed(2), aim: '≤ 3.0', isMet: ratio <= 3 },
    { what: 'customer list, page 10,000 ÷ page 1', value: depth.toFixed(2), aim: '≤ 1.5', isMet: depth <= 1.5 },
  ];
}

const inScope = `(c."ownerId" = ANY($1) OR EXISTS (
  SELECT 1 FROM "Binding" b JOIN "Follow" f ON f."contactId" = b."contactId"
  WHERE b."customerId" = c.id AND f."memberId" = ANY($1) AND f.state IN ('pending', 'active', 'removed_by_contact')))`;

/** The last row of the pages before: where the walk would be after so many rows. */
async function rowBefore(
  client: pg.Client,
  memberIds: string[],
  rows: number,
): Promise<{ id: string; updatedAt: Date }> {
  // All at once, and not row by row as a page is read: nobody waits for minutes to have it measured.
  await client.query(`SET work_mem = '256MB'`);
  const found = await client.query<{ id: string; updatedAt: Date }>(
    `SELECT c.id, c."updatedAt" FROM "Customer" c
     WHERE c."ownerId" = ANY($1) OR c.id IN (SELECT b."customerId" FROM "Binding" b JOIN "Follow" f ON f."contactId" = b."contactId"
       WHERE f."memberId" = ANY($1) AND f.state IN ('pending', 'active', 'removed_by_contact'))
     ORDER BY c."updatedAt" DESC, c.id DESC OFFSET $2 LIMIT 1`,
    [memberIds, rows - 1],
  );
  await client.query('RESET work_mem');
  const [row] = found.rows;
  if (!row) throw new Error(`The director sees fewer than ${rows} customers.`);
  return row;
}

/** Who asks, whose customers they see, and the page: what the route has to find out, with nothing around it. */
async function listByHand(client: pg.Client, token: string): Promise<void> {
  const session = await client.query<{ id: string }>({
    name: 'session',
    text: `SELECT m.* FROM "Session" s JOIN "Member" m ON m.id = s."memberId" WHERE s."tokenHash" = $1 AND s."expiresAt" > now()`,
    values: [hashSessionToken(token)],
  });
  const scope = await client.query<{ memberId: string }>({
    name: 'scope',
    text: `WITH RECURSIVE below AS (
        SELECT d.id, d.platform, d.key FROM "Department" d JOIN "DepartmentMember" dm ON dm."departmentId" = d.id WHERE dm."memberId" = $1
        UNION SELECT d.id, d.platform, d.key FROM "Department" d JOIN below b ON d.platform = b.platform AND d."parentKey" = b.key)
      SELECT DISTINCT dm."memberId" FROM "DepartmentMember" dm JOIN below b ON b.id = dm."departmentId"`,
    values: [session.rows[0]?.id],
  });
  // Unnamed: planned for these members. The plan PostgreSQL keeps for any members takes a hundred times as long.
  const { rows } = await client.query(
    `SELECT c.* FROM "Customer" c WHERE ${inScope} ORDER BY c."updatedAt" DESC, c.id DESC LIMIT ${PAGE}`,
    [scope.rows.map(({ memberId }) => memberId)],
  );
  if (rows.length !== PAGE) throw new Error('The page by hand is not full.');
}
