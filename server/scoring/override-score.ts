import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { scoreContact } from './score-contact.ts';
import type { ScoreView } from './scoring-api.ts';
import { findLatestScore, insertScore, lockContact, type Override } from './scoring-store.ts';
import { viewOf } from './view-score.ts';

/** Shows a rep's own value beside the computed one, with the reason. */
export async function overrideScore(
  deps: Deps,
  caller: Caller,
  { contactId, value, reason }: { contactId: string; value: number; reason: string },
): Promise<ScoreView> {
  return replace(deps, caller, contactId, { value, reason, by: caller.memberId, at: deps.now() });
}

export async function clearOverride(
  deps: Deps,
  caller: Caller,
  { contactId }: { contactId: string },
): Promise<ScoreView> {
  return replace(deps, caller, contactId, null);
}

/** A new row with the same computation: the history keeps who thought what, and when. */
async function replace(deps: Deps, caller: Caller, contactId: string, override: Override | null): Promise<ScoreView> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  if (!(await findLatestScore(deps.db, deps.cipher, contactId))) await scoreContact(deps, { contactId });
  const score = await deps.db.$transaction(async (tx) => {
    await lockContact(tx, contactId);
    const latest = await findLatestScore(tx, deps.cipher, contactId);
    if (!latest) throw new Refusal('score.unknown', 'There is no score of this contact yet. Try again later.', 404);
    if (isSame(override, latest.override)) return latest;
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: override ? 'score.overridden' : 'score.override_cleared',
      subject: `contact:${contactId}`,
      detail: override ? { computed: latest.value, shown: override.value } : {},
    });
    const { value, factors, method, learned } = latest;
    return insertScore(tx, deps.cipher, { contactId, at: deps.now(), value, factors, method, learned }, override);
  });
  deps.live.publish(`contact.${contactId}`, { part: 'score', contactId });
  return viewOf(deps, caller, score);
}

/** Sent again it is not another opinion, also not one that is counted when scores are judged by how sales came out. */
function isSame(wanted: Override | null, shown: Override | null): boolean {
  if (wanted === null || shown === null) return wanted === shown;
  return wanted.value === shown.value && wanted.reason === shown.reason && wanted.by === shown.by;
}
