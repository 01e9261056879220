import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import { listLocales } from '#server/member/member-store.ts';
import type { Approval } from './approval.ts';
import type { Seat } from './seat.ts';
import { changesOf } from './approval-change.ts';
import { findApproval } from './approval-store.ts';
import { listVerdicts } from './history-store.ts';
import type { CardSubject } from './card-face.ts';

export type SeatedSubject = CardSubject & { memberId: string; level: number };

/** How an approval stands, as each member with a seat sees it on their card. */
export async function listCardSubjects(db: Db, cipher: FieldCipher, approvalId: string): Promise<SeatedSubject[]> {
  const approval = await findApproval(db, cipher, approvalId);
  return approval ? subjectsOf(db, cipher, approval) : [];
}

export async function subjectsOf(db: Db, cipher: FieldCipher, approval: Approval): Promise<SeatedSubject[]> {
  const seats = seatsByMember(approval.seats);
  const locales = await listLocales(
    db,
    seats.map(({ memberId }) => memberId),
  );
  const customer = approval.customerId
    ? await db.customer.findUnique({ where: { id: approval.customerId }, select: { name: true } })
    : null;
  const verdicts = approval.state === 'rejected' ? await listVerdicts(db, cipher, [approval.id]) : new Map();
  const nameOf = (id: string | null) => (id === null ? null : (approval.names.get(id) ?? null));
  const { id: approvalId, kind, state, title, reason, risk, measure, amountFen, revision, question } = approval;
  const changes = changesOf(approval);
  const amount = changes.find(({ field }) => field === 'amount');
  const says = changes.find(({ field }) => field === 'text')?.after;
  const [before, after] = [Number(amount?.before), Number(amount?.after)];
  const amounts = amount ? { amountFen: before, amountAfterFen: after } : { amountFen, amountAfterFen: null };
  const about = {
    approvalId,
    kind,
    state,
    title,
    reason,
    risk,
    measure,
    ...amounts,
    says: says === undefined ? null : firstLines(String(says)),
    revision,
    question,
    requesterName: nameOf(approval.requesterId) ?? '',
    customerName: customer?.name ?? null,
    createdAt: approval.createdAt,
    ended: approval.decidedAt && {
      by: nameOf(approval.decidedBy),
      at: approval.decidedAt,
      words: verdicts.get(approvalId) ?? null,
    },
  };
  return seats.map(({ memberId, level, state: seat, decidedAt }) => ({
    ...about,
    memberId,
    level,
    seat: { state: seat, decidedAt },
    locale: locales.get(memberId) ?? 'zh-CN',
  }));
}

const LETTERS_ON_CARD = 60;

/** A card has room for how it begins. */
function firstLines(text: string): string {
  const letters = [...text.replace(/\s+/g, ' ').trim()];
  return letters.length > LETTERS_ON_CARD ? `${letters.slice(0, LETTERS_ON_CARD).join('')}…` : letters.join('');
}

/** Of a member with seats on several levels the one that is open counts, or else the last. */
function seatsByMember(seats: readonly Seat[]): Seat[] {
  const best = new Map<string, Seat>();
  for (const seat of seats.toSorted((a, b) => a.level - b.level)) {
    if (best.get(seat.memberId)?.state !== 'open') best.set(seat.memberId, seat);
  }
  return [...best.values()];
}
