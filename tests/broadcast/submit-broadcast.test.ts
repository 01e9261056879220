import { beforeEach, describe, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { decideApproval } from '#server/approval/decide-approval.ts';
import { withdrawApproval } from '#server/approval/act-on-approval.ts';
import type { Database } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import type { Broadcast } from '#server/broadcast/broadcast.ts';
import { getBroadcast } from '#server/broadcast/broadcast-store.ts';
import { cancelBroadcast } from '#server/broadcast/cancel-broadcast.ts';
import { checkContent } from '#server/broadcast/check-content.ts';
import { copyBroadcast, editBroadcast, removeBroadcast, startCheck } from '#server/broadcast/edit-broadcast.ts';
import { planBroadcast } from '#server/broadcast/plan-broadcast.ts';
import { submitBroadcast } from '#server/broadcast/submit-broadcast.ts';
import { sweepPlans } from '#server/broadcast/sweep-plans.ts';
import { withdrawBroadcast } from '#server/broadcast/take-back.ts';
import { callerOf, makeContact, makeMaterial, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import {
  decide,
  freeze,
  makeDraft,
  makeMarketing,
  makeSegment,
  planOf,
  runOnly,
  saveRules,
  tested,
  type Marketing,
} from './planning.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
let people: Marketing;
let rep: Member;

beforeEach(async () => {
  const { deps } = world;
  people = await makeMarketing(deps);
  await saveRules(deps, {});
  rep = await makeMember(deps, { name: '小周' });
  for (let n = 0; n < 6; n++) await makeContact(deps, { followedBy: [rep] });
});

const now = (broadcast: Broadcast) => getBroadcast(world.deps.db, broadcast.id);
const touches = () => world.deps.db.contactTouch.count();
const calls = ({ id }: Broadcast, state: string) =>
  world.deps.db.broadcastDelivery.count({ where: { broadcastId: id, state } });
const frozenNow = async (given: Parameters<typeof makeDraft>[2] = {}) =>
  freeze(world.deps, people.marketer, await makeDraft(world.deps, people.marketer, given));

/** Nothing of the freeze is left. */
async function expectDraft(broadcast: Broadcast): Promise<Broadcast> {
  const draft = await now(broadcast);
  expect(draft).toMatchObject({
    state: 'draft',
    contentHash: null,
    recipientHash: null,
    frozenContent: null,
    approvalId: null,
  });
  expect(await touches()).toBe(0);
  expect(await world.deps.db.broadcastDelivery.count({ where: { broadcastId: broadcast.id } })).toBe(0);
  return draft;
}

describe('submitting', () => {
  test('asks whoever decides, with how many people, when, and how it reads', async () => {
    const { deps } = world;
    const sendAt = new Date('2026-03-03T02:00:00Z');
    const frozen = await frozenNow({ sendAt });
    expect(frozen).toMatchObject({ state: 'awaiting_approval', version: 3, planCounts: { target: 6 } });
    const approval = await findApproval(deps.db, deps.cipher, frozen.approvalId ?? '');
    expect(approval).toMatchObject({
      kind: 'broadcast',
      state: 'pending',
      measure: 6,
      title: '春季新品 · 6 人 · 2026-03-03 10:00 发送',
      reason: '换季',
      subject: `broadcast:${frozen.id}`,
      content: {
        broadcastId: frozen.id,
        contentHash: frozen.contentHash,
        recipientHash: frozen.recipientHash,
        text: '您好，这是A',
      },
    });
    expect(await touches()).toBe(6);
    expect(await calls(frozen, 'frozen')).toBe(1);
    expect(await calls(frozen, 'due')).toBe(0);
  });

  test('refuses what was not tested as it is, and says where everything else is wrong', async () => {
    const { deps } = world;
    const draft = await makeDraft(deps, people.marketer, {
      sendAt: new Date('2026-02-01T02:00:00Z'),
      content: {
        variants: [
          { key: 'A', share: 60, content: { text: '{contact}您好{name}', attachments: [] } },
          {
            key: 'B',
            share: 30,
            content: { text: '', attachments: [{ materialId: '00000000-0000-4000-8000-000000000001' }] },
          },
        ],
      },
    });
    await deps.db.broadcast.update({ where: { id: draft.id }, data: { testedHash: null } });
    const refused = submitBroadcast(deps, people.marketer, { id: draft.id, version: draft.version, reason: 'x' });
    const problems = await refused.catch((error: { detail: { problems: { code: string; path: string }[] } }) =>
      error.detail.problems.map(({ code, path }) => `${code} ${path}`),
    );
    expect(problems).toEqual([
      'shares_sum content.variants',
      'variable_unknown content.variants.0.content.text',
      'variable_unknown content.variants.0.content.text',
      'material_missing content.variants.1.content.attachments.0.materialId',
      'send_at_past sendAt',
      'not_tested content',
    ]);
    await expect(refused).rejects.toMatchObject({ code: 'broadcast.checks', status: 400 });
  });

  test('refuses a text that is too long once the name of who sends it stands in it', async () => {
    const { deps } = world;
    const bytesMax = platform.groupSends?.limits.textBytesMax ?? 0;
    const saying = (text: string) => ({
      variants: [{ key: 'A' as const, share: 100, content: { text, attachments: [] } }],
    });
    const codesOf = async (text: string) =>
      (await checkContent(deps, deps.db, { platform: 'wecom', content: saying(text) })).checks.map(({ code }) => code);
    expect(await codesOf('x'.repeat(bytesMax))).toEqual([]);
    expect(await codesOf(`{member}${'x'.repeat(bytesMax - 60)}`)).toEqual([]);
    expect(await codesOf(`{member}${'x'.repeat(bytesMax - 8)}`)).toEqual(['text_too_long']);
  });

  test('refuses a segment nobody is in, and a time nobody wants to be written to, with the next that is allowed', async () => {
    const { deps } = world;
    await saveRules(deps, { quiet: { from: '21:00', to: '09:00' } });
    const segmentId = await makeSegment(deps, { any: [] });
    const draft = await makeDraft(deps, people.marketer, { segmentId, sendAt: new Date('2026-03-03T15:00:00Z') });
    const wish = { id: draft.id, version: draft.version, reason: 'x' };
    await expect(submitBroadcast(deps, people.marketer, wish)).rejects.toMatchObject({
      status: 400,
      detail: {
        problems: [
          { code: 'segment_empty', path: 'audience.segmentId' },
          { code: 'quiet_hours', path: 'sendAt', message: expect.stringContaining('2026-03-04 09:00') },
        ],
      },
    });
  });

  test('leads back to a draft when nobody is left to be sent it, and the numbers stay', async () => {
    const { deps } = world;
    await deps.db.contact.updateMany({ data: { optedOutAt: deps.now() } });
    const draft = await frozenNow();
    expect(draft).toMatchObject({ planning: 'freeze', planError: 'broadcast.nobody_left' });
    expect(draft.planCounts).toMatchObject({ segment: 6, target: 0, excluded: { opted_out: 6 } });
    await expectDraft(draft);
  });

  test('leads back to a draft when nobody can approve it', async () => {
    const { deps } = world;
    await deps.db.member.updateMany({ where: { role: 'director' }, data: { status: 'left' } });
    const draft = await frozenNow();
    expect(draft.planError).toMatch(/^approval\./);
    await expectDraft(draft);
  });

  test('freezes the same hashes twice; another text or another person makes others', async () => {
    const { deps } = world;
    const first = await frozenNow();
    const hashes = [first.contentHash, first.recipientHash];
    const draft = await withdrawBroadcast(deps, people.marketer, { id: first.id, reason: '' });
    const second = await freeze(deps, people.marketer, draft);
    expect([second.contentHash, second.recipientHash]).toEqual(hashes);
    expect(second.approvalId).not.toBe(first.approvalId);
    await makeContact(deps, { followedBy: [rep] });
    const third = await freeze(
      deps,
      people.marketer,
      await withdrawBroadcast(deps, people.marketer, { id: first.id, reason: '' }),
    );
    expect(third.contentHash).toBe(hashes[0]);
    expect(third.recipientHash).not.toBe(hashes[1]);
  });

  test('keeps the materials as they were: another text in the library changes nothing of it', async () => {
    const { deps } = world;
    const link = {
      kind: 'link' as const,
      title: '报价',
      description: '',
      url: 'https://example.com/a',
      pictureUrl: null,
    };
    const material = await makeMaterial(deps, { content: link });
    const content = {
      variants: [
        { key: 'A' as const, share: 100, content: { text: '您好', attachments: [{ materialId: material.id }] } },
      ],
    };
    const frozen = await frozenNow({ content });
    await deps.db.material.update({
      where: { id: material.id },
      data: { content: { ...link, url: 'https://example.com/b' } },
    });
    expect((await now(frozen)).frozenContent?.variants[0]?.attachments).toMatchObject([{ content: link }]);
    expect(await decide(world, frozen, people)).toMatchObject({ state: 'scheduled', contentHash: frozen.contentHash });
  });
});

describe('what is frozen', () => {
  test('is not edited, checked, removed or submitted again', async () => {
    const { deps } = world;
    const { id, version, name, audience, content, sendAt } = await frozenNow();
    const { marketer } = people;
    const refused = { code: 'broadcast.state', status: 409 };
    await expect(editBroadcast(deps, marketer, { id, version, name, audience, content, sendAt })).rejects.toMatchObject(
      refused,
    );
    await expect(startCheck(deps, marketer, id)).rejects.toMatchObject(refused);
    await expect(removeBroadcast(deps, marketer, id)).rejects.toMatchObject(refused);
    await expect(submitBroadcast(deps, marketer, { id, version, reason: 'x' })).rejects.toMatchObject(refused);
  });

  test('leaves once it is approved, and needs a new approval for every change', async () => {
    const { deps } = world;
    const frozen = await frozenNow();
    const scheduled = await decide(world, frozen, people);
    expect(scheduled).toMatchObject({ state: 'scheduled', approvedAt: deps.now() });
    expect(await calls(scheduled, 'due')).toBe(1);
    const draft = await withdrawBroadcast(deps, people.marketer, { id: frozen.id, reason: '改一下' });
    await expectDraft(draft);
    const { id, version, name, audience, sendAt } = draft;
    const content = { variants: [{ key: 'A' as const, share: 100, content: { text: '改了', attachments: [] } }] };
    const edited = await editBroadcast(deps, people.marketer, { id, version, name, audience, content, sendAt });
    await expect(
      submitBroadcast(deps, people.marketer, { id, version: edited.version, reason: 'x' }),
    ).rejects.toMatchObject({ detail: { problems: [{ code: 'not_tested' }] } });
    const again = await freeze(deps, people.marketer, await tested(deps, edited));
    expect(again.state).toBe('awaiting_approval');
    expect(again.approvalId).not.toBe(frozen.approvalId);
    expect(again.contentHash).not.toBe(frozen.contentHash);
  });

  test.each([
    [
      'who gets it',
      (db: Database, id: string) => db.broadcast.update({ where: { id }, data: { recipientHash: 'f'.repeat(64) } }),
    ],
    [
      'a call',
      (db: Database, id: string) =>
        db.broadcastDelivery.updateMany({ where: { broadcastId: id }, data: { contactHash: 'f'.repeat(64) } }),
    ],
    [
      'a text',
      (db: Database, id: string) => db.broadcast.update({ where: { id }, data: { frozenContent: { variants: [] } } }),
    ],
  ])('does not leave when %s was changed past every rule', async (_, tamper) => {
    const { deps } = world;
    const frozen = await frozenNow();
    await tamper(deps.db, frozen.id);
    await decide(world, frozen, people);
    await expectDraft(frozen);
    const approval = await findApproval(deps.db, deps.cipher, frozen.approvalId ?? '');
    expect(approval).toMatchObject({ state: 'approved', effectState: 'failed' });
  });

  test('does not leave when it was approved too late for the days that were kept free', async () => {
    const frozen = await frozenNow();
    world.clock.advance(2 * 86_400_000);
    expect(await decide(world, frozen, people)).toMatchObject({ state: 'scheduled' });
    const late = await frozenNow({ name: '另一个', segmentId: await onlyNew() });
    world.clock.advance(3 * 86_400_000);
    expect(await decide(world, late, people)).toMatchObject({ state: 'draft' });
  });

  async function onlyNew(): Promise<string> {
    const follower = await makeMember(world.deps);
    await makeContact(world.deps, { followedBy: [follower] });
    return makeSegment(world.deps, { field: 'follow.member', operator: 'is_any', value: [follower.id] });
  }
});

describe('a freeze is let go of', () => {
  test('when whoever decides says no', async () => {
    const frozen = await frozenNow();
    expect((await decide(world, frozen, people, 'reject')).state).toBe('draft');
    await expectDraft(frozen);
  });

  test('when it was approved and withdrawn before anything came of that: asked for anew, only the new answer counts', async () => {
    const { deps, jobs } = world;
    const first = await frozenNow();
    const tap = { id: first.approvalId ?? '', revision: 1, decision: 'approve' as const, reason: '' };
    await decideApproval(deps, { memberId: people.director.id, via: 'page' }, tap);
    const draft = await withdrawBroadcast(deps, people.marketer, { id: first.id, reason: '换一天' });
    const { name, audience, content } = draft;
    const sendAt = new Date('2026-03-03T02:00:00Z');
    const wish = { id: draft.id, version: draft.version, name, audience, content, sendAt };
    const second = await freeze(deps, people.marketer, await editBroadcast(deps, people.marketer, wish));
    expect(second.recipientHash, 'the same people and words').toBe(first.recipientHash);

    await runOnly(jobs, 'apply-effect');
    expect(await now(first)).toMatchObject({ state: 'awaiting_approval', approvalId: second.approvalId });
    expect(await decide(world, second, people)).toMatchObject({ state: 'scheduled' });
  });

  test('when it is withdrawn, and nobody is asked any more', async () => {
    const { deps } = world;
    const frozen = await frozenNow();
    const colleague = await callerOf(deps, await makeMember(deps, { role: 'admin' }));
    await withdrawBroadcast(deps, colleague, { id: frozen.id, reason: '名字写错了' });
    await expectDraft(frozen);
    expect(await findApproval(deps.db, deps.cipher, frozen.approvalId ?? '')).toMatchObject({ state: 'withdrawn' });
    const tap = { id: frozen.approvalId ?? '', revision: 1, decision: 'approve' as const };
    await expect(decideApproval(deps, { memberId: people.director.id, via: 'page' }, tap)).rejects.toThrow();
  });

  test('when whoever asked takes the request back where requests are, and when it runs out', async () => {
    const { deps, jobs } = world;
    const frozen = await frozenNow();
    await withdrawApproval(deps, people.marketer, { id: frozen.approvalId ?? '' });
    await jobs.drain();
    const draft = await expectDraft(frozen);
    const again = await freeze(deps, people.marketer, draft);
    world.clock.advance(8 * 86_400_000);
    await jobs.add('sweep-approvals', {});
    await jobs.drain();
    expect((await findApproval(deps.db, deps.cipher, again.approvalId ?? ''))?.state).toBe('expired');
    await expectDraft(again);
  });

  test('by the sweep when nobody heard that its request ended', async () => {
    const { deps, jobs } = world;
    const frozen = await frozenNow();
    const tap = { id: frozen.approvalId ?? '', revision: 1, decision: 'reject' as const, reason: '不合适' };
    await decideApproval(deps, { memberId: people.director.id, via: 'page' }, tap);
    jobs.clear();
    expect((await now(frozen)).state).toBe('awaiting_approval');
    await sweepPlans(deps);
    await jobs.drain();
    await expectDraft(frozen);
  });

  test('when it is cancelled instead, and what was asked is off', async () => {
    const { deps } = world;
    const frozen = await frozenNow();
    const cancelled = await cancelBroadcast(deps, people.marketer, { id: frozen.id, reason: '不发了' });
    expect(cancelled.state).toBe('cancelled');
    expect(await touches()).toBe(0);
    expect(await findApproval(deps.db, deps.cipher, frozen.approvalId ?? '')).toMatchObject({ state: 'withdrawn' });
  });

  test('also while it is still being worked out', async () => {
    const { deps } = world;
    const draft = await makeDraft(deps, people.marketer);
    await submitBroadcast(deps, people.marketer, { id: draft.id, version: draft.version, reason: 'x' });
    await dieAfter(deps, 2, draft);
    expect(await touches()).toBe(6);
    await withdrawBroadcast(deps, people.marketer, { id: draft.id, reason: '' });
    await expectDraft(draft);
    await planBroadcast(deps, { broadcastId: draft.id });
    await expectDraft(draft);
  });
});

/** Whoever works it out dies after so many steps. */
async function dieAfter(deps: Deps, steps: number, { id }: Broadcast): Promise<void> {
  let left = steps;
  const $transaction = (...given: Parameters<Database['$transaction']>) => {
    if (left-- === 0) throw new Error('killed');
    return deps.db.$transaction(...given);
  };
  const db = new Proxy(deps.db, {
    get: (of, name) => (name === '$transaction' ? $transaction : Reflect.get(of, name)),
  });
  await expect(planBroadcast({ ...deps, db }, { broadcastId: id })).rejects.toThrow('killed');
}

test('whoever takes over a plan from a process that died goes on where it was, to the same end', async () => {
  const { deps } = world;
  const whole = await frozenNow({ holdOutPercent: 20 });
  const plan = await planOf(deps, whole);
  const draft = await withdrawBroadcast(deps, people.marketer, { id: whole.id, reason: '' });
  await submitBroadcast(deps, people.marketer, { id: draft.id, version: draft.version, reason: 'x' });
  await dieAfter(deps, 1, draft);
  expect(await now(draft)).toMatchObject({ state: 'freezing', planning: 'freeze', planTotal: 6, planDone: 0 });
  await dieAfter(deps, 1, draft);
  expect(await now(draft)).toMatchObject({ state: 'freezing', planDone: 6 });
  await sweepPlans(deps);
  await runOnly(world.jobs, 'plan-broadcast');
  const again = await now(draft);
  expect(again).toMatchObject({
    state: 'awaiting_approval',
    recipientHash: whole.recipientHash,
    planCounts: whole.planCounts,
  });
  expect(await planOf(deps, again)).toEqual(plan);
});

test('two freezes at once never both take the last place of a contact', async () => {
  const { deps } = world;
  await saveRules(deps, { perWeek: 1 });
  const drafts = [await makeDraft(deps, people.marketer), await makeDraft(deps, people.marketer)];
  const frozen = await Promise.all(drafts.map((draft) => freeze(deps, people.marketer, draft)));
  const targets = frozen.map(({ planCounts }) => planCounts?.target ?? 0);
  expect(targets.toSorted((a, b) => a - b)).toEqual([0, 6]);
  expect(frozen.map(({ state }) => state).toSorted()).toEqual(['awaiting_approval', 'draft']);
  const reasons = frozen.map(({ planCounts }) => planCounts?.excluded);
  expect(reasons).toContainEqual({ overlapping: 6 });
});

test('a broadcast is changed by its owner, leaders, marketing and admins, on the version they saw', async () => {
  const { deps } = world;
  const draft = await makeDraft(deps, people.marketer);
  const { id, version, name, audience, content, sendAt } = draft;
  const stranger = await callerOf(deps, await makeMember(deps, { role: 'manager' }));
  const wish = { id, version, name, audience, content, sendAt };
  await expect(editBroadcast(deps, stranger, wish)).rejects.toMatchObject({ code: 'broadcast.not_yours', status: 403 });
  await expect(editBroadcast(deps, people.marketer, { ...wish, version: 1 })).rejects.toMatchObject({
    code: 'broadcast.stale',
    status: 409,
  });
  const copy = await copyBroadcast(deps, stranger, { id });
  expect(copy).toMatchObject({ state: 'draft', ownerId: stranger.memberId, content, audience, testedHash: null });
  await removeBroadcast(deps, people.marketer, id);
  await expect(getBroadcast(deps.db, id)).rejects.toMatchObject({ code: 'broadcast.unknown', status: 404 });
});
