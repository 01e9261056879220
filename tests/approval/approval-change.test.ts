import { expect, test } from 'vitest';
import { changesOf } from '#server/approval/approval-change.ts';
import type { Approval } from '#server/approval/approval.ts';
import { netOf } from '#server/base/net-of.ts';

test.each([
  [5000, 1],
  [333, 1500],
  [1_280_000, 1500],
  [999_999_999_999, 3333],
])('what %i fen would cost after %i basis points is what the sale will say', (amountFen, discountBp) => {
  const content = { opportunityId: '00000000-0000-4000-8000-000000000001', discountBp, discountBpBefore: 0 };
  const asked = { kind: 'discount', content, amountFen, measure: discountBp / 100 } as Approval;
  expect(changesOf(asked)[1]).toMatchObject({ before: amountFen, after: netOf(amountFen, discountBp) });
});

test('a broadcast is read as to whom it goes, when, and how it begins; one asked for before that was said as how many', () => {
  const hashes = { broadcastId: '00000000-0000-4000-8000-000000000001', contentHash: 'a', recipientHash: 'b' };
  const asked = (more: object) => ({ kind: 'broadcast', content: { ...hashes, ...more }, measure: 120 }) as Approval;
  const told = { sendAt: '2026-03-03T02:00:00.000Z', text: '您好', members: 3, holdOut: 12, attachments: 0 };
  const fields = (approval: Approval) => changesOf(approval).map(({ field, after }) => [field, after]);
  expect(fields(asked(told))).toEqual([
    ['recipients', 120],
    ['held_out', 12],
    ['senders', 3],
    ['send_at', '2026-03-03T02:00:00.000Z'],
    ['text', '您好'],
  ]);
  expect(fields(asked({}))).toEqual([['recipients', 120]]);
});
