import type { Contact, Member } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import type { JobName } from '#server/base/job-payloads.ts';
import type { Deps } from '#server/base/deps.ts';
import { decideApproval } from '#server/approval/decide-approval.ts';
import type { Broadcast } from '#server/broadcast/broadcast.ts';
import type { Audience, BroadcastContent } from '#server/broadcast/broadcast-api.ts';
import type { BroadcastRules } from '#server/broadcast/broadcast-rules-api.ts';
import { saveBroadcastRules } from '#server/broadcast/broadcast-rules.ts';
import { getBroadcast, saveBroadcast } from '#server/broadcast/broadcast-store.ts';
import { checkContent } from '#server/broadcast/check-content.ts';
import { createBroadcast, editBroadcast } from '#server/broadcast/edit-broadcast.ts';
import { planBroadcast } from '#server/broadcast/plan-broadcast.ts';
import { submitBroadcast } from '#server/broadcast/submit-broadcast.ts';
import type { SegmentRule } from '#server/segment/segment-api.ts';
import { callerOf, makeMember } from '#tests/support/factories.ts';
import type { World } from '#tests/support/world.ts';

export const uncapped: BroadcastRules = {
  perDay: null,
  perWeek: null,
  perMonth: null,
  fatigue: null,
  quiet: null,
  confirmDays: 3,
  windowDays: 7,
};

export const saveRules = (deps: Deps, rules: Partial<BroadcastRules>): Promise<BroadcastRules> =>
  saveBroadcastRules(deps.db, { ...uncapped, ...rules }, '00000000-0000-4000-8000-000000000000');

export async function makeSegment(deps: Deps, rule: SegmentRule = { all: [] }): Promise<string> {
  const owner = await makeMember(deps, { role: 'marketing' });
  const { id } = await deps.db.segment.create({ data: { name: '老客户', rule, ownerId: owner.id } });
  return id;
}

export interface Marketing {
  marketer: Caller;
  director: Member;
}

/** Somebody who sends, and somebody who decides. */
export async function makeMarketing(deps: Deps): Promise<Marketing> {
  return {
    marketer: await callerOf(deps, await makeMember(deps, { role: 'marketing', name: '小何' })),
    director: await makeMember(deps, { role: 'director', name: '赵总监' }),
  };
}

const text = (key: 'A' | 'B' | 'C' | 'D', share: number) => ({
  key,
  share,
  content: { text: `您好，这是${key}`, attachments: [] },
});
export const oneText: BroadcastContent = { variants: [text('A', 100)] };
export const twoTexts: BroadcastContent = { variants: [text('A', 50), text('B', 50)] };

/** A draft that is ready to be submitted: somebody was sent it. Without a hold-out, unless said otherwise. */
export async function makeDraft(
  deps: Deps,
  caller: Caller,
  given: Partial<Audience> & { name?: string; content?: BroadcastContent; sendAt?: Date | null } = {},
): Promise<Broadcast> {
  const { name = '春季新品', content = oneText, sendAt = null, segmentId, ...wish } = given;
  const made = await createBroadcast(deps, caller, { name });
  const audience: Audience = {
    segmentId: segmentId ?? (await makeSegment(deps)),
    memberIds: null,
    senderRule: 'last_chat',
    holdOutPercent: 0,
    ...wish,
  };
  const saved = await editBroadcast(deps, caller, {
    id: made.id,
    version: made.version,
    name,
    audience,
    content,
    sendAt,
  });
  return tested(deps, saved);
}

export async function tested(deps: Deps, broadcast: Broadcast): Promise<Broadcast> {
  const { contentHash } = await checkContent(deps, deps.db, broadcast);
  return saveBroadcast(deps.db, broadcast.id, { testedHash: contentHash, testedAt: deps.now() }, deps.now());
}

/** Submits it and has it frozen. */
export async function freeze(deps: Deps, caller: Caller, { id, version }: Broadcast): Promise<Broadcast> {
  await submitBroadcast(deps, caller, { id, version, reason: '换季' });
  await planBroadcast(deps, { broadcastId: id });
  return getBroadcast(deps.db, id);
}

/** Runs what waits of these, and what that adds of these; the rest is forgotten. */
export async function runOnly(jobs: World['jobs'], ...names: JobName[]): Promise<void> {
  for (;;) {
    jobs.waiting = jobs.waiting.filter(({ name }) => names.includes(name));
    if (jobs.waiting.length === 0) return;
    await jobs.runNext();
  }
}

export async function decide(
  { deps, jobs }: World,
  { approvalId, id }: Broadcast,
  { director }: Marketing,
  decision: 'approve' | 'reject' = 'approve',
): Promise<Broadcast> {
  const tap = { id: approvalId ?? '', revision: 1, decision, reason: '不合适' };
  await decideApproval(deps, { memberId: director.id, via: 'page' }, tap);
  await runOnly(jobs, 'apply-effect');
  return getBroadcast(deps.db, id);
}

export interface Line {
  part: string;
  reason: string | null;
  memberId: string | null;
  variant: string | null;
}

/** Everybody of the plan, by contact. */
export async function planOf(deps: Deps, { id }: Pick<Broadcast, 'id'>): Promise<Map<string, Line>> {
  const rows = await deps.db.broadcastRecipient.findMany({
    where: { broadcastId: id },
    orderBy: { contactId: 'asc' },
    select: { contactId: true, part: true, reason: true, memberId: true, variant: true },
  });
  return new Map(rows.map(({ contactId, ...line }) => [contactId, line]));
}

export const idsOf = (contacts: Contact[]): string[] => contacts.map(({ id }) => id).sort();
