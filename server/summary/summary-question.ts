import { asData, asLines, type MaskedText, type Masking } from '#server/base/masking.ts';
import { dateOf, dayOf, weekdayOf } from '#server/base/shanghai.ts';
import type { ReadableMessage } from './summary.ts';

const MESSAGE_CHARS_MAX = 1000;
const CHAT_CHARS_MAX = 16_000;
const TAGS_MAX = 300;

export interface SummaryQuestion {
  /** Of prompts/summarise-conversation.md. */
  variables: Record<'today' | 'memberName' | 'contactName' | 'tags' | 'messages', MaskedText>;
  /** The messages by the short ids the model knows them by. */
  byShortId: ReadonlyMap<string, ReadableMessage>;
}

/** What the model is given to read: the newest messages that fit, personal data hidden. `messages` are old to new. */
export function summaryQuestion(given: {
  messages: readonly ReadableMessage[];
  memberName: string;
  contactName: string;
  tagNames: readonly string[];
  masking: Masking;
  now: Date;
}): SummaryQuestion {
  const { masking } = given;
  const contactName = nameOf(masking, given.contactName, '客户');
  const memberName = nameOf(masking, given.memberName, '销售');
  const newest = thatFit(
    given.messages.map((message) => ({ message, text: masking.mask(message.text, MESSAGE_CHARS_MAX) })),
  );

  const byShortId = new Map<string, ReadableMessage>();
  const lines = newest.map(({ message, text }, at) => {
    const id = `m${at + 1}` as const;
    byShortId.set(id, message);
    return asData({ id, sender: message.sender, time: masking.mask(clock(message.at)), text });
  });
  return {
    variables: {
      today: masking.mask(today(given.now)),
      memberName,
      contactName,
      tags: asData(given.tagNames.slice(0, TAGS_MAX).map((name) => masking.mask(name))),
      messages: asLines(lines),
    },
    byShortId,
  };
}

function thatFit<T extends { text: string }>(all: readonly T[]): T[] {
  let left = CHAT_CHARS_MAX;
  const tooOld = all.findLastIndex(({ text }) => (left -= text.length) < 0);
  return all.slice(tooOld + 1);
}

/** A name too short to be hidden is not told at all. */
function nameOf(masking: Masking, name: string, instead: string): MaskedText {
  const masked = masking.mask(name.trim());
  return masked === name.trim() ? masking.mask(instead) : masked;
}

const weekdays = ['一', '二', '三', '四', '五', '六', '日'];
const two = (value: number) => String(value).padStart(2, '0');

function today(now: Date): string {
  const day = dayOf(now);
  const { year, month, date } = dateOf(day);
  return `${year}-${two(month)}-${two(date)} 星期${weekdays[weekdayOf(day) - 1] ?? ''}`;
}

const inShanghai = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  dateStyle: 'short',
  timeStyle: 'short',
});
const clock = (at: Date) => inShanghai.format(at);
