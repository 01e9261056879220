import pg from 'pg';
import { openDatabase } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { makeFieldCipher, sealJson } from '#server/base/field-cipher.ts';
import { insertBinding } from '#server/binding/binding-store.ts';
import { insertMessages } from '#server/conversation/conversation-store.ts';
import { hashSessionToken } from '#server/member/session.ts';
import { subjectOf } from '#server/opportunity/opportunity.ts';
import { insertOpportunity } from '#server/opportunity/opportunity-store.ts';
import { insertScore } from '#server/scoring/scoring-store.ts';
import { insertSummary } from '#server/summary/summary-store.ts';
import { insertTask } from '#server/task/task-store.ts';
import { makeContact, makeCustomer, makeMember, openSession } from '#tests/support/factories.ts';
import { KeepAlive, wireOf } from '#tests/support/keep-alive.ts';
import { sessionSecret, type Stage } from './stage.ts';
import { quantileOf, timed, type Line } from './table.ts';

const CONTACTS = 200;
const MESSAGES_EACH = 20;
const CUSTOMERS = 20_000;
const REQUESTS = 400;

/** One rep opens one chat after the other; the same records read by hand, in turns. */
export async function measureSidebar(stage: Stage): Promise<Line[]> {
  const { token, contacts } = await fill(stage.databaseUrl);
  const product = await stage.startProduct();
  const http = await KeepAlive.open(product.port);
  const client = new pg.Client({ connectionString: stage.databaseUrl });
  await client.connect();
  const [api, raw]: [number[], number[]] = [[], []];
  for (let n = 0; n < REQUESTS + 50; n++) {
    const key = contacts[n % contacts.length] ?? '';
    const target = `/api/sidebar?platform=wecom&contact=${key}`;
    const apiMs = await timed(async () => {
      const { status, body } = await http.ask(wireOf('GET', target, '', { Cookie: `zhike_session=${token}` }));
      if (status !== 200) throw new Error(`The sidebar answered ${status}: ${body}`);
    });
    const rawMs = await timed(() => readByHand(client, token, key));
    if (n < 50) continue;
    api.push(apiMs);
    raw.push(rawMs);
  }
  http.close();
  await client.end();
  await product.stop();
  const [apiP95, rawP95] = [quantileOf(api, 0.95), quantileOf(raw, 0.95)];
  return [
    { what: 'sidebar API, p50', value: `${quantileOf(api, 0.5).toFixed(1)} ms` },
    { what: 'sidebar API, p95', value: `${apiP95.toFixed(1)} ms` },
    { what: 'sidebar by hand in SQL, p95', value: `${rawP95.toFixed(1)} ms` },
    { what: 'sidebar, ratio of the two', value: (apiP95 / rawP95).toFixed(1) },
  ];
}

/** Contacts with all a sidebar shows, among more customers than a rep will ever see. */
async function fill(databaseUrl: string): Promise<{ token: string; contacts: string[] }> {
  const database = openDatabase(databaseUrl, () => {});
  const { db, pool } = database;
  const cipher = makeFieldCipher(sessionSecret);
  const now = new Date();
  const deps = { db, pool, cipher, now: () => now } as Deps;
  await pool.query(
    `INSERT INTO "Customer" (id, kind, name, "nameCore", "createdAt", "updatedAt")
     SELECT gen_random_uuid(), 'organisation', '公司' || n, '公司' || n, now(), now() FROM generate_series(1, $1::int) n`,
    [CUSTOMERS],
  );
  const rep = await makeMember(deps, { name: '林晓' });
  const token = await openSession(deps, rep);
  const contacts: string[] = [];
  for (let n = 0; n < CONTACTS; n++) {
    const contact = await makeContact(deps, { key: `wmBench${n}`, corpName: `公司${n}`, followedBy: [rep] });
    const customer = await makeCustomer(deps, { owner: rep });
    await insertBinding(db, {
      contactId: contact.id,
      customerId: customer.id,
      role: 'other',
      reasons: [],
      madeBy: rep.id,
      madeAt: now,
    });
    const about = { contactId: contact.id, memberId: rep.id, kind: 'text', media: null } as const;
    const said = Array.from({ length: MESSAGES_EACH }, (_, at) => ({
      ...about,
      key: `said-${n}-${at}`,
      sender: at % 2 ? ('member' as const) : ('contact' as const),
      at: new Date(now.getTime() - (MESSAGES_EACH - at) * 60_000),
      text: '我们想在下个月上线，预算二十万左右，周五前给我报价',
    }));
    await insertMessages(db, cipher, 'bench', said);
    const messages = await db.message.findMany({
      where: { conversation: { contactId: contact.id } },
      orderBy: { at: 'asc' },
    });
    const quotes = messages
      .slice(0, 3)
      .map(({ id, at }) => ({ messageId: id, quote: '预算二十万', at: at.toISOString() }));
    await insertSummary(db, cipher, {
      conversationId: messages[0]?.conversationId ?? '',
      at: now,
      statements: (['need', 'budget', 'promise', 'next_step'] as const).map((kind) => ({
        kind,
        text: '下个月上线',
        quotes,
      })),
      signals: [],
      suggestedTags: [],
      replyDraft: '好的，周五前给您报价。',
      upToMessageId: messages.at(-1)?.id ?? null,
      messageCount: messages.length,
      droppedCount: 0,
      runId: null,
      promptVersion: 'bench',
    });
    const factors = [{ key: 'bound', points: 60, text: '已绑定客户档案', pointer: { field: 'binding' } }];
    for (const days of [10, 0]) {
      const at = new Date(now.getTime() - days * 86_400_000);
      await insertScore(db, cipher, { contactId: contact.id, at, value: 60, factors, method: 'bench' }, null);
    }
    await insertTask(db, cipher, taskOf(contact.id, rep.id, now));
    await sell(deps, { customerId: customer.id, contactId: contact.id, ownerId: rep.id }, now);
    contacts.push(contact.key);
  }
  await pool.query('ANALYZE');
  await database.close();
  return { token, contacts };
}

