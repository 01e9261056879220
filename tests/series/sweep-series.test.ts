import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Contact, Member } from '#prisma/client/client.ts';
import { archiveChannel } from '#server/channel/save-channel.ts';
import { removeSegment } from '#server/segment/remove-segment.ts';
import { setOptOut } from '#server/contact/opt-out.ts';
import { saveWords } from '#server/material/find-words.ts';
import { createSeries, editSeries, moveSeries } from '#server/series/edit-series.ts';
import { runStep } from '#server/series/run-step.ts';
import type { SeriesEntry, SeriesStep } from '#server/series/series-api.ts';
import { sweepSeries } from '#server/series/sweep-series.ts';
import { changeRun } from '#server/series/change-run.ts';
import { listRuns, runsOfContact } from '#server/series/view-run.ts';
import { callerOf, makeContact, makeFollow, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld({ platforms: [new FakePlatform('wecom')] });
const sweep = () => sweepSeries(world.deps);
/** The world begins on Sunday, 2026-03-01 10:00 in Shanghai. */
const on = (date: string, clock: string) => world.clock.set(`${date}T${clock}:00+08:00`);

let rep: Member;
let marketing: Member;
beforeEach(async () => {
  rep = await makeMember(world.deps, { name: '王明' });
  marketing = await makeMember(world.deps, { role: 'marketing' });
});

const task = (afterDays: number, more: Partial<SeriesStep> = {}): SeriesStep => ({
  afterDays,
  at: '09:30',
  when: 'always',
  action: { kind: 'task', title: `第 ${afterDays} 天回访`, dueInDays: 1 },
  ...more,
});
const notice = (afterDays: number, text = '看看进展'): SeriesStep =>
  task(afterDays, { action: { kind: 'notice', text } });
const message = (afterDays: number, text = '您好，资料看得怎么样了？'): SeriesStep =>
  task(afterDays, { action: { kind: 'message', text, materialId: null } });

/** Everyone of this company. */
async function makeSegment(corpName = '恒泰'): Promise<string> {
  const rule = { field: 'contact.corp_name', operator: 'equals', value: corpName };
  return (await world.deps.db.segment.create({ data: { name: '恒泰的人', rule, ownerId: marketing.id } })).id;
}

async function makeSeries(
  steps: SeriesStep[],
  given: { endOnReply?: boolean; entry?: SeriesEntry } = {},
): Promise<string> {
  const caller = await callerOf(world.deps, marketing);
  const entry = given.entry ?? { kind: 'segment', segmentId: await makeSegment() };
  const { id } = await createSeries(world.deps, caller, {
    name: '新客跟进',
    entry,
    steps,
    endOnReply: given.endOnReply ?? false,
  });
  return id;
}
const moveTo = async (id: string, to: 'running' | 'paused' | 'ended') =>
  moveSeries(world.deps, await callerOf(world.deps, marketing), id, to);

/** Running, and swept once, so that whoever is there now is known. */
async function begin(steps: SeriesStep[], given: { endOnReply?: boolean; entry?: SeriesEntry } = {}): Promise<string> {
  const id = await makeSeries(steps, given);
  await moveTo(id, 'running');
  await sweep();
  return id;
}

const comeIn = async (name = '陈丽华') => makeContact(world.deps, { name, corpName: '恒泰', followedBy: [rep] });
const runs = () => world.deps.db.seriesRun.findMany({ orderBy: { enteredAt: 'asc' } });
const history = async () =>
  (await world.deps.db.seriesStep.findMany({ orderBy: [{ step: 'asc' }] })).map(({ step, result, reason }) => ({
    step,
    result,
    reason,
  }));
const tasks = async () =>
  (await world.deps.db.task.findMany({ orderBy: { createdAt: 'asc' } })).map(({ title, state, assigneeId, dueAt }) => ({
    title: world.deps.cipher.decrypt(title),
    state,
    assigneeId,
    dueAt,
  }));
const notices = async () =>
  (await world.deps.db.notice.findMany({ where: { key: { startsWith: 'series:' } } })).map(({ text }) =>
    world.deps.cipher.decrypt(text),
  );

let said = 0;
async function say(contact: Contact, at = world.deps.now()): Promise<void> {
  const pair = { contactId: contact.id, memberId: rep.id };
  const { id: conversationId } = await world.deps.db.conversation.upsert({
    where: { contactId_memberId: pair },
    create: { ...pair, lastMessageAt: at },
    update: { lastMessageAt: at },
  });
  await world.deps.db.message.create({
    data: { conversationId, sourceId: 'wecom:archive', key: `s-${(said += 1)}`, sender: 'contact', at, kind: 'text' },
  });
}

describe('who comes in', () => {
  test('is found, and whose turn it is gets their step, although another series cannot be looked through', async () => {
    const broken = await begin([task(0)]);
    const { entry } = await world.deps.db.series.findUniqueOrThrow({ where: { id: broken } });
    const rule = { field: 'no.such', operator: 'is_any', value: ['x'] };
    const { segmentId } = entry as { segmentId: string };
    await world.deps.db.segment.update({ where: { id: segmentId }, data: { rule } });
    const whole = await begin([task(0)]);
    await comeIn();
    await sweep();
    expect((await runs()).map(({ seriesId }) => seriesId)).toEqual([whole]);
    expect(await tasks()).toHaveLength(1);
  });

  test('is who came into the segment after the start, once, however often and by how many it is swept', async () => {
    const before = await comeIn('早就在');
    await begin([task(1)]);
    expect(await runs()).toEqual([]);
    const contact = await comeIn();
    await Promise.all([sweep(), sweep()]);
    await sweep();
    expect(await runs()).toMatchObject([
      { contactId: contact.id, memberId: rep.id, state: 'running', step: 0, nextAt: new Date('2026-03-02T01:30:00Z') },
    ]);
    await world.deps.db.contact.update({ where: { id: before.id }, data: { corpName: '别家' } });
    await sweep();
    await world.deps.db.contact.update({ where: { id: before.id }, data: { corpName: '恒泰' } });
    await sweep();
    expect((await runs()).map(({ contactId }) => contactId).toSorted()).toEqual([contact.id, before.id].toSorted());
  });

  test('is looked after by whoever spoke with them last', async () => {
    await begin([task(1)]);
    const other = await makeMember(world.deps);
    const contact = await makeContact(world.deps, { corpName: '恒泰', followedBy: [other, rep] });
    await say(contact);
    await sweep();
    expect(await runs()).toMatchObject([{ memberId: rep.id }]);
  });

  test('is nobody who unsubscribed, and nobody because the rule was changed or the series paused', async () => {
    const id = await begin([task(1)]);
    await makeContact(world.deps, { corpName: '恒泰', followedBy: [rep], optedOutAt: world.deps.now() });
    await sweep();
    await makeContact(world.deps, { corpName: '新华', followedBy: [rep] });
    const rule = { field: 'contact.corp_name', operator: 'is_set' };
    await world.deps.db.segment.updateMany({ data: { rule, version: 2 } });
    await sweep();
    await moveTo(id, 'paused');
    await comeIn();
    await sweep();
    await moveTo(id, 'running');
    await sweep();
    await sweep();
    expect(await runs()).toEqual([]);
    await comeIn();
    await sweep();
    expect(await runs()).toHaveLength(1);
  });

  test('through a channel is who was added by it after the start, and goes to whom they added', async () => {
    const channel = await world.deps.db.channel.create({
      data: { platform: 'wecom', kind: 'code', name: '展会', state: 'c1', duty: {}, createdBy: marketing.id },
    });
    const add = async (at: Date, state = 'c1') => {
      const contact = await makeContact(world.deps);
      await makeFollow(world.deps, contact, rep, { channel: state, channelAt: at });
      return contact;
    };
    await add(new Date('2026-02-28T02:00:00Z'));
    await begin([task(0)], { entry: { kind: 'channel', channelId: channel.id } });
    const addedAt = new Date(world.deps.now().getTime() + 1000);
    world.clock.advance(60_000);
    const contact = await add(addedAt);
    await add(addedAt, 'c2');
    await Promise.all([sweep(), sweep()]);
    await sweep();
    expect(await runs()).toMatchObject([
      { contactId: contact.id, memberId: rep.id, enteredAt: addedAt, state: 'done' },
    ]);
    expect(await tasks()).toHaveLength(1);
  });
});

describe('what a step does', () => {
  test('a task is given to the member, who hears of it; by its time, weekends too', async () => {
    await begin([task(6)]);
    await comeIn();
    await sweep();
    on('2026-03-07', '09:29');
    await sweep();
    expect(await tasks()).toEqual([]);
    on('2026-03-07', '09:30');
    await sweep();
    expect(await tasks()).toEqual([
      { title: '第 6 天回访', state: 'open', assigneeId: rep.id, dueAt: new Date('2026-03-08T10:00:00Z') },
    ]);
    const [given] = await world.deps.db.notice.findMany();
    expect(world.deps.cipher.decrypt(given?.text ?? '')).toContain('自动跟进“新客跟进”交给你一条跟进：第 6 天回访');
  });

  test('a message is proposed and lies ready as a draft; nothing is sent', async () => {
    await begin([message(0)]);
    const contact = await comeIn();
    await sweep();
    expect(await tasks()).toMatchObject([{ title: '发消息：您好，资料看得怎么样了？', state: 'proposed' }]);
    const draft = await world.deps.db.replyDraft.findFirstOrThrow({
      where: { memberId: rep.id, contactId: contact.id },
    });
    expect(world.deps.cipher.decrypt(draft.text)).toBe('您好，资料看得怎么样了？');
  });

  test('a draft the rep is writing stays theirs', async () => {
    await begin([message(0)]);
    const contact = await comeIn();
    const text = world.deps.cipher.encrypt('我自己写的');
    await world.deps.db.replyDraft.create({ data: { memberId: rep.id, contactId: contact.id, text } });
    await sweep();
    const draft = await world.deps.db.replyDraft.findFirstOrThrow();
    expect(world.deps.cipher.decrypt(draft.text)).toBe('我自己写的');
    expect(await tasks()).toHaveLength(1);
  });

  test('a notice goes to the member', async () => {
    await begin([notice(0)]);
    await comeIn();
    await sweep();
    expect(await notices()).toEqual(['自动跟进“新客跟进” · 陈丽华：看看进展']);
    expect(world.jobs.waiting).toContainEqual(expect.objectContaining({ name: 'send-notice' }));
  });

  test('each step once, by however many it is done at once', async () => {
    await begin([task(0), notice(0), message(0)]);
    for (let at = 0; at < 5; at++) await comeIn();
    await Promise.all([sweep(), sweep(), sweep()]);
    await sweep();
    expect(await tasks()).toHaveLength(10);
    expect(await notices()).toHaveLength(5);
    expect(await world.deps.db.seriesStep.count()).toBe(15);
    expect((await runs()).map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => 'done'));
  });

  test('a process that dies while it does a step has done nothing of it, and one that dies after it has done all', async () => {
    await begin([task(1), notice(2)]);
    await comeIn();
    await sweep();
    const [run] = await runs();
    on('2026-03-02', '10:00');
    const dying = { ...world.deps, cipher: { ...world.deps.cipher, hash: vi.fn<() => string>(() => die()) } };
    await expect(runStep(dying, run?.id ?? '')).rejects.toThrow('killed');
    expect([await tasks(), await history()]).toEqual([[], []]);
    expect(await world.deps.db.notice.count()).toBe(0);
    const deaf = { ...world.deps, jobs: { add: async () => die(), addAll: async () => die() } };
    await expect(runStep(deaf, run?.id ?? '')).rejects.toThrow('killed');
    expect(await runStep(world.deps, run?.id ?? '')).toBe(false);
    await sweep();
    expect(await tasks()).toHaveLength(1);
    expect(await history()).toEqual([{ step: 0, result: 'done', reason: null }]);
  });

  test('after a standstill what is overdue is done in order, and what is overdue by more than three days is not', async () => {
    await begin([task(1), task(4), task(5)]);
    await comeIn();
    await sweep();
    on('2026-03-06', '12:00');
    await sweep();
    expect(await history()).toEqual([
      { step: 0, result: 'skipped', reason: 'late' },
      { step: 1, result: 'done', reason: null },
      { step: 2, result: 'done', reason: null },
    ]);
    expect((await tasks()).map(({ title }) => title).toSorted()).toEqual(['第 4 天回访', '第 5 天回访']);
  });
});

