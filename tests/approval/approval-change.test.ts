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
