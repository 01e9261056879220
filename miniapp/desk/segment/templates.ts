import type { SegmentRule } from '#server/segment/segment-api.ts';
import type { PlainKey } from '#miniapp/i18n/i18n.ts';

export const templates: readonly { word: PlainKey; hint: PlainKey; rule: SegmentRule }[] = [
  {
    word: 'segment.tpl.quiet',
    hint: 'segment.tpl.quietHint',
    rule: {
      all: [
        { field: 'score.value', operator: 'at_least', value: 60 },
        { field: 'chat.last_message', operator: 'not_within_days', value: 30 },
      ],
    },
  },
  {
    word: 'segment.tpl.quoted',
    hint: 'segment.tpl.quotedHint',
    rule: {
      all: [
        { field: 'customer.stage', operator: 'is_any', value: ['quoted'] },
        { field: 'chat.last_message', operator: 'not_within_days', value: 7 },
      ],
    },
  },
  {
    word: 'segment.tpl.loyal',
    hint: 'segment.tpl.loyalHint',
    rule: { all: [{ field: 'rfm.frequency', operator: 'at_least', value: 2 }] },
  },
  {
    word: 'segment.tpl.fresh',
    hint: 'segment.tpl.freshHint',
    rule: {
      all: [
        { field: 'follow.added', operator: 'within_days', value: 14 },
        { field: 'broadcast.any_received', operator: 'never' },
      ],
    },
  },
];
