import type { FieldType, Operator, SegmentCondition, SegmentRule } from '#server/segment/segment-api.ts';
import type { operatorsOf as contract } from '#server/segment/segment-api.ts';

/** The contract's own list, without the contract's weight; where they differ it does not compile. */
export const operatorsOf = {
  choice: ['is_any', 'is_none', 'is_set', 'is_not_set'],
  text: ['equals', 'contains', 'starts_with', 'is_set', 'is_not_set'],
  number: ['equals', 'at_least', 'at_most', 'between', 'is_set', 'is_not_set'],
  date: ['before', 'after', 'within_days', 'not_within_days', 'is_set', 'is_not_set'],
  event: ['within_days', 'not_within_days', 'ever', 'never'],
  yes_no: ['yes', 'no'],
} as const satisfies typeof contract;

export interface DraftCondition {
  kind: 'condition';
  key: string;
  field: string;
  operator: string;
  value: SegmentCondition['value'];
}
export interface DraftGroup {
  kind: 'group';
  key: string;
  how: 'all' | 'any';
  conditions: DraftCondition[];
}
/** Deeper than the page edits: kept as it is. */
export interface DraftOpaque {
  kind: 'opaque';
  key: string;
  rule: SegmentRule;
}
export type DraftPart = DraftCondition | DraftGroup | DraftOpaque;

/** A rule as the page shows it: who is in, and who of these is out. */
export interface RuleDraft {
  how: 'all' | 'any';
  include: DraftPart[];
  /** Any of these keeps a contact out. */
  exclude: DraftPart[];
}

let made = 0;
const newKey = () => `p${(made += 1)}`;

export const emptyDraft = (): RuleDraft => ({ how: 'all', include: [], exclude: [] });
export const newCondition = (field: string, type: FieldType): DraftCondition => ({
  kind: 'condition',
  key: newKey(),
  field,
  operator: operatorsOf[type][0],
  value: undefined,
});
export const newGroup = (first: DraftCondition): DraftGroup => ({
  kind: 'group',
  key: newKey(),
  how: 'any',
  conditions: [first],
});

const isCondition = (rule: SegmentRule): rule is SegmentCondition => 'field' in rule;

export function draftOf(rule: SegmentRule): RuleDraft {
  const draft = emptyDraft();
  const put = (part: SegmentRule) => {
    if (!('not' in part)) draft.include.push(partOf(part));
    else if ('any' in part.not) draft.exclude.push(...part.not.any.map(partOf));
    else draft.exclude.push(partOf(part.not));
  };
  if ('all' in rule) {
    rule.all.forEach(put);
    const [only] = draft.include;
    if (draft.include.length === 1 && only?.kind === 'group' && only.how === 'any') {
      draft.how = 'any';
      draft.include = only.conditions;
    }
  } else if ('any' in rule && rule.any.length > 0) {
    draft.how = 'any';
    draft.include = rule.any.map(partOf);
  } else {
    put(rule);
  }
  return draft;
}

function partOf(rule: SegmentRule): DraftPart {
  const key = newKey();
  if (isCondition(rule)) {
    return { kind: 'condition', key, field: rule.field, operator: rule.operator, value: rule.value };
  }
  const how = 'all' in rule ? 'all' : 'any' in rule ? 'any' : null;
  const inside = 'all' in rule ? rule.all : 'any' in rule ? rule.any : [];
  if (how && inside.length > 0 && inside.every(isCondition)) {
    return { kind: 'group', key, how, conditions: inside.map((one) => partOf(one) as DraftCondition) };
  }
  return { kind: 'opaque', key, rule };
}

/** Where a part of the rule that was sent stands on the page: `all.1` is the second rule. */
export type Paths = Map<string, string>;

/** What is sent, of the rules that are complete, and which part of it is which rule on the page. */
export function ruleOf(draft: RuleDraft): { rule: SegmentRule; paths: Paths; incomplete: string[] } {
  const incomplete: string[] = [];
  const paths: Paths = new Map();
  const whole = (one: DraftCondition): boolean => {
    if (isComplete(one)) return true;
    incomplete.push(one.key);
    return false;
  };
  const build = (part: DraftPart): { rule: SegmentRule; note: (path: string) => void } | null => {
    if (part.kind === 'opaque') return { rule: part.rule, note: (path) => paths.set(path, part.key) };
    if (part.kind === 'condition') {
      return whole(part) ? { rule: plain(part), note: (path) => paths.set(path, part.key) } : null;
    }
    const conditions = part.conditions.filter(whole);
    if (conditions.length === 0) return null;
    return {
      rule: part.how === 'all' ? { all: conditions.map(plain) } : { any: conditions.map(plain) },
      note(path) {
        paths.set(path, part.key);
        conditions.forEach(({ key }, index) => paths.set(`${path}.${part.how}.${index}`, key));
      },
    };
  };
  const built = (parts: DraftPart[]) => parts.map(build).filter((part) => part !== null);
  const included = built(draft.include);
  const all: SegmentRule[] = [];
  if (draft.how === 'any' && included.length > 1) {
    included.forEach(({ note }, index) => note(`all.0.any.${index}`));
    all.push({ any: included.map(({ rule }) => rule) });
  } else {
    for (const { rule, note } of included) {
      note(`all.${all.length}`);
      all.push(rule);
    }
  }
  for (const { rule, note } of built(draft.exclude)) {
    note(`all.${all.length}`);
    note(`all.${all.length}.not`);
    all.push({ not: rule });
  }
  return { rule: { all }, paths, incomplete };
}

const plain = ({ field, operator, value }: DraftCondition): SegmentCondition =>
  value === undefined ? { field, operator } : { field, operator, value };

/** What an operator is asked with. */
export type ValueShape = 'none' | 'list' | 'pair' | 'days' | 'one';
export function shapeOf(operator: string): ValueShape {
  switch (operator as Operator) {
    case 'is_any':
    case 'is_none':
      return 'list';
    case 'between':
      return 'pair';
    case 'within_days':
    case 'not_within_days':
      return 'days';
    case 'equals':
    case 'contains':
    case 'starts_with':
    case 'at_least':
    case 'at_most':
    case 'before':
    case 'after':
      return 'one';
    default:
      return 'none';
  }
}

export function isComplete({ operator, value }: DraftCondition): boolean {
  switch (shapeOf(operator)) {
    case 'none':
      return true;
    case 'list':
      return Array.isArray(value) && value.length > 0;
    case 'pair':
      return (
        Array.isArray(value) && value.length === 2 && value.every(isNumber) && Number(value[0]) <= Number(value[1])
      );
    case 'days':
      return isNumber(value) && Number.isInteger(value) && Number(value) > 0;
    case 'one':
      return typeof value === 'number' ? isNumber(value) : typeof value === 'string' && value.trim() !== '';
  }
}

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);

/** The part of the page a path leads to, or the nearest above it. */
export function keyAt(paths: Paths, path: string): string | null {
  for (let at = path; at !== ''; at = at.replace(/\.?[^.]+$/, '')) {
    const key = paths.get(at);
    if (key !== undefined) return key;
  }
  return null;
}

/** The same rules, whatever the page calls its parts. */
export const isSame = (a: RuleDraft, b: RuleDraft): boolean => JSON.stringify(bare(a)) === JSON.stringify(bare(b));
const bare = (draft: RuleDraft): unknown => {
  const part = (one: DraftPart): unknown =>
    one.kind === 'opaque' ? one.rule : one.kind === 'condition' ? plain(one) : [one.how, one.conditions.map(plain)];
  return [draft.include.length > 1 ? draft.how : 'all', draft.include.map(part), draft.exclude.map(part)];
};
