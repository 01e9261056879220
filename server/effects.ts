import type { Effects } from '#server/approval/effect.ts';
import { releaseBroadcast } from '#server/broadcast/release-broadcast.ts';
import { endWithoutApproval } from '#server/broadcast/take-back.ts';
import { grantField } from '#server/customer/grant-field.ts';
import { startHandover } from '#server/handover/start-handover.ts';
import { applyDiscount, applyStageException, applyTerms } from '#server/opportunity/apply-request.ts';

/** What each thing that was approved sets free. */
export const effects: Effects = {
  discount: applyDiscount,
  contract_terms: applyTerms,
  stage_exception: applyStageException,
  customer_transfer: (tx, deps, { content }) => startHandover(tx, deps, content),
  sensitive_reveal: (tx, deps, { id, requesterId, content }) =>
    grantField(tx, deps, { ...content, approvalId: id, memberId: requesterId }),
  broadcast: { approved: releaseBroadcast, ended: endWithoutApproval },
};
