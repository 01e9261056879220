import { beforeEach, describe, expect, test } from 'vitest';
import type { Contact, Member } from '#prisma/client/client.ts';
import { readOptOutWords, wishIn } from '#server/contact/opt-out.ts';
import { pasteConversation } from '#server/conversation/paste-conversation.ts';
import { pullArchive } from '#server/conversation/pull-archive.ts';
import { callerOf, makeContact, makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);
const at = (minute: number) => new Date(Date.UTC(2026, 1, 28, 2, minute));
const pull = () => pullArchive(world.deps, { platform: 'wecom' });

let rep: Member;
let contact: Contact;
beforeEach(async () => {
  platform.reset();
  platform.addMember('rep');
  platform.addContact('wm1', { name: '陈女士', follows: ['rep'] });
  rep = await makeMember(world.deps, { key: 'rep' });
  contact = await makeContact(world.deps, { key: 'wm1', name: '陈女士', followedBy: [rep] });
});

const write = (text: string, minute: number) => platform.archive?.say('wm1', 'rep', text, { at: at(minute) });
const stand = async () => {
  const { optedOutAt, optedOutBy } = await world.deps.db.contact.findUniqueOrThrow({ where: { id: contact.id } });
  return { optedOutAt, optedOutBy };
};
const audits = async () =>
  (
    await world.deps.db.auditEntry.findMany({ where: { subject: `contact:${contact.id}` }, orderBy: { id: 'asc' } })
  ).map(({ action }) => action);
const notices = async () =>
  (await world.deps.db.notice.findMany({ orderBy: { createdAt: 'asc' } })).map(({ memberId, text, path }) => ({
    memberId,
    text: world.deps.cipher.decrypt(text),
    path,
  }));

describe('a contact who writes that they want no more', () => {
  test('is opted out by the message itself, without any model, and whoever follows them is told', async () => {
    const heard: unknown[] = [];
    const stop = world.deps.live.subscribe([`contact.${contact.id}`], (event) => heard.push(event));
    write('退订', 1);
    await pull();
    stop();
    expect(await stand()).toEqual({ optedOutAt: at(1), optedOutBy: 'keyword' });
    expect(await audits()).toEqual(['contact.opted_out']);
    expect(await notices()).toEqual([
      { memberId: rep.id, text: '陈女士 已退订，群发与自动跟进不再触达。', path: '/sidebar.html?contact=wm1' },
    ]);
    expect(heard).toContainEqual({ part: 'contact', contactId: contact.id });
  });

  test('is opted out once however often the archive is read again', async () => {
    write('TD', 1);
    await pull();
    await world.deps.db.chatSource.updateMany({ data: { cursor: '0' } });
    await pull();
    expect(await audits()).toEqual(['contact.opted_out']);
    expect(await notices()).toHaveLength(1);
  });

  test('comes back by a word, and what was said before and comes late does not undo it', async () => {
    write('退订', 1);
    write('重新订阅', 5);
    await pull();
    expect(await stand()).toEqual({ optedOutAt: null, optedOutBy: null });
    write('退订', 3);
    await pull();
    expect(await stand()).toEqual({ optedOutAt: null, optedOutBy: null });
    write('退订', 8);
    await pull();
    expect(await stand()).toEqual({ optedOutAt: at(8), optedOutBy: 'keyword' });
  });

  test('is heard in a chat a member pastes too', async () => {
    await pasteConversation(world.deps, await callerOf(world.deps, rep), {
      contactId: contact.id,
      text: '陈女士 2026-02-28 10:01:00\n退订',
    });
    expect((await stand()).optedOutBy).toBe('keyword');
  });

  test('a member who writes the word, and a sentence that holds it, opt nobody out', async () => {
    platform.archive?.say('rep', 'wm1', '退订', { at: at(1) });
    write('怎么退订？', 2);
    write('退订手机套餐的事', 3);
    await pull();
    expect(await stand()).toEqual({ optedOutAt: null, optedOutBy: null });
    expect(await notices()).toEqual([]);
  });

  test('what was written long ago counts and is no news', async () => {
    platform.archive?.say('wm1', 'rep', '退订', { at: new Date('2025-06-01T00:00:00Z') });
    await pull();
    expect((await stand()).optedOutBy).toBe('keyword');
    expect(await notices()).toEqual([]);
  });
});

test.each([
  ['退订', 'out'],
  [' ｔｄ ', 'out'],
  ['TD。', 'out'],
  ['“取消订阅”！', 'out'],
  ['T', 'out'],
  ['重新订阅', 'back'],
  ['TDD', null],
  ['不要退订', null],
  ['。', null],
  ['', null],
])('%j is heard as %s', async (text, wish) => {
  expect(wishIn(await readOptOutWords(world.deps.db), text)).toBe(wish);
});

describe('a member', () => {
  const ask = (as: string, body: object, id = contact.id) =>
    http.ask('POST', `/api/contacts/${id}/opt-out`, { as, body });

  test('opts a contact of theirs out with a reason, and in again; they are not told what they did', async () => {
    const as = await openSession(world.deps, rep);
    expect(await ask(as, { optedOut: true, reason: '电话里说的' })).toMatchObject({
      status: 200,
      body: { optedOutAt: world.deps.now().toISOString(), optedOutBy: 'member' },
    });
    await ask(as, { optedOut: true, reason: '' });
    world.clock.advance(1000);
    expect(await ask(as, { optedOut: false, reason: '又想要' })).toMatchObject({
      body: { optedOutAt: null, optedOutBy: null },
    });
    expect(await audits()).toEqual(['contact.opted_out', 'contact.opted_in']);
    expect(await notices()).toEqual([]);
  });

  test('who does not know the contact cannot; marketing can for whoever asked them, and the member is told', async () => {
    const stranger = await openSession(world.deps, await makeMember(world.deps));
    expect(await ask(stranger, { optedOut: true })).toMatchObject({ status: 404, code: 'contact.unknown' });
    const marketing = await openSession(world.deps, await makeMember(world.deps, { role: 'marketing' }));
    expect(await ask(marketing, { optedOut: true })).toMatchObject({ status: 200, body: { optedOutBy: 'api' } });
    expect(await notices()).toHaveLength(1);
  });

  test('the words are the company’s own, and one word says one thing', async () => {
    const as = await openSession(world.deps, await makeMember(world.deps, { role: 'marketing' }));
    const save = (body: object) => http.ask('PUT', '/api/settings/opt-out', { as, body });
    expect(await save({ keywords: ['停'], backKeywords: ['停'] })).toMatchObject({
      status: 400,
      code: 'request.invalid',
    });
    expect(await save({ keywords: ['停'], backKeywords: ['来'] })).toMatchObject({ status: 200 });
    expect(await http.ask('GET', '/api/settings/opt-out', { as })).toMatchObject({
      body: { keywords: ['停'], backKeywords: ['来'] },
    });
    write('退订', 1);
    await pull();
    expect((await stand()).optedOutAt).toBeNull();
    write('停', 2);
    await pull();
    expect((await stand()).optedOutBy).toBe('keyword');
  });
});
