import type { PassageView } from '#server/knowledge/knowledge-api.ts';
import { asData, asLines, hiddenName, type MaskedText, type Masking } from '#server/base/masking.ts';
import { dateOf, dayOf, weekdayOf } from '#server/base/shanghai.ts';
import type { DraftStyle } from './summary-api.ts';
import type { ReadableMessage } from './summary.ts';

const MESSAGE_CHARS_MAX = 600;
const CHAT_CHARS_MAX = 6000;
const PASSAGE_CHARS_MAX = 600;
const EXAMPLE_CHARS_MAX = 200;
const DRAFT_CHARS_MAX = 1000;
const ASKED_CHARS_MAX = 400;

/** Of prompts/draft-reply.md. */
export type DraftVariables = Record<
  'today' | 'memberName' | 'contactName' | 'style' | 'examples' | 'passages' | 'messages' | 'draft',
  MaskedText
>;

/** What the model is given to draft a reply from, personal data hidden. `messages` are old to new. */
export function draftReplyQuestion(given: {
  style: DraftStyle;
  messages: readonly ReadableMessage[];
  passages: readonly PassageView[];
  /** How the company writes. */
  examples: readonly string[];
  /** What stands in the field now. */
  draft: string;
  memberName: string;
  contactName: string;
  masking: Masking;
  now: Date;
}): DraftVariables {
  const { masking } = given;
  const newest = thatFit(
    given.messages.map(({ sender, text }) => ({ sender, text: masking.mask(text, MESSAGE_CHARS_MAX) })),
  );
  return {
    today: masking.mask(today(given.now)),
    memberName: hiddenName(masking, given.memberName) ?? masking.mask('销售'),
    contactName: hiddenName(masking, given.contactName) ?? masking.mask('客户'),
    style: asData(given.style),
    examples: asLines(given.examples.map((text) => asData({ text: masking.mask(text, EXAMPLE_CHARS_MAX) }))),
    passages: asLines(
      given.passages.map(({ title, headings, text }, at) =>
        asData({
          id: passageId(at),
          title: masking.mask(title),
          under: headings.map((heading) => masking.mask(heading)),
          text: masking.mask(text, PASSAGE_CHARS_MAX),
        }),
      ),
    ),
    messages: asLines(newest.map((message) => asData(message))),
    draft: asData({ text: masking.mask(given.draft, DRAFT_CHARS_MAX) }),
  };
}

/** The short id the model knows a passage by. */
export const passageId = (at: number) => `k${at + 1}` as `k${number}`;

/** What the customer has said since the seller last spoke, or at the end: what a reply has to answer. */
export function askedOf(messages: readonly ReadableMessage[]): string {
  const spoken = messages.findLastIndex(({ sender }) => sender === 'member');
  const since = messages.slice(spoken + 1);
  const asked = since.length > 0 ? since : messages.filter(({ sender }) => sender === 'contact').slice(-2);
  return asked
    .map(({ text }) => text)
    .join('\n')
    .slice(-ASKED_CHARS_MAX);
}

/** How something was said, without whom and how much it was said of: the figures of one customer are no other's. */
export function voiceOf(masked: string): string {
  return masked.replaceAll(/【[^】]{1,12}】/g, '…').replaceAll(/\d/g, '×');
}

function thatFit<T extends { text: string }>(all: readonly T[]): T[] {
  let left = CHAT_CHARS_MAX;
  const tooOld = all.findLastIndex(({ text }) => (left -= text.length) < 0);
  return all.slice(tooOld + 1);
}

const weekdays = ['一', '二', '三', '四', '五', '六', '日'];
const two = (value: number) => String(value).padStart(2, '0');

function today(now: Date): string {
  const day = dayOf(now);
  const { year, month, date } = dateOf(day);
  return `${year}-${two(month)}-${two(date)} 星期${weekdays[weekdayOf(day) - 1] ?? ''}`;
}
