import { describe, expect, test } from 'vitest';
import type { Contact, Member } from '#prisma/client/client.ts';
import { insertMessages } from '#server/conversation/conversation-store.ts';
import type { MessageView } from '#server/conversation/conversation-api.ts';
import { makeContact, makeDepartment, makeFollow, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld({ platforms: [new FakePlatform('wecom')] });
const http = useHttp(world);

async function store(contact: Contact, member: Member, texts: string[], step = 60_000): Promise<void> {
  const { deps } = world;
  await insertMessages(
    deps.db,
    deps.cipher,
    'wecom:archive',
    texts.map((text, n) => ({
      contactId: contact.id,
      memberId: member.id,
      key: `${contact.key}-${member.id}-${n}`,
      sender: n % 2 === 0 ? ('contact' as const) : ('member' as const),
      at: new Date(Date.UTC(2026, 1, 28, 2) + n * step),
      kind: 'text' as const,
      text,
      media: null,
    })),
  );
}

type Page = { items: MessageView[]; nextBefore: string | null };
async function page(as: string, query: Record<string, string>): Promise<Page> {
  const { body } = await http.ask('GET', `/api/conversations/messages?${new URLSearchParams(query)}`, { as });
  return body as Page;
}
const texts = ({ items }: Page) => items.map(({ text }) => text);

describe('messages', () => {
  test('are paged from the newest back to the first, none twice and none left out', async () => {
    const rep = await makeMember(world.deps);
    const contact = await makeContact(world.deps, { followedBy: [rep] });
    const all = Array.from({ length: 23 }, (_, n) => `第 ${n} 条`);
    await store(contact, rep, all);
    const as = await openSession(world.deps, rep);
    const read: string[] = [];
    let before: string | null = null;
    do {
      const got: Page = await page(as, { contactId: contact.id, limit: '5', ...(before ? { before } : {}) });
      read.push(...texts(got));
      before = got.nextBefore;
    } while (before);
    expect(read).toEqual(all.toReversed());
  });

  test('of one moment are never parted by a page', async () => {
    const rep = await makeMember(world.deps);
    const contact = await makeContact(world.deps, { followedBy: [rep] });
    await store(contact, rep, ['一', '二', '三', '四'], 0);
    const as = await openSession(world.deps, rep);
    const got = await page(as, { contactId: contact.id, limit: '2' });
    expect(texts(got).sort()).toEqual(['一', '二', '三', '四'].sort());
  });

  test('around a quoted one are shown with it', async () => {
    const rep = await makeMember(world.deps);
    const contact = await makeContact(world.deps, { followedBy: [rep] });
    await store(
      contact,
      rep,
      Array.from({ length: 40 }, (_, n) => String(n)),
    );
    const as = await openSession(world.deps, rep);
    const { items } = await page(as, { contactId: contact.id, limit: '100' });
    const quoted = items.find(({ text }) => text === '20');
    const got = await page(as, { contactId: contact.id, around: quoted?.id ?? '', limit: '6' });
    expect(texts(got)).toEqual(['22', '21', '20', '19', '18', '17']);
    expect(texts(await page(as, { contactId: contact.id, before: got.nextBefore ?? '', limit: '2' }))).toEqual([
      '16',
      '15',
    ]);
  });

  test('of a colleague outside the scope are not shown, nor is a contact of theirs known to exist', async () => {
    const department = await makeDepartment(world.deps);
    const [rep, colleague] = [
      await makeMember(world.deps, { departments: [department] }),
      await makeMember(world.deps, { departments: [department] }),
    ];
    const manager = await makeMember(world.deps, { departments: [department], role: 'manager' });
    const shared = await makeContact(world.deps, { followedBy: [rep, colleague] });
    const theirs = await makeContact(world.deps, { followedBy: [colleague] });
    await store(shared, rep, ['我的']);
    await store(shared, colleague, ['同事的']);
    await store(theirs, colleague, ['别人的']);
    const as = await openSession(world.deps, rep);
    expect(texts(await page(as, { contactId: shared.id }))).toEqual(['我的']);
    expect(await http.ask('GET', `/api/conversations/messages?contactId=${theirs.id}`, { as })).toMatchObject({
      status: 404,
      code: 'contact.unknown',
    });
    expect(await world.deps.db.auditEntry.count({ where: { action: 'conversation.read' } })).toBe(0);

    const asManager = await openSession(world.deps, manager);
    expect(texts(await page(asManager, { contactId: shared.id })).sort()).toEqual(['同事的', '我的'].sort());
    expect(await world.deps.db.auditEntry.findMany({ where: { action: 'conversation.read' } })).toMatchObject([
      { memberId: manager.id, subject: `contact:${shared.id}` },
    ]);
  });

  test('that were recalled say only that they were', async () => {
    const rep = await makeMember(world.deps);
    const contact = await makeContact(world.deps, { followedBy: [rep] });
    await store(contact, rep, ['发错了']);
    await world.deps.db.message.updateMany({ data: { recalledAt: world.deps.now() } });
    const got = await page(await openSession(world.deps, rep), { contactId: contact.id });
    expect(got.items).toMatchObject([{ text: '', media: null, recalledAt: world.deps.now().toISOString() }]);
  });
});

describe('a pasted chat', () => {
  const text = '陈女士 2026/2/28 10:02:11\n报价多少？\n\n王磊 2026/2/28 10:03:00\n稍等\n';

  async function setUp() {
    const rep = await makeMember(world.deps, { name: '王磊' });
    const contact = await makeContact(world.deps, { name: '陈静' });
    await makeFollow(world.deps, contact, rep, { remark: '陈女士' });
    const as = await openSession(world.deps, rep);
    const paste = (pasted: string, contactId = contact.id) =>
      http.ask('POST', '/api/conversations/paste', { as, body: { contactId, text: pasted } });
    return { rep, contact, as, paste };
  }

  test('is told apart by remark and own name, and summarised', async () => {
    const { contact, as, paste } = await setUp();
    expect(await paste(text)).toMatchObject({ status: 201, body: { added: 2, known: 0 } });
    expect((await page(as, { contactId: contact.id })).items).toMatchObject([
      { sender: 'member', text: '稍等', at: '2026-02-28T02:03:00.000Z' },
      { sender: 'contact', text: '报价多少？', at: '2026-02-28T02:02:11.000Z' },
    ]);
    expect(world.jobs.waiting.map(({ name }) => name)).toEqual(['summarise-conversation', 'score-contact']);
  });

  test('adds nothing when it is pasted again, and only the rest when it has grown', async () => {
    const { paste } = await setUp();
    await paste(text);
    expect(await paste(text)).toMatchObject({ body: { added: 0, known: 2 } });
    expect(await paste(`${text}陈女士 2026/2/28 10:04:00\n好的`)).toMatchObject({ body: { added: 1, known: 2 } });
    const undated = '陈女士：好的\n王磊：好的\n陈女士：好的';
    expect(await paste(undated)).toMatchObject({ body: { added: 3, known: 0 } });
    world.clock.advance(20 * 3_600_000);
    expect(await paste(undated)).toMatchObject({ body: { added: 0, known: 3 } });
  });

  test('adds nothing that came from the archive already', async () => {
    const { rep, contact, paste } = await setUp();
    const { deps } = world;
    await insertMessages(deps.db, deps.cipher, 'wecom:archive', [
      {
        contactId: contact.id,
        memberId: rep.id,
        key: 'archived',
        sender: 'contact',
        at: new Date('2026-02-28T02:02:11.734Z'),
        kind: 'text',
        text: '报价多少？',
        media: null,
      },
    ]);
    expect(await paste(text)).toMatchObject({ body: { added: 1, known: 1 } });
  });

  test('is refused for a contact outside the scope, and where an admin has switched pasting off', async () => {
    const { paste } = await setUp();
    const other = await makeContact(world.deps);
    expect(await paste(text, other.id)).toMatchObject({ status: 404, code: 'contact.unknown' });
    const asAdmin = await openSession(world.deps, await makeMember(world.deps, { role: 'admin' }));
    const off = await http.ask('PATCH', '/api/chat-sources/wecom:paste', { as: asAdmin, body: { enabled: false } });
    expect(off).toMatchObject({ status: 200, body: { enabled: false, modelAllowed: false } });
    expect(await paste(text)).toMatchObject({ status: 403, code: 'conversation.paste_off' });
    expect(await paste('')).toMatchObject({ status: 400 });
  });
});

describe('chat sources', () => {
  test('are listed and changed by admins alone, and no model may read one from the start', async () => {
    const asAdmin = await openSession(world.deps, await makeMember(world.deps, { role: 'admin' }));
    const asRep = await openSession(world.deps, await makeMember(world.deps));
    expect(await http.ask('GET', '/api/chat-sources', { as: asAdmin })).toMatchObject({
      status: 200,
      body: {
        items: [
          { id: 'wecom:archive', kind: 'archive', enabled: true, modelAllowed: false, gaps: 0, lost: 0 },
          { id: 'wecom:paste', kind: 'paste', enabled: true, modelAllowed: false },
        ],
      },
    });
    expect(await http.ask('GET', '/api/chat-sources', { as: asRep })).toMatchObject({ status: 403 });
    const change = { as: asAdmin, body: { modelAllowed: true } };
    expect(await http.ask('PATCH', '/api/chat-sources/other:paste', change)).toMatchObject({
      status: 404,
      code: 'chat_source.unknown',
    });
  });
});
