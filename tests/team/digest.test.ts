import { beforeEach, describe, expect, test } from 'vitest';
import type { Department, Member } from '#prisma/client/client.ts';
import { saveSetting } from '#server/base/setting.ts';
import { digestDay } from '#server/team/digest.ts';
import { writeDigests } from '#server/team/write-digests.ts';
import { makeContact, makeCustomer, makeDepartment, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const HOUR_MS = 3_600_000;

let east: Department;
let rep: Member;

beforeEach(async () => {
  platform.reset();
  // Wednesday, 09:00 in Shanghai.
  world.clock.set('2026-03-04T01:00:00.000Z');
  east = await makeDepartment(world.deps);
  rep = await member('rep', '张三');
});

async function member(key: string, name: string, more: Parameters<typeof makeMember>[1] = {}): Promise<Member> {
  platform.addMember(key);
  return makeMember(world.deps, { key, name, departments: [east], ...more });
}

async function task(assignee: Member, title: string, hours: number, more: object = {}): Promise<void> {
  const { deps } = world;
  const dueAt = new Date(deps.now().getTime() + hours * HOUR_MS);
  await deps.db.task.create({ data: { title: deps.cipher.encrypt(title), assigneeId: assignee.id, dueAt, ...more } });
}

async function morning(): Promise<{ to: string; text: string; url: string | null }[]> {
  await writeDigests(world.deps);
  await world.jobs.drain();
  return platform.notices;
}

test('each morning a member reads what is late, due, promised and silent', async () => {
  const { deps } = world;
  const contact = await makeContact(deps, { name: '陈女士' });
  await task(rep, '发报价', -20, { contactId: contact.id });
  await task(rep, '寄样品', 5);
  await task(rep, '下周的事', 24 * 6);
  await task(rep, '给方案', 3, { state: 'proposed', quote: 'sealed' });
  for (const name of ['甲公司', '乙公司', '丙公司', '丁公司'])
    await makeCustomer(deps, { name, owner: rep, grade: 'A', createdAt: new Date('2026-01-01') });
  const [digest, ...more] = await morning();
  expect(more).toEqual([]);
  expect(digest?.to).toBe('rep');
  expect(digest?.url).toBe('http://zhike.test/inbox.html#/tasks');
  expect(digest?.text.split('\n')).toEqual([
    '张三，早上好。今天的跟进：',
    '逾期 1 条：发报价（陈女士）',
    '今天到期 1 条：寄样品',
    '答应过 1 条：给方案',
    expect.stringMatching(/^久未联系 4 条：.公司；.公司；.公司等$/),
  ]);
});

test('a manager also reads of the team, and whoever is asked of approvals that wait', async () => {
  const { deps } = world;
  const boss = await member('boss', 'Lee', { role: 'manager' });
  await deps.db.member.update({ where: { id: boss.id }, data: { locale: 'en' } });
  const stranger = await makeMember(deps, { name: '外人', departments: [await makeDepartment(deps)] });
  await task(rep, '一', -1);
  await task(rep, '二', -1);
  await task(stranger, '三', -1);
  const data = {
    kind: 'discount',
    requesterId: rep.id,
    title: 't',
    reason: 'r',
    content: 'c',
    measure: 1,
    risk: 'low',
    levels: [],
  };
  for (const state of ['pending', 'withdrawn'])
    await deps.db.approval.create({
      data: { ...data, state, seats: { create: { level: 0, memberId: boss.id, state: 'open' } } },
    });
  const digests = await morning();
  expect(digests.find(({ to }) => to === 'boss')).toEqual({
    to: 'boss',
    text: 'Good morning Lee, today’s follow-ups:\nApprovals waiting for you: 1\nOverdue in your team (2): 张三 2',
    url: 'http://zhike.test/inbox.html#/team',
  });
});

test('it comes once a day, by however many processes, and not to who has nothing to do', async () => {
  await member('idle', '闲人');
  await task(rep, '发报价', -20);
  await Promise.all(Array.from({ length: 4 }, () => writeDigests(world.deps)));
  await morning();
  await task(await member('late', '晚来'), '发报价', -20);
  world.clock.advance(30 * 60_000);
  expect((await morning()).map(({ to }) => to)).toEqual(['rep']);
  world.clock.advance(24 * HOUR_MS);
  expect((await morning()).map(({ to }) => to).toSorted()).toEqual(['late', 'rep', 'rep']);
});

describe('it comes', () => {
  const setting = { enabled: true, hour: 9 };
  const at = (time: string) => digestDay(setting, new Date(`${time}+08:00`)) !== null;

  test('on working days from its hour on, and not when the morning is over', () => {
    expect(at('2026-03-04T08:59:59')).toBe(false);
    expect(at('2026-03-04T09:00:00')).toBe(true);
    expect(at('2026-03-04T12:59:59')).toBe(true);
    expect(at('2026-03-04T13:00:00')).toBe(false);
    expect(at('2026-03-07T09:00:00')).toBe(false);
    expect(at('2026-03-08T09:00:00')).toBe(false);
    expect(at('2026-03-09T09:00:00')).toBe(true);
  });

  test('at another hour or not at all, as the company likes', async () => {
    await task(rep, '发报价', -20);
    const silentDays = { A: 7, B: 14, C: 30, D: 60 };
    await saveSetting(world.deps.db, 'follow-up', { silentDays, digest: { enabled: false, hour: 9 } }, null);
    expect(await morning()).toEqual([]);
    await saveSetting(world.deps.db, 'follow-up', { silentDays, digest: { enabled: true, hour: 10 } }, null);
    expect(await morning()).toEqual([]);
    world.clock.advance(HOUR_MS);
    expect(await morning()).toHaveLength(1);
  });
});

test('what was said in a chat is at rest only encrypted', async () => {
  await task(rep, '发报价给陈女士', -20);
  await morning();
  expect(JSON.stringify(await world.deps.db.notice.findMany())).not.toContain('陈女士');
});