describe('who does not go on', () => {
  test('a step for those who did not answer is skipped for who did, and says so', async () => {
    await begin([task(1, { when: 'not_replied' }), task(2, { when: 'not_replied' })]);
    const contact = await comeIn();
    await sweep();
    on('2026-03-01', '20:00');
    await say(contact);
    on('2026-03-02', '10:00');
    await sweep();
    on('2026-03-03', '10:00');
    await sweep();
    expect(await history()).toEqual([
      { step: 0, result: 'skipped', reason: 'replied' },
      { step: 1, result: 'done', reason: null },
    ]);
  });

  test.each([
    {
      because: 'replied',
      happens: async (contact: Contact) => say(contact, new Date(world.deps.now().getTime() + 60_000)),
    },
    {
      because: 'opted_out',
      happens: async (contact: Contact) => {
        const wish = { optedOut: true, reason: '' };
        await setOptOut(world.deps, await callerOf(world.deps, rep), contact.id, wish);
      },
    },
    {
      because: 'removed',
      happens: async (contact: Contact) =>
        world.deps.db.follow.updateMany({ where: { contactId: contact.id }, data: { state: 'removed_by_contact' } }),
    },
  ])('who $because leaves, paused or not', async ({ because, happens }) => {
    await begin([task(1)], { endOnReply: true });
    const contact = await comeIn();
    const aside = await comeIn();
    await sweep();
    const { items } = await listRuns(world.deps, await callerOf(world.deps, rep), (await runs())[0]?.seriesId ?? '', {
      state: undefined,
      after: null,
      limit: 10,
    });
    const other = items.find((run) => run.contact.id === aside.id);
    await changeRun(world.deps, await callerOf(world.deps, rep), other?.id ?? '', 'paused');
    await happens(contact);
    await happens(aside);
    on('2026-03-02', '10:00');
    await sweep();
    expect((await runs()).map(({ state, leftBecause }) => ({ state, leftBecause }))).toEqual([
      { state: 'left', leftBecause: because },
      { state: 'left', leftBecause: because },
    ]);
    expect(await tasks()).toEqual([]);
  });

  test('a contact handed to a colleague goes on with the colleague', async () => {
    await begin([task(1)]);
    const contact = await comeIn();
    await sweep();
    const colleague = await makeMember(world.deps);
    await world.deps.db.follow.updateMany({ where: { contactId: contact.id }, data: { state: 'transferred' } });
    await makeFollow(world.deps, contact, colleague);
    on('2026-03-02', '10:00');
    await sweep();
    expect(await tasks()).toMatchObject([{ assigneeId: colleague.id }]);
  });

  test('of a member who left nothing is done until somebody has taken over', async () => {
    await begin([task(1)]);
    const contact = await comeIn();
    await sweep();
    await world.deps.db.member.update({ where: { id: rep.id }, data: { status: 'left' } });
    on('2026-03-02', '10:00');
    await sweep();
    expect(await tasks()).toEqual([]);
    const colleague = await makeMember(world.deps);
    await world.deps.db.follow.updateMany({ where: { contactId: contact.id }, data: { state: 'transferred' } });
    await makeFollow(world.deps, contact, colleague);
    await sweep();
    expect(await tasks()).toMatchObject([{ assigneeId: colleague.id }]);
  });

  test('a person put aside waits and goes on when let; a paused series does nothing; one that ended lets everybody go', async () => {
    const id = await begin([task(1), task(2)]);
    await comeIn();
    await sweep();
    const [run] = await runs();
    const caller = await callerOf(world.deps, rep);
    await changeRun(world.deps, caller, run?.id ?? '', 'paused');
    on('2026-03-02', '10:00');
    await sweep();
    expect(await tasks()).toEqual([]);
    await changeRun(world.deps, caller, run?.id ?? '', 'running');
    await moveTo(id, 'paused');
    await sweep();
    expect(await tasks()).toEqual([]);
    await moveTo(id, 'running');
    await sweep();
    expect(await tasks()).toHaveLength(1);
    await moveTo(id, 'ended');
    on('2026-03-03', '10:00');
    await sweep();
    expect(await tasks()).toHaveLength(1);
    expect(await runs()).toMatchObject([{ state: 'left', leftBecause: 'ended' }]);
    await expect(changeRun(world.deps, caller, run?.id ?? '', 'running')).rejects.toMatchObject({
      code: 'series_run.over',
    });
  });
});

