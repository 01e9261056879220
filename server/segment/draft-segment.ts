import { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { asData, asLines, makeMasking, type Masking } from '#server/base/masking.ts';
import { readPrompt } from '#server/base/prompt.ts';
import { Refusal } from '#server/base/refusal.ts';
import { dateOf, dayOf } from '#server/base/shanghai.ts';
import { listFields as listCustomFields } from '#server/customer/custom-field-store.ts';
import { industryOf } from '#server/customer/industry.ts';
import { regionOf } from '#server/customer/region.ts';
import { listFields } from './list-fields.ts';
import { listTagNames, type Option } from './option-store.ts';
import type { fieldView, SegmentCondition, SegmentRule } from './segment-api.ts';
import { problemsOf, type RuleField } from './segment.ts';

const USE_CASE = 'draft-segment';
const TAGS_MAX = 300;
const CONDITIONS_MAX = 30;

const scalar = z.union([z.string().max(200), z.number()]);
const answeredCondition = z.object({
  field: z.string().max(80),
  operator: z.string().max(20),
  value: z.union([scalar, z.array(scalar).max(100)]).nullable(),
  words: z.string().max(300),
});
type AnsweredCondition = z.infer<typeof answeredCondition>;

/** What the model answers to prompts/draft-segment.md. A list of lists: endpoints that keep to a schema know no trees. */
export const draftAnswer = z.object({
  all: z.array(z.object({ any: z.array(answeredCondition).max(CONDITIONS_MAX) })).max(CONDITIONS_MAX),
  notUnderstood: z.array(z.string().max(300)).max(20),
});
export type DraftAnswer = z.infer<typeof draftAnswer>;

/** A rule out of a sentence, for somebody to look at. Nothing is saved or counted, and what does not fit is said. */
export async function draftSegment(
  deps: Deps,
  { memberId }: Caller,
  { sentence }: { sentence: string },
): Promise<{ rule: SegmentRule; notUnderstood: string[] }> {
  if (!deps.llm.configured) throw draftOff();
  const [fields, custom, tags] = await Promise.all([
    listFields(deps),
    listCustomFields(deps.db),
    listTagNames(deps.db),
  ]);
  const masking = makeMasking([]);
  const prompt = readPrompt(USE_CASE);
  const told = await deps.llm.ask({
    useCase: USE_CASE,
    promptVersion: prompt.version,
    temperature: prompt.temperature,
    ...prompt.render(draftQuestion({ sentence, fields, tags, masking, now: deps.now() })),
    answer: draftAnswer,
    memberId,
    isUrgent: true,
  });
  if (told.outcome === 'off') throw draftOff();
  if (!told.answer)
    throw new Refusal('segment.draft_failed', 'The model gave no usable answer. Try again, or in other words.', 503);
  return readAnswer(told.answer, { fields, custom, tags, restore: masking.unmask });
}

const draftOff = () =>
  new Refusal('segment.draft_off', 'There is no model here to draft a rule. Put it together by hand.', 503);

/** The variables of prompts/draft-segment.md. */
export function draftQuestion(given: {
  sentence: string;
  fields: readonly z.infer<typeof fieldView>[];
  tags: readonly Option[];
  masking: Masking;
  now: Date;
}) {
  const { masking } = given;
  const tags = [...new Set(given.tags.map(({ label }) => label))].slice(0, TAGS_MAX);
  return {
    today: masking.mask(today(given.now)),
    fields: asLines(given.fields.map((field) => asData(toldField(field, masking)))),
    tags: asData(tags.map((tag) => masking.mask(tag))),
    sentence: asData(masking.mask(given.sentence)),
  };
}

/** What fits of an answer, as a rule; of the rest, the words. */
function readAnswer(
  answer: DraftAnswer,
  known: {
    fields: readonly z.infer<typeof fieldView>[];
    custom: readonly RuleField[];
    tags: readonly Option[];
    restore: (text: string) => string;
  },
): { rule: SegmentRule; notUnderstood: string[] } {
  const notUnderstood = answer.notUnderstood.map(known.restore);
  const groups = answer.all.map(({ any }) => {
    const read = any.map((answered) => readCondition(answered, known));
    // Of alternatives all must be understood: fewer would take in fewer people than the sentence says.
    if (read.every((condition) => condition !== null)) return read;
    notUnderstood.push(...any.map(({ words }) => known.restore(words)).filter((words) => words.trim() !== ''));
    return [];
  });
  const rules = groups.flatMap((group): SegmentRule[] => {
    const [first] = group;
    if (!first) return [];
    return group.length === 1 ? [first] : [{ any: group }];
  });
  return { rule: { all: rules }, notUnderstood: [...new Set(notUnderstood)] };
}

function readCondition(
  { field, operator, value }: AnsweredCondition,
  known: Parameters<typeof readAnswer>[1],
): SegmentCondition | null {
  const asked: SegmentCondition = {
    field,
    operator,
    ...(value === null ? {} : { value: valueOf(field, operator, value, known) }),
  };
  return problemsOf(asked, known.custom).length === 0 ? asked : null;
}

/** The model knows names, a rule ids and codes. What is no name stays as it is, and is refused or not. */
function valueOf(
  field: string,
  operator: string,
  value: NonNullable<AnsweredCondition['value']>,
  { fields, tags, restore }: Parameters<typeof readAnswer>[1],
): SegmentCondition['value'] {
  const restored = (one: string | number) => (typeof one === 'string' ? restore(one) : one);
  if (operator !== 'is_any' && operator !== 'is_none')
    return Array.isArray(value) ? value.map(restored) : restored(value);
  const options = field === 'follow.tag' ? tags : (fields.find((each) => each.field === field)?.options ?? []);
  return [value].flat().flatMap((one): (string | number)[] => {
    const name = String(restored(one)).trim();
    if (field === 'customer.region') return [regionOf(name) ?? name];
    if (field === 'customer.industry') return [industryOf(name) ?? name];
    const named = options.filter((option) => option.value === restored(one) || option.label === name);
    return named.length > 0 ? named.map((option) => option.value) : [restored(one)];
  });
}

/** Ids say nothing to a model, and names of colleagues are not its business. */
function toldField({ field, type, label, options }: z.infer<typeof fieldView>, masking: Masking) {
  const values = options?.every((option) => String(option.value) === option.label)
    ? options.slice(0, 50).map(({ value }) => (typeof value === 'string' ? masking.mask(value) : value))
    : undefined;
  return {
    field: masking.mask(field),
    type,
    ...(label === null ? {} : { label: masking.mask(label) }),
    ...(values?.length ? { values } : {}),
  };
}

function today(now: Date): string {
  const { year, month, date } = dateOf(dayOf(now));
  return [year, ...[month, date].map((part) => String(part).padStart(2, '0'))].join('-');
}
