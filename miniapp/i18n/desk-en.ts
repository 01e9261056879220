import type { deskZhCN } from './desk-zh-CN.ts';
import type { Translated } from './i18n.ts';

export const deskEn: Translated<typeof deskZhCN> = {
  'refused.handover.state': 'This hand-over has moved on. The newest is shown.',
  'refused.handover.stale': 'Somebody changed this hand-over just now. Look at it and decide again.',
  'refused.handover.unknown': 'This hand-over cannot be found, or is not of a member you lead.',
  'refused.handover.member': 'Giver and takers must be in your own departments, and takers must work here.',
  'refused.handover.giver_takes': 'Whoever hands over cannot take over. Choose another member.',
  'refused.handover.nothing': 'Nothing of this can go over now. Look at the reasons and change the plan.',
  'refused.handover.nothing_to_retry': 'There is nothing to try again.',
  'refused.handover.item_unknown': 'The member no longer has one of these. Load it again.',
  'refused.handover.item_twice': 'One thing cannot go to two members. Choose one taker.',
  'refused.handover.request_key': 'This was sent before with something else. Refresh and try again.',
};
