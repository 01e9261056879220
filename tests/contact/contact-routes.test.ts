import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import type { ContactView } from '#server/contact/contact-api.ts';
import { makeContact, makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);

let lin: Member;
let as: string;
let id: string;

beforeEach(async () => {
  platform.reset();
  platform.addTags('意向', '低', '高');
  platform.addTags('阶段', '新');
  platform.addContact('chen', {
    name: '陈女士',
    follows: [{ member: 'lin', remark: '陈总', remarkPhones: ['13800138000'], tagKeys: ['意向/低'] }, 'wang'],
  });
  lin = await makeMember(world.deps, { key: 'lin', name: '林晓' });
  await makeMember(world.deps, { key: 'wang', name: '王磊' });
  as = await openSession(world.deps, lin);
  await tell(world.deps, 'wecom', { kind: 'contact_added', contact: 'chen', member: 'lin', half: false });
  ({ id } = await world.deps.db.contact.findFirstOrThrow({ where: { key: 'chen' } }));
  platform.calls = [];
  world.jobs.clear();
  world.clock.advance(1000);
});

test('the tag library is shown by group, in the order of the platform', async () => {
  const { body } = await http.ask('GET', '/api/tags?platform=wecom', { as });
  const { groups } = body as { groups: { name: string; tags: { name: string }[] }[] };
  expect(groups.map(({ name, tags }) => [name, tags.map((tag) => tag.name)])).toEqual([
    ['意向', ['高', '低']],
    ['阶段', ['新']],
  ]);
});

test('tags are changed on the platform first, then here, and the score is asked for', async () => {
  const answer = await markTags({ add: ['高', '新'], remove: ['低'] });
  expect(answer.status).toBe(200);
  expect(tagsOf(answer.body)).toEqual(['新', '高']);
  expect(platform.called('markTags')).toEqual([
    [
      { contact: 'chen', member: 'lin' },
      { add: ['意向/高', '阶段/新'], remove: ['意向/低'] },
    ],
  ]);
  expect(world.jobs.waiting).toMatchObject([{ name: 'score-contact' }]);
});

test('tags the platform refuses stay as they were', async () => {
  platform.fail('markTags', 'rejected', { code: '40068' });
  expect(await markTags({ add: ['高'], remove: [] })).toMatchObject({
    status: 422,
    code: 'platform.rejected',
    body: { error: { detail: { platformCode: '40068' } } },
  });
  expect(await storedTags()).toEqual(['低']);
  platform.fail('markTags', 'rate_limited');
  expect(await markTags({ add: ['高'], remove: [] })).toMatchObject({ status: 503, code: 'platform.busy' });
  expect(await storedTags()).toEqual(['低']);
});

test('when no answer comes, the platform is asked what became of the tags', async () => {
  platform.loseAnswer('markTags');
  expect(await markTags({ add: ['高'], remove: [] })).toMatchObject({ status: 200 });
  expect(await storedTags()).toEqual(['低', '高']);

  platform.fail('markTags', 'unknown');
  expect(await markTags({ add: ['新'], remove: [] })).toMatchObject({ status: 503, code: 'contact.not_saved' });
  expect(await storedTags()).toEqual(['低', '高']);
  expect(platform.called('markTags')).toHaveLength(2);
});

test('a tag that is not in the library is refused before the platform is asked', async () => {
  const body = { add: ['00000000-0000-4000-8000-000000000000'] };
  expect(await http.ask('POST', `/api/contacts/${id}/tags`, { as, body })).toMatchObject({
    status: 422,
    code: 'tag.unknown',
  });
  expect(platform.calls).toEqual([]);
});

test('a tag that is deleted leaves the library and every contact', async () => {
  platform.tagGroups = platform.tagGroups.filter(({ key }) => key !== '意向');
  await tell(world.deps, 'wecom', { kind: 'tag_changed', action: 'deleted', key: '意向', isGroup: true });
  await world.jobs.drain();
  expect(await storedTags()).toEqual([]);
  expect(await world.deps.db.tag.count({ where: { deletedAt: null } })).toBe(1);
});

test('a remark is changed on the platform first, phones are encrypted and shown masked', async () => {
  const edit = { remark: '陈总 远山', description: '见过两次', corpName: '远山科技', phones: ['+86 139-0013-9000'] };
  const { status, body } = await saveRemark(edit);
  expect(status).toBe(200);
  expect((body as ContactView).follow).toMatchObject({
    remark: '陈总 远山',
    description: '见过两次',
    remarkCorpName: '远山科技',
    remarkPhones: ['139****9000'],
  });
  expect(platform.called('saveRemark')).toEqual([[{ contact: 'chen', member: 'lin' }, edit]]);
  const stored = await world.deps.db.follow.findFirstOrThrow({ where: { memberId: lin.id } });
  expect(stored.phoneHashes).toEqual([world.deps.cipher.hash('13900139000')]);
  expect(stored.remarkPhones).not.toContain('9000');

  await saveRemark({ phones: [], description: '' });
  const after = await world.deps.db.follow.findFirstOrThrow({ where: { memberId: lin.id } });
  expect(after).toMatchObject({ remark: '陈总 远山', description: null, remarkPhones: null, phoneHashes: [] });
});

