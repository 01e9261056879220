import { beforeEach, describe, expect, test } from 'vitest';
import type { Approval } from '#server/approval/approval.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { changeApproval } from '#server/approval/change-approval.ts';
import { ask, answer } from '#server/approval/approval-talk.ts';
import { withdraw } from '#server/approval/approval-end.ts';
import { pressCard } from '#server/approval/press-card.ts';
import { requestApproval } from '#server/approval/request-approval.ts';
import type { RequestDraft } from '#server/approval/request-draft.ts';
import type { EventOf } from '#server/platform/event.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import { discountDraft, makeCompany, type Company } from './company.ts';

const phone = new FakePlatform('wecom');
const world = useWorld({ platforms: [phone] });
let company: Company;
let presses = 0;

beforeEach(async () => {
  phone.reset();
  company = await makeCompany(world);
  for (const { key } of await world.deps.db.memberIdentity.findMany()) phone.addMember(key);
});

async function askFor(draft: RequestDraft = discountDraft()): Promise<Approval> {
  const approval = await requestApproval(world.deps, { memberId: company.rep.id }, draft);
  await world.jobs.drain();
  return approval;
}

const keyOf = async (memberId: string) =>
  (await world.deps.db.memberIdentity.findFirstOrThrow({ where: { memberId } })).key;

async function cardOf(memberId: string) {
  const to = await keyOf(memberId);
  const found = [...phone.cards.values()].find((card) => card.to === to);
  return found?.card;
}

async function pressOf(
  memberId: string,
  about: Partial<EventOf<'card_pressed'>> = {},
): Promise<EventOf<'card_pressed'>> {
  const card = [...phone.cards.values()].at(-1)?.card;
  presses += 1;
  return {
    kind: 'card_pressed',
    card: card?.key ?? '',
    member: await keyOf(memberId),
    action: card?.buttons.find(({ opensPage }) => !opensPage)?.action ?? '',
    values: {},
    messageKey: `press-${presses}`,
    occurredAt: world.deps.now().toISOString(),
    ...about,
  };
}

async function press(event: EventOf<'card_pressed'>): Promise<void> {
  await pressCard(world.deps, 'wecom', event);
  await world.jobs.drain();
}

const stored = async ({ id }: { id: string }) => (await findApproval(world.deps.db, world.deps.cipher, id)) as Approval;
const toldTo = (to: string) => phone.notices.filter((notice) => notice.to === to).map(({ text }) => text);

describe('a press on a card', () => {
  test('of low risk decides, and the card shows it', async () => {
    const approval = await askFor();
    await press(await pressOf(company.leader.id));
    expect(await stored(approval)).toMatchObject({ state: 'approved', decidedBy: company.leader.id });
    expect((await cardOf(company.leader.id))?.verdict).toContain('已同意 · 李经理');
    expect(toldTo(await keyOf(company.rep.id))).toEqual([expect.stringContaining('审批已通过')]);
  });

  test('delivered twice decides once, and nobody is told of an error', async () => {
    const approval = await askFor();
    const event = await pressOf(company.leader.id);
    await press(event);
    await press(event);
    expect(await world.deps.db.approvalHistory.count({ where: { approvalId: approval.id, action: 'approved' } })).toBe(
      1,
    );
    expect(toldTo(await keyOf(company.leader.id))).toEqual([]);
  });

  test('of somebody who is not asked changes nothing, and they are told who is', async () => {
    const approval = await askFor();
    await press(await pressOf(company.stranger.id));
    expect(await stored(approval)).toMatchObject({ state: 'pending' });
    expect(toldTo(await keyOf(company.stranger.id))).toEqual([expect.stringContaining('当前处理人：李经理')]);
  });

  test('of somebody nobody knows changes nothing', async () => {
    const approval = await askFor();
    await press({ ...(await pressOf(company.leader.id)), member: 'made-up' });
    expect(await stored(approval)).toMatchObject({ state: 'pending' });
  });

  test('on a card that is none of ours is let be', async () => {
    await press({ ...(await pressOf(company.leader.id)), card: 'somebody-elses' });
    expect(phone.called('updateCard')).toEqual([]);
  });

  test('that comes after the decision says by whom and when, and the card is shown anew', async () => {
    const approval = await askFor();
    const late = await pressOf(company.leader.id);
    await changeApproval(world.deps, approval.id, (it, now) => withdraw(it, company.rep.id, now));
    await world.jobs.drain();
    phone.calls = [];
    await press(late);
    expect(toldTo(await keyOf(company.leader.id))).toEqual([expect.stringContaining('申请人已撤回')]);
    expect(phone.called('updateCard')).toHaveLength(1);
    expect((await cardOf(company.leader.id))?.verdict).toContain('已撤回');
  });

  test('on an old face does not decide what was changed since: it must be read again', async () => {
    const approval = await askFor();
    const old = await pressOf(company.leader.id);
    await changeApproval(world.deps, approval.id, (it, now) =>
      ask(it, company.leader.id, { question: '毛利？', revision: it.revision }, now),
    );
    await changeApproval(world.deps, approval.id, (it, now) =>
      answer(it, company.rep.id, { text: '41 %', reason: '客户压价' }, now),
    );
    await world.jobs.drain();
    await press(old);
    expect(await stored(approval)).toMatchObject({ state: 'pending', revision: 2 });
    expect(toldTo(await keyOf(company.leader.id)).at(-1)).toContain('请打开重新阅读');
    await press(await pressOf(company.leader.id));
    expect(await stored(approval)).toMatchObject({ state: 'approved' });
  });

  test('of high risk decides nothing, whatever is pressed', async () => {
    const approval = await askFor(discountDraft(25));
    expect((await cardOf(company.leader.id))?.buttons.map(({ opensPage }) => opensPage)).toEqual([true]);
    await press({ ...(await pressOf(company.leader.id)), action: 'approve_1' });
    expect(await stored(approval)).toMatchObject({ state: 'pending', level: 0 });
  });

  test('of a member who left decides nothing', async () => {
    const approval = await askFor();
    const event = await pressOf(company.leader.id);
    await world.deps.db.member.update({ where: { id: company.leader.id }, data: { status: 'left' } });
    await press(event);
    expect(await stored(approval)).toMatchObject({ state: 'pending' });
  });
});
