import type { SegmentRule } from '#server/segment/segment-api.ts';
import { t } from '#miniapp/i18n/i18n.ts';
import { isComplete, shapeOf, type DraftCondition, type DraftPart, type RuleDraft } from './rule-draft.ts';
import { fieldWord, operatorWord, type FieldView } from './segment-words.ts';
import { labelOf } from './use-options.ts';

type Condition = Pick<DraftCondition, 'field' | 'operator' | 'value'>;

/** A rule as a sentence: 标签 是其中之一 高意向、复购. */
export function conditionText({ field, operator, value }: Condition, known: readonly FieldView[]): string {
  const name = fieldWord(field, known);
  const whole = isComplete({ kind: 'condition', key: '', field, operator, value });
  const said = (one: string | number) => labelOf(field, one);
  const list = Array.isArray(value) ? value : [];
  switch (shapeOf(operator)) {
    case 'none':
      if (operator === 'yes') return name;
      return t('segment.say.bare', { field: name, operator: operatorWord(operator) });
    case 'days':
      return t(operator === 'within_days' ? 'segment.say.within' : 'segment.say.notWithin', {
        field: name,
        days: whole ? String(value) : '…',
      });
    case 'pair':
      return t('segment.say.between', { field: name, from: String(list[0] ?? '…'), to: String(list[1] ?? '…') });
    case 'list':
    case 'one':
      return t('segment.say.plain', {
        field: name,
        operator: operatorWord(operator),
        value: !whole ? '…' : Array.isArray(value) ? list.map(said).join(t('list.comma')) : said(value ?? ''),
      });
  }
}

const joined = (how: 'all' | 'any', texts: string[]): string =>
  texts.join(` ${how === 'all' ? t('segment.and') : t('segment.or')} `);

export function partText(part: DraftPart, known: readonly FieldView[]): string {
  if (part.kind === 'opaque') return ruleText(part.rule, known);
  if (part.kind === 'condition') return conditionText(part, known);
  return joined(
    part.how,
    part.conditions.map((one) => conditionText(one, known)),
  );
}

export function draftText(draft: RuleDraft, known: readonly FieldView[]): string {
  const wrapped = (part: DraftPart) =>
    part.kind === 'condition' ? partText(part, known) : `(${partText(part, known)})`;
  const inside = draft.include.length === 0 ? t('segment.none.rules') : joined(draft.how, draft.include.map(wrapped));
  if (draft.exclude.length === 0) return inside;
  return `${inside}; ${t('segment.excludeShort', { rules: joined('any', draft.exclude.map(wrapped)) })}`;
}

/** However deep. */
export function ruleText(rule: SegmentRule, known: readonly FieldView[]): string {
  if ('field' in rule) return conditionText({ ...rule, value: rule.value }, known);
  if ('not' in rule) return t('segment.excludeShort', { rules: `(${ruleText(rule.not, known)})` });
  const [how, parts] = 'all' in rule ? (['all', rule.all] as const) : (['any', rule.any] as const);
  return joined(
    how,
    parts.map((part) => ('field' in part ? ruleText(part, known) : `(${ruleText(part, known)})`)),
  );
}