describe('what is shown and changed', () => {
  test('the way of a contact, with what each step did, to whoever may see the contact and nobody else', async () => {
    const id = await begin([task(1), notice(2)]);
    const contact = await comeIn();
    await sweep();
    on('2026-03-02', '10:00');
    await sweep();
    const [run] = await runsOfContact(world.deps, await callerOf(world.deps, rep), contact.id);
    expect(run).toMatchObject({
      series: { id, name: '新客跟进' },
      contact: { name: '陈丽华' },
      member: { name: '王明' },
      state: 'running',
      step: 1,
      nextAt: '2026-03-03T01:30:00.000Z',
      history: [{ step: 0, result: 'done', reason: null, at: world.deps.now().toISOString() }],
    });
    const stranger = await callerOf(world.deps, await makeMember(world.deps));
    await expect(runsOfContact(world.deps, stranger, contact.id)).rejects.toMatchObject({ code: 'contact.unknown' });
    await expect(changeRun(world.deps, stranger, run?.id ?? '', 'left')).rejects.toMatchObject({
      code: 'series_run.unknown',
    });
    const page = { state: undefined, after: null, limit: 10 };
    expect(await listRuns(world.deps, stranger, id, page)).toEqual({ items: [], nextAfter: null });
  });

  test('a change is for who comes in later', async () => {
    const id = await begin([task(1)]);
    await comeIn();
    await sweep();
    const caller = await callerOf(world.deps, marketing);
    const { version, entry } = await moveTo(id, 'running');
    const change = { name: '改过', entry, steps: [notice(1)], endOnReply: false };
    await editSeries(world.deps, caller, id, { ...change, version });
    await expect(editSeries(world.deps, caller, id, { ...change, version })).rejects.toMatchObject({
      code: 'series.stale',
    });
    await comeIn();
    await sweep();
    on('2026-03-02', '10:00');
    await sweep();
    expect(await tasks()).toHaveLength(1);
    expect(await notices()).toHaveLength(1);
  });

  test.each([
    { name: 'steps out of order', steps: [task(2), task(1)], path: 'body.steps.1.afterDays' },
    {
      name: 'a material that is gone',
      steps: [task(1, { action: { kind: 'message', text: '看', materialId: '00000000-0000-4000-8000-000000000000' } })],
      path: 'body.steps.0.action.materialId',
    },
    { name: 'what may not be said', steps: [message(1, '包治百病')], path: 'body.steps.0.action.text' },
  ])('$name is refused', async ({ steps, path }) => {
    const lists = { forbidden: ['包治百病'], allowed: [] };
    await saveWords(world.deps, await callerOf(world.deps, marketing), lists);
    await expect(makeSeries(steps)).rejects.toMatchObject({
      code: 'request.invalid',
      status: 400,
      detail: { problems: [{ path }] },
    });
  });

  test('a segment that is gone lets nobody in', async () => {
    const id = await makeSeries([task(1)]);
    await world.deps.db.segment.updateMany({ data: { removedAt: world.deps.now() } });
    await expect(moveTo(id, 'running')).rejects.toMatchObject({ code: 'request.invalid' });
  });

  test('a segment or a channel that a series lets people in by cannot be taken away', async () => {
    const caller = await callerOf(world.deps, marketing);
    const id = await begin([task(1)]);
    const { id: segmentId } = await world.deps.db.segment.findFirstOrThrow();
    const shift = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00', memberIds: [rep.id] };
    await expect(removeSegment(world.deps, caller, { id: segmentId })).rejects.toMatchObject({
      code: 'segment.in_use',
    });
    const channel = await world.deps.db.channel.create({
      data: {
        platform: 'wecom',
        kind: 'code',
        name: '展会',
        state: 'c1',
        duty: { shifts: [shift] },
        createdBy: marketing.id,
      },
    });
    const entry = { kind: 'channel' as const, channelId: channel.id };
    const { version } = await moveTo(id, 'paused');
    await editSeries(world.deps, caller, id, { name: '跟进', entry, steps: [task(1)], endOnReply: false, version });
    await removeSegment(world.deps, caller, { id: segmentId });
    await expect(archiveChannel(world.deps, caller, channel.id)).rejects.toMatchObject({ code: 'channel.in_use' });
  });

  test('a colleague of elsewhere cannot change it', async () => {
    const id = await makeSeries([task(1)]);
    const manager = await callerOf(world.deps, await makeMember(world.deps, { role: 'manager' }));
    await expect(moveSeries(world.deps, manager, id, 'running')).rejects.toMatchObject({ code: 'series.not_yours' });
  });
});

function die(): never {
  throw new Error('killed');
}
