import { recordAuditOnce } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { isContactInScope } from '#server/contact/contact-store.ts';
import { findCustomer } from '#server/customer/customer-store.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { viewScore } from '#server/scoring/view-score.ts';
import { viewSummary } from '#server/summary/view-summary.ts';
import type { Approval } from './approval.ts';
import type { Seat } from './seat.ts';
import type { ApprovalDetail } from './approval-api.ts';
import { findFirstContact } from './approval-store.ts';
import { listCopies, markCopyRead } from './copy-store.ts';
import { listHistory } from './history-store.ts';
import { listAttachments } from './attachment-store.ts';
import { getVisible } from './get-visible.ts';
import { viewApproval } from './view-approval.ts';

const REASONS_MAX = 3;

/** One approval with all that helps to decide it. Whoever is told of it has read it then. */
export async function readApproval(deps: Deps, caller: Caller, { id }: { id: string }): Promise<ApprovalDetail> {
  const approval = await getVisible(deps, caller, id);
  const view = await viewApproval(deps, caller, approval);
  const history = await listHistory(deps.db, deps.cipher, id);
  const files = await listAttachments(deps.db, id);
  const copies = await listCopies(deps.db, id);
  const names = await listMemberNames(deps.db, [
    ...copies,
    ...history.flatMap(({ memberId, to }) => [memberId, ...to]),
  ]);
  const person = (of: string) => ({ id: of, name: names.get(of) ?? '' });
  const viewed = new Set(
    history
      .filter(({ action, memberId }) => action === 'attachment_viewed' && memberId === caller.memberId)
      .map(({ attachmentId }) => attachmentId),
  );
  if (copies.includes(caller.memberId)) await markCopyRead(deps.db, id, caller.memberId, deps.now());
  return {
    ...view,
    history: history.map(({ at, memberId, action, text, to, revision }) => ({
      at: at.toISOString(),
      by: memberId === null ? null : person(memberId),
      action,
      text,
      to: to.map(person),
      revision,
    })),
    attachments: files.map((file) => ({ ...file, viewedByMe: viewed.has(file.id) })),
    copies: copies.map(person),
    beside: await readBeside(deps, caller, approval),
  };
}

/** Who it is about: for whoever may see them anyway, and for whoever is asked by this very request, which is written down. */
async function readBeside(deps: Deps, caller: Caller, approval: Approval): Promise<ApprovalDetail['beside']> {
  const looking = await lookingAs(deps, caller, approval);
  if (!looking) return { customer: null, score: null, summary: null };
  const { customerId } = approval;
  const contactId = approval.contactId ?? (customerId && (await findFirstContact(deps.db, looking.scope, customerId)));
  return {
    customer: customerId ? await readCustomer(deps, looking, customerId) : null,
    score: contactId ? await readScore(deps, looking, contactId) : null,
    summary: contactId ? await readSummary(deps, looking, contactId) : null,
  };
}

/** Null for whoever may not see them. */
async function lookingAs(deps: Deps, caller: Caller, approval: Approval): Promise<Caller | null> {
  const { customerId, contactId } = approval;
  const isInScope =
    (customerId === null || (await findCustomer(deps.db, caller.scope, customerId)) !== null) &&
    (contactId === null || (await isContactInScope(deps.db, caller.scope, contactId)));
  if (isInScope) return caller;
  const isAsked = ({ memberId, state }: Seat) =>
    memberId === caller.memberId && !['passed_on', 'closed'].includes(state);
  if (!approval.seats.some(isAsked)) return null;
  await deps.db.$transaction((tx) =>
    recordAuditOnce(tx, {
      memberId: caller.memberId,
      action: 'approval.beside.read',
      subject: customerId ? `customer:${customerId}` : `contact:${contactId}`,
      detail: { approvalId: approval.id },
    }),
  );
  return { ...caller, scope: { all: true } };
}

async function readCustomer(
  deps: Deps,
  { scope }: Caller,
  customerId: string,
): Promise<ApprovalDetail['beside']['customer']> {
  const customer = await findCustomer(deps.db, scope, customerId);
  if (!customer) return null;
  const { id, name, stage, grade, ownerId } = customer;
  const owners = await listMemberNames(deps.db, [ownerId]);
  return { id, name, stage, grade, ownerName: ownerId === null ? null : (owners.get(ownerId) ?? null) };
}

/** The points that weigh most, for or against. */
async function readScore(deps: Deps, looking: Caller, contactId: string): Promise<ApprovalDetail['beside']['score']> {
  if (!(await isContactInScope(deps.db, looking.scope, contactId))) return null;
  const score = await viewScore(deps, looking, contactId);
  if (!score) return null;
  const heaviest = score.factors.toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points)).slice(0, REASONS_MAX);
  return {
    value: score.override?.value ?? score.value,
    topReasons: heaviest.map(({ key, text, says }) => ({ key, text, says })),
  };
}

async function readSummary(
  deps: Deps,
  looking: Caller,
  contactId: string,
): Promise<ApprovalDetail['beside']['summary']> {
  const { summary } = await viewSummary(deps, looking, contactId);
  return summary && { statements: summary.statements.map(({ text }) => text), at: summary.at };
}
