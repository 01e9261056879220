import type { z } from 'zod';
import { netOf } from '#server/base/net-of.ts';
import type { Approval } from './approval.ts';
import { approvalContents, type approvalChange, type ApprovalContent } from './approval-api.ts';

type Change = z.infer<typeof approvalChange>;

/** What would be otherwise if it is approved. [] when a newer version wrote what this one cannot read. */
export function changesOf({ kind, content, amountFen, measure }: Approval): Change[] {
  const parsed = approvalContents[kind].safeParse(content);
  if (!parsed.success) return [];
  switch (kind) {
    case 'discount': {
      const { discountBp, discountBpBefore } = parsed.data as ApprovalContent<'discount'>;
      const percent: Change = {
        field: 'discount',
        format: 'percent',
        before: discountBpBefore / 100,
        after: discountBp / 100,
      };
      if (amountFen === null) return [percent];
      const [before, after] = [netOf(amountFen, discountBpBefore), netOf(amountFen, discountBp)];
      return [percent, { field: 'amount', format: 'money', before, after }];
    }
    case 'contract_terms': {
      const { terms, termsBefore } = parsed.data as ApprovalContent<'contract_terms'>;
      return [{ field: 'terms', format: 'text', before: termsBefore || null, after: terms }];
    }
    case 'stage_exception': {
      const { from, to, missing } = parsed.data as ApprovalContent<'stage_exception'>;
      return [
        { field: 'stage', format: 'stage', before: from, after: to },
        { field: 'missing', format: 'text', before: null, after: missing.join(',') },
      ];
    }
    case 'customer_transfer':
      return [{ field: 'items', format: 'count', before: null, after: measure }];
    case 'sensitive_reveal': {
      const { field, hours } = parsed.data as ApprovalContent<'sensitive_reveal'>;
      return [
        { field: 'field', format: 'text', before: null, after: field },
        { field: 'hours', format: 'count', before: null, after: hours },
      ];
    }
    case 'broadcast': {
      const { text, sendAt, members, holdOut, attachments } = parsed.data as ApprovalContent<'broadcast'>;
      const lines: Change[] = [
        { field: 'recipients', format: 'count', before: null, after: measure },
        { field: 'held_out', format: 'count', before: null, after: holdOut ?? null },
        { field: 'senders', format: 'count', before: null, after: members ?? null },
        { field: 'send_at', format: 'time', before: null, after: sendAt ?? null },
        { field: 'text', format: 'text', before: null, after: text ?? null },
        { field: 'attachments', format: 'count', before: null, after: attachments ?? null },
      ];
      return lines.filter(({ after }) => after !== null && after !== '' && after !== 0);
    }
    default:
      return kind satisfies never;
  }
}