/** One sale, and a request about it that was decided. */
async function sell(
  { db, cipher }: Deps,
  about: { customerId: string; contactId: string; ownerId: string },
  now: Date,
): Promise<void> {
  const { id } = await insertOpportunity(db, cipher, {
    ...about,
    title: '50 人版',
    amountFen: 1_280_000,
    expectedOn: null,
    facts: { need: '50 人版', budget: null, decisionMaker: null, terms: null },
    createdBy: about.ownerId,
    createdAt: now,
    updatedAt: now,
  });
  await db.approval.create({
    data: {
      kind: 'discount',
      state: 'approved',
      requesterId: about.ownerId,
      customerId: about.customerId,
      subject: subjectOf(id),
      title: cipher.encrypt('50 人版'),
      reason: cipher.encrypt('老客户'),
      content: sealJson(cipher, { opportunityId: id, discountBp: 500, discountBpBefore: 0 }),
      measure: 5,
      amountFen: 1_280_000n,
      risk: 'low',
      levels: [],
      effectState: 'done',
    },
  });
}

function taskOf(contactId: string, assigneeId: string, dueAt: Date): Parameters<typeof insertTask>[2] {
  return {
    title: '发报价',
    state: 'open',
    contactId,
    customerId: null,
    assigneeId,
    createdBy: assigneeId,
    dueAt,
    remindAt: null,
    quote: null,
    messageId: null,
    createdAt: dueAt,
  };
}

/** What the sidebar shows, as somebody would read it who writes each statement for it and decrypts nothing. */
async function readByHand(client: pg.Client, token: string, key: string): Promise<void> {
  const ask = (name: string, text: string, values: unknown[]) =>
    client.query<Record<string, string>>({ name, text, values });
  const session = await ask(
    'session',
    `SELECT m.* FROM "Session" s JOIN "Member" m ON m.id = s."memberId" WHERE s."tokenHash" = $1 AND s."expiresAt" > now()`,
    [hashSessionToken(token)],
  );
  const memberId = session.rows[0]?.['id'];
  const contact = await ask('contact', `SELECT * FROM "Contact" WHERE platform = 'wecom' AND key = $1`, [key]);
  const id = contact.rows[0]?.['id'];
  await ask(
    'follows',
    `SELECT f.*, m.name FROM "Follow" f JOIN "Member" m ON m.id = f."memberId" WHERE f."contactId" = $1`,
    [id],
  );
  await ask(
    'tags',
    `SELECT t.* FROM "FollowTag" ft JOIN "Tag" t ON t.id = ft."tagId" JOIN "Follow" f ON f.id = ft."followId" WHERE f."contactId" = $1 AND f."memberId" = $2`,
    [id, memberId],
  );
  await ask(
    'bindings',
    `SELECT b.*, c.* FROM "Binding" b JOIN "Customer" c ON c.id = b."customerId" WHERE b."contactId" = $1`,
    [id],
  );
  await ask('scores', `SELECT * FROM "Score" WHERE "contactId" = $1 ORDER BY at DESC LIMIT 2`, [id]);
  const summary = await ask(
    'summary',
    `SELECT s.*, c.id AS chat FROM "Conversation" c LEFT JOIN "Summary" s ON s."conversationId" = c.id WHERE c."contactId" = $1 AND c."memberId" = $2 ORDER BY s.at DESC LIMIT 1`,
    [id, memberId],
  );
  await ask('messages', `SELECT * FROM "Message" WHERE "conversationId" = $1 ORDER BY at DESC LIMIT 4`, [
    summary.rows[0]?.['chat'],
  ]);
  await ask('tasks', `SELECT * FROM "Task" WHERE "contactId" = $1 AND state IN ('open', 'proposed') ORDER BY "dueAt"`, [
    id,
  ]);
  const sales = await ask(
    'sales',
    `SELECT o.*, c.name AS customer, m.name AS owner FROM "Opportunity" o JOIN "Customer" c ON c.id = o."customerId" JOIN "Member" m ON m.id = o."ownerId" JOIN "Binding" b ON b."customerId" = o."customerId" WHERE b."contactId" = $1 AND o.stage NOT IN ('won', 'lost') ORDER BY o."createdAt" DESC`,
    [id],
  );
  await ask(
    'requests',
    `SELECT DISTINCT ON (a.subject) a.*, s."memberId" FROM "Approval" a LEFT JOIN "ApprovalSeat" s ON s."approvalId" = a.id WHERE a.subject = ANY($1) ORDER BY a.subject, a."createdAt" DESC`,
    [sales.rows.map((sale) => `opportunity:${sale['id']}`)],
  );
  await ask('draft', `SELECT * FROM "ReplyDraft" WHERE "memberId" = $1 AND "contactId" = $2`, [memberId, id]);
}