test('a remark that is too long for the platform, or empty, is refused', async () => {
  platform.capabilities.remarkLengthMax = 5;
  try {
    expect(await saveRemark({ remark: '一二三四五六' })).toMatchObject({
      status: 422,
      code: 'contact.remark_too_long',
    });
  } finally {
    platform.capabilities.remarkLengthMax = 20;
  }
  expect(await saveRemark({ remark: '' })).toMatchObject({ status: 400, code: 'request.invalid' });
  expect(platform.called('saveRemark')).toEqual([]);
});

test('when no answer comes, the platform is asked what became of the remark', async () => {
  platform.loseAnswer('saveRemark');
  expect(await saveRemark({ remark: '新备注', phones: ['139 0013 9000'] })).toMatchObject({ status: 200 });
  platform.fail('saveRemark', 'unknown');
  expect(await saveRemark({ remark: '没写上' })).toMatchObject({ status: 503, code: 'contact.not_saved' });
  expect(await world.deps.db.follow.findFirstOrThrow({ where: { memberId: lin.id } })).toMatchObject({
    remark: '新备注',
  });
});

test('a change made here survives a profile that was asked for before it', async () => {
  const release = platform.hold('getContact');
  const before = structuredClone(platform.contacts.get('chen'));
  const slow = tell(world.deps, 'wecom', { kind: 'contact_edited', contact: 'chen', member: 'lin' });
  await expect.poll(() => platform.called('getContact')).toHaveLength(1);
  world.clock.advance(1000);
  await saveRemark({ remark: '新备注' });
  if (before) platform.contacts.set('chen', before);
  release();
  await slow;
  expect(await world.deps.db.follow.findFirstOrThrow({ where: { memberId: lin.id } })).toMatchObject({
    remark: '新备注',
  });
});

test('phones are read in full only on record', async () => {
  const answer = await http.ask('POST', `/api/contacts/${id}/phones/reveal`, { as, body: {} });
  expect(answer.body).toEqual({ phones: ['13800138000'] });
  const entries = await world.deps.db.auditEntry.findMany();
  expect(entries).toMatchObject([{ memberId: lin.id, action: 'contact.phones.read', subject: `contact:${id}` }]);
  expect(
    JSON.stringify(entries, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ).not.toContain('13800138000');
});

test('only who is connected with a contact changes tags and remark; a manager may look', async () => {
  const admin = await openSession(world.deps, await makeMember(world.deps, { role: 'admin' }));
  const remark = { as: admin, body: { remark: '备注' } };
  expect(await http.ask('PATCH', `/api/contacts/${id}/remark`, remark)).toMatchObject({
    status: 409,
    code: 'contact.not_followed',
  });
  await tell(world.deps, 'wecom', {
    kind: 'contact_removed',
    contact: 'chen',
    member: 'lin',
    by: 'contact',
    transferred: false,
  });
  expect(await saveRemark({ remark: '备注' })).toMatchObject({ status: 409, code: 'contact.not_followed' });
  expect(platform.calls).toEqual([]);
});

test('a contact that was handed over is no longer the former member’s', async () => {
  await tell(world.deps, 'wecom', {
    kind: 'contact_removed',
    contact: 'chen',
    member: 'lin',
    by: 'member',
    transferred: true,
  });
  expect(await saveRemark({ remark: '备注' })).toMatchObject({ status: 404, code: 'contact.unknown' });
});

test('outside the scope a contact is as unknown as one that does not exist', async () => {
  const other = await makeContact(world.deps, { followedBy: [await makeMember(world.deps)] });
  const messages: unknown[] = [];
  for (const contact of [other.id, '00000000-0000-4000-8000-000000000000']) {
    const answer = await http.ask('POST', `/api/contacts/${contact}/phones/reveal`, { as, body: {} });
    expect(answer).toMatchObject({ status: 404, code: 'contact.unknown' });
    messages.push((answer.body as { error: { message: string } }).error.message);
  }
  expect(messages[0]).toBe(messages[1]);
});

async function markTags(change: { add: string[]; remove: string[] }) {
  const tags = await world.deps.db.tag.findMany();
  const ids = (names: string[]) => names.map((name) => tags.find((tag) => tag.name === name)?.id ?? name);
  const body = { add: ids(change.add), remove: ids(change.remove) };
  return http.ask('POST', `/api/contacts/${id}/tags`, { as, body });
}

async function saveRemark(body: Record<string, unknown>) {
  return http.ask('PATCH', `/api/contacts/${id}/remark`, { as, body });
}

function tagsOf(body: unknown): string[] {
  return ((body as ContactView).follow?.tags ?? []).map(({ name }) => name).sort();
}

async function storedTags(): Promise<string[]> {
  const rows = await world.deps.db.followTag.findMany({ include: { tag: true } });
  return rows.map(({ tag }) => tag.name).sort();
}
