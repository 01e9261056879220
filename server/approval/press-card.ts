import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { findMemberByKey } from '#server/member/member-store.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import type { EventOf } from '#server/platform/event.ts';
import { findCard, oweAgain, saveUpdateCode } from './approval-card-store.ts';
import { revisionPressed } from './card-face.ts';
import { decideApproval } from './decide-approval.ts';
import { pressWords } from './press-words.ts';

/**
 * Somebody pressed a button of one of our cards. It goes the way every decision goes; whoever is refused is told why, and
 * their copy of the card is shown anew.
 */
export async function pressCard(deps: Deps, platform: string, event: EventOf<'card_pressed'>): Promise<void> {
  const card = await findCard(deps.db, platform, event.card);
  if (!card) return;
  if (event.updateCode) await saveUpdateCode(deps.db, deps.cipher, card.key, event.updateCode);
  const member = await findMemberByKey(deps.db, platform, event.member);
  const revision = revisionPressed(event.action);
  if (member?.status === 'active' && revision !== null) {
    const about = { id: card.approvalId, revision, decision: 'approve' as const };
    const refusal = await refusalOf(() => decideApproval(deps, { memberId: member.id, via: 'card' }, about));
    if (!refusal) return;
    // A press that is delivered twice finds the decision it made itself.
    if (!isOwnDecision(refusal, member.id)) {
      const text = pressWords(member.locale, refusal);
      const key = `card-press:${event.messageKey}`;
      const path = `/inbox.html#/approvals/${card.approvalId}`;
      await insertNotices(deps.db, deps.cipher, [{ key, memberId: member.id, text, path }], deps.now());
      await deps.jobs.add('send-notice', { key }, { key });
    }
  }
  await oweAgain(deps.db, card.key, deps.now());
  await deps.jobs.add('show-card', { key: card.key }, { key: card.key });
}

function isOwnDecision({ code, detail }: Refusal, memberId: string): boolean {
  const by = detail?.['by'] as { id?: string } | null | undefined;
  return code === 'approval.already_decided' && by?.id === memberId;
}

async function refusalOf(act: () => Promise<unknown>): Promise<Refusal | null> {
  try {
    await act();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
