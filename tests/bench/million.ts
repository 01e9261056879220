import pg from 'pg';
import { makeFieldCipher } from '#server/base/field-cipher.ts';
import { newSessionToken } from '#server/member/session.ts';
import { sessionSecret, type Stage } from './stage.ts';

export const CUSTOMERS = 1_000_000;
export const TAGS_GIVEN = 3_000_000;
const REPS = 200;
const DIVISIONS = 2;
const DEPARTMENTS = 10;

export interface Million {
  /** Cookie values of sessions. */
  tokens: { director: string; manager: string; rep: string; marketing: string; admin: string };
  /** Of everyone a director sees, who sees half of the company. */
  directorSees: string[];
  /** By name: 高意向 is on a tenth of the contacts. */
  tagIds: Record<string, string>;
}

/** The id of the n-th row of a kind: known without asking, so that tables can be filled side by side. */
export const idOf = (kind: keyof typeof kinds, n: number): string =>
  `${kinds[kind]}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const kinds = {
  contact: '0c000000',
  customer: '0a000000',
  follow: '0f000000',
  tag: '0b000000',
  member: '0e000000',
  department: '0d000000',
  conversation: '0c0c0000',
  opportunity: '0a0a0000',
};
const id = (kind: keyof typeof kinds, n: string) =>
  `('${kinds[kind]}-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
/** A number 0 to 99 that n always gets, another one for each salt. */
const percent = (n: string, salt: number) => `(hashint8((${n})::bigint * 64 + ${salt}) & 2147483647) % 100`;
/** Owns, follows and binds do not lie beside each other on the disk. */
const shuffled = (n: string) => `((${n})::bigint * 611953 % ${CUSTOMERS} + 1)`;

const tagNames = [
  '高意向',
  '中意向',
  '低意向',
  '价格敏感',
  '老客户',
  '展会',
  '转介绍',
  '官网',
  '重点',
  '沉默',
  ...Array.from({ length: 50 }, (_, n) => `标签${n + 1}`),
];

const filled = new WeakMap<Stage, Promise<Million>>();

/** 1,000,000 customers with all a segment asks of; once a stage, however many measures ask. */
export function fillMillion(stage: Stage): Promise<Million> {
  const known = filled.get(stage) ?? fill(stage.databaseUrl);
  filled.set(stage, known);
  return known;
}

export async function fill(databaseUrl: string): Promise<Million> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const startedAt = performance.now();
    // Foreign keys are true by construction here, and asking them a million times takes longer than all the rest.
    await client.query(
      `SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET work_mem = '128MB'`,
    );
    const tokens = await fillMembers(client);
    const tables = ['Contact', 'Customer', 'Binding', 'Follow', 'FollowTag', 'Conversation', 'Opportunity'];
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `SELECT quote_ident(i.indexname) AS name, i.indexdef AS definition FROM pg_indexes i
       WHERE i.schemaname = 'public' AND i.tablename = ANY($1)
         AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = quote_ident(i.indexname)::regclass)`,
      [tables],
    );
    for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
    for (const statement of statements) await client.query(statement);
    for (const { definition } of indexes) await client.query(definition);
    for (const table of tables) await client.query(`VACUUM (ANALYZE) "${table}"`);
    await client.query('CHECKPOINT');
    console.error(`filled with ${CUSTOMERS} customers in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    const { rows } = await client.query<{ id: string }>(
      `SELECT m.id FROM "Member" m JOIN "DepartmentMember" dm ON dm."memberId" = m.id
       WHERE dm."departmentId" = ANY($1::uuid[])`,
      [[idOf('department', 1), ...departmentsOf(1).map((n) => idOf('department', n))]],
    );
    return {
      tokens,
      directorSees: rows.map((row) => row.id),
      tagIds: Object.fromEntries(tagNames.map((name, n) => [name, idOf('tag', n + 1)])),
    };
  } finally {
    await client.end();
  }
}

/** Division 1 has departments 101 to 105, division 2 106 to 110. */
const departmentsOf = (division: number): number[] =>
  Array.from({ length: DEPARTMENTS / DIVISIONS }, (_, n) => 101 + ((division - 1) * DEPARTMENTS) / DIVISIONS + n);

async function fillMembers(client: pg.Client): Promise<Million['tokens']> {
  const people = {
    rep: { n: 1, department: 101 },
    manager: { n: 1001, department: 101 },
    director: { n: 1002, department: 1 },
    marketing: { n: 1003, department: 1 },
    admin: { n: 1004, department: 2 },
  };
  await client.query(`
    INSERT INTO "Department" (id, platform, key, name, "parentKey")
    SELECT ${id('department', 'n')}, 'wecom', 'bench-' || n, '部门' || n,
      CASE WHEN n > 100 THEN 'bench-' || (n - 101) / ${DEPARTMENTS / DIVISIONS} + 1 END
    FROM (SELECT generate_series(1, ${DIVISIONS}) UNION ALL SELECT generate_series(101, ${100 + DEPARTMENTS})) all_of(n)`);
  await client.query(`
    INSERT INTO "Member" (id, name) SELECT ${id('member', 'n')}, '成员' || n FROM generate_series(1, ${REPS}) n;
    INSERT INTO "MemberIdentity" (platform, key, "memberId")
      SELECT 'wecom', 'bench-' || n, ${id('member', 'n')} FROM generate_series(1, ${REPS}) n;
    INSERT INTO "DepartmentMember" ("departmentId", "memberId")
      SELECT ${id('department', `101 + (n - 1) % ${DEPARTMENTS}`)}, ${id('member', 'n')} FROM generate_series(1, ${REPS}) n`);
  const tokens: [string, string][] = [];
  for (const [role, { n, department }] of Object.entries(people)) {
    const { token, tokenHash } = newSessionToken();
    await client.query('INSERT INTO "Member" (id, name, role) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING', [
      idOf('member', n),
      role,
    ]);
    await client.query('INSERT INTO "DepartmentMember" VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      idOf('department', department),
      idOf('member', n),
    ]);
    await client.query(
      `INSERT INTO "Session" ("tokenHash", "memberId", platform, "expiresAt") VALUES ($1, $2, 'wecom', now() + interval '1 day')`,
      [tokenHash, idOf('member', n)],
    );
    tokens.push([role, token]);
  }
  return Object.fromEntries(tokens) as Million['tokens'];
}

const sealed = makeFieldCipher(sessionSecret).encrypt('年度采购');
const repOf = (n: string) => id('member', `${n} % ${REPS} + 1`);

const statements = [
  `INSERT INTO "Tag" (id, platform, key, name, "groupKey", "groupName")
   SELECT ${id('tag', 'n')}, 'wecom', 'bench-' || n, (ARRAY[${tagNames.map((name) => `'${name}'`).join(',')}])[n],
     'group-' || n / 10, '组' || n / 10 FROM generate_series(1, ${tagNames.length}) n`,

  `INSERT INTO "Contact" (id, platform, key, name, type, gender, "unionKey", "corpName", "createdAt", "syncedAt", "optedOutAt")
   SELECT ${id('contact', 'n')}, 'wecom', 'wmMillion' || n, '联系人' || n,
     CASE WHEN ${percent('n', 1)} < 8 THEN 'colleague' ELSE 'messenger' END, n % 3, 'union' || n,
     CASE WHEN ${percent('n', 2)} < 40 THEN '公司' || n % 50000 END,
     now() - n % 700 * interval '1 day', now(), CASE WHEN ${percent('n', 3)} < 2 THEN now() END
   FROM generate_series(1, ${CUSTOMERS}) n`,

  // In the order of their ids, as a list of customers by their last change is not.
  `INSERT INTO "Customer" (id, kind, name, "nameCore", "sameAs", "regionCode", "industryCode", grade, stage, source, "ownerId", "createdAt", "updatedAt")
   SELECT ${id('customer', 'n')}, CASE WHEN ${percent('n', 4)} < 30 THEN 'person' ELSE 'organisation' END, '客户' || n || '有限公司', '客户' || n,
     'org:million ' || n, (ARRAY['110105', '310115', '330106', '440305', '510107', '320506'])[n % 6 + 1],
     (ARRAY['I65', 'C39', 'F51', 'J66'])[n % 4 + 1], (ARRAY['A', 'B', 'C', 'D', NULL])[${percent('n', 5)} / 20 + 1],
     (ARRAY['new', 'new', 'new', 'contacted', 'contacted', 'contacted', 'qualified', 'quoted', 'won', 'lost'])[${percent('n', 6)} / 10 + 1],
     (ARRAY['展会', '官网', '转介绍', NULL])[n % 4 + 1], ${repOf('n')}, now() - interval '2 years' + n % 700 * interval '1 day',
     now() - ${shuffled('n')} * interval '61 seconds'
   FROM generate_series(1, ${CUSTOMERS}) n`,

  `INSERT INTO "Binding" ("contactId", "customerId", role, reasons)
   SELECT ${id('contact', 'n')}, ${id('customer', shuffled('n'))},
     (ARRAY['decision_maker', 'user', 'buyer', 'other'])[n % 4 + 1], '[]' FROM generate_series(1, ${CUSTOMERS}) n`,

  // Whoever owns the customer follows the contact, mostly; every seventh contact is known to a second rep.
  `INSERT INTO "Follow" (id, "contactId", "memberId", state, "addWay", channel, "addedAt", "changedAt")
   SELECT ${id('follow', 'n')}, ${id('contact', 'n')}, CASE WHEN ${percent('n', 7)} < 90 THEN ${repOf(shuffled('n'))} ELSE ${repOf('n + 7')} END,
     CASE WHEN ${percent('n', 8)} < 92 THEN 'active' WHEN ${percent('n', 8)} < 97 THEN 'removed_by_contact' ELSE 'transferred' END,
     n % 9, CASE WHEN ${percent('n', 9)} < 30 THEN 'channel' || n % 40 END, now() - n % 700 * interval '1 day', now()
   FROM generate_series(1, ${CUSTOMERS}) n`,
  `INSERT INTO "Follow" (id, "contactId", "memberId", state, "addWay", "addedAt", "changedAt")
   SELECT ${id('follow', `${CUSTOMERS} + n`)}, ${id('contact', 'n')}, ${repOf(`${shuffled('n')} + 20`)}, 'active', 3, now() - n % 300 * interval '1 day', now()
   FROM generate_series(1, ${CUSTOMERS}, 7) n ON CONFLICT DO NOTHING`,

  // Three each: one of how keen they are (a tenth are 高意向), one of where from, one of fifty.
  `INSERT INTO "FollowTag" ("followId", "tagId", "contactId", state, at)
   SELECT f.id, tag, f."contactId", f.state, now() - interval '1 day' FROM generate_series(1, ${TAGS_GIVEN / 3}) n
   JOIN "Follow" f ON f.id = ${id('follow', 'n')}
   CROSS JOIN LATERAL (VALUES
     (CASE WHEN ${percent('n', 10)} < 10 THEN ${id('tag', '1')} WHEN ${percent('n', 10)} < 45 THEN ${id('tag', '2')} ELSE ${id('tag', '3')} END),
     (${id('tag', `4 + ${percent('n', 11)} % 7`)}),
     (${id('tag', `11 + ${percent('n', 12)} % 50`)})) given(tag)`,

  // Seven of ten were ever spoken with; one of four of these in the last month.
  `INSERT INTO "Conversation" (id, "contactId", "memberId", "lastMessageAt", "messageCount")
   SELECT ${id('conversation', 'n')}, f."contactId", f."memberId",
     now() - (CASE WHEN ${percent('n', 13)} < 25 THEN ${percent('n', 14)} * 0.3 ELSE 30 + ${percent('n', 14)} * 4 END) * interval '1 day', 12
   FROM generate_series(1, ${CUSTOMERS}) n JOIN "Follow" f ON f.id = ${id('follow', 'n')} WHERE ${percent('n', 15)} < 70`,

  `INSERT INTO "Opportunity" (id, "customerId", "contactId", "ownerId", title, "amountFen", "discountBp", stage, "stageAt", "createdBy", "updatedAt")
   SELECT ${id('opportunity', 'n')}, ${id('customer', 'n * 10')}, NULL, ${repOf('n * 10')}, '${sealed}', n % 1000 * 10000, n % 4 * 500,
     (ARRAY['discovery', 'quoted', 'won', 'lost'])[n % 4 + 1], now() - n % 500 * interval '1 day', ${repOf('n * 10')}, now()
   FROM generate_series(1, ${CUSTOMERS / 10}) n`,
];
