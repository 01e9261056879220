import { isDeepStrictEqual } from 'node:util';
import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { listFields } from '#server/customer/custom-field-store.ts';
import type { SegmentView } from './segment-api.ts';
import { checkRule, staleSegment, takenName } from './segment.ts';
import {
  hasName,
  holdSegment,
  insertSegment,
  lockNames,
  saveSegment as saveRow,
  type SegmentDraft,
} from './segment-store.ts';
import { viewSegment } from './view-segment.ts';

/** A new segment, or another version of one: `seen` is the one the caller changes. */
export async function saveSegment(
  deps: Deps,
  caller: Caller,
  draft: SegmentDraft,
  seen: { id: string; version: number } | null,
): Promise<SegmentView> {
  checkRule(draft.rule, await listFields(deps.db));
  const saved = await deps.db.$transaction(async (tx) => {
    const before = seen && (await holdSegment(tx, seen.id));
    if (before && before.version !== seen.version) throw staleSegment(before.version);
    await lockNames(tx);
    if (await hasName(tx, draft.name, before && before.id)) throw takenName();
    const at = deps.now();
    const after = before
      ? await saveRow(tx, before, draft, {
          memberId: caller.memberId,
          at,
          isCountGood: isDeepStrictEqual(before.rule, draft.rule),
        })
      : await insertSegment(tx, draft, caller.memberId, at);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: before ? 'segment.edited' : 'segment.created',
      subject: `segment:${after.id}`,
      detail: { version: after.version },
    });
    return after;
  });
  return viewSegment(deps, saved);
}
