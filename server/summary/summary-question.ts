import { HOUR_MS } from '#server/base/duration.ts';
import { asData, asLine, asLines, hiddenName, told, type MaskedText, type Masking } from '#server/base/masking.ts';
import { dateOf, dayOf, shanghaiTime, weekdayOf } from '#server/base/shanghai.ts';
import type { PassageView } from '#server/knowledge/knowledge-api.ts';
import { MESSAGE_CHARS_MAX, type Reading } from './reading.ts';
import { statementWords } from './summary-answer.ts';
import type { ReadableMessage, StoredStatement } from './summary.ts';

const TAGS_MAX = 300;
export const PASSAGE_CHARS_MAX = 300;
/** A pause this long is worth telling when it was. */
const PAUSE_MS = HOUR_MS;

export interface SummaryQuestion {
  /** Of prompts/summarise-conversation.md. `tags` alone stands in the part that is the same for every conversation. */
  variables: Record<'tags' | 'today' | 'people' | 'known' | 'passages' | 'messages', MaskedText>;
  /** The messages by the short ids the model knows them by: c1 is the contact's, m2 the member's. */
  byShortId: ReadonlyMap<string, ReadableMessage>;
  /** Ids of those the model has not read before. */
  unreadIds: ReadonlySet<string>;
  /** Statements of before by their short ids. */
  knownByShortId: ReadonlyMap<string, StoredStatement>;
  /** What the company's documents say about the open question, by short ids. */
  passages: ReadonlyMap<string, PassageView>;
}

/**
 * What the model is given to read: the company's tags, what is known, and the messages, personal data hidden. Sorted and
 * laid out so that all but the conversation itself is the same from call to call, byte for byte: endpoints charge a
 * tenth for what they have read before.
 */
export function summaryQuestion(given: {
  reading: Reading;
  /** What is known already and may be told. */
  known: readonly StoredStatement[];
  passages?: readonly PassageView[];
  memberName: string;
  contactName: string;
  tagNames: readonly string[];
  masking: Masking;
  now: Date;
}): SummaryQuestion {
  const { masking, reading } = given;
  const contactName = hiddenName(masking, given.contactName);
  const memberName = hiddenName(masking, given.memberName);
  const byShortId = new Map<string, ReadableMessage>();
  let last: Date | null = null;
  const linesOf = (messages: readonly ReadableMessage[]) =>
    messages.flatMap((message) => {
      const { sender, at, text } = message;
      const id = `${sender === 'contact' ? 'c' : 'm'}${byShortId.size + 1}`;
      byShortId.set(id, message);
      const line = told`${masking.mask(id)} ${asLine(masking.mask(text, MESSAGE_CHARS_MAX))}`;
      const isLater = last === null || dayOf(at) !== dayOf(last) || at.getTime() - last.getTime() > PAUSE_MS;
      last = at;
      return isLater ? [told`@${masking.mask(clock(at))}`, line] : [line];
    });
  const context = linesOf(reading.context);
  const unread = linesOf(reading.unread);

  const knownByShortId = new Map(given.known.map((statement, at) => [`s${at + 1}`, statement]));
  const known = [...knownByShortId].map(
    ([id, statement]) =>
      told`${masking.mask(id)} ${masking.mask(wordOf(statement))} ${asLine(masking.mask(statement.text))}`,
  );
  const passages = new Map((given.passages ?? []).map((passage, at) => [`k${at + 1}`, passage]));
  const docs = [...passages].map(
    ([id, { title, text }]) =>
      told`${masking.mask(id)} ${asLine(masking.mask(title))}：${asLine(masking.mask(text, PASSAGE_CHARS_MAX))}`,
  );
  const messages = asLines(context.length > 0 ? [...context, told`--`, ...unread] : unread);
  return {
    variables: {
      tags: asData(tagsToOffer(given.tagNames, masking)),
      today: masking.mask(today(given.now)),
      people: peopleIn(messages, contactName, memberName),
      known: known.length > 0 ? told`<known>\n${asLines(known)}\n</known>` : told``,
      passages: docs.length > 0 ? told`<docs>\n${asLines(docs)}\n</docs>` : told``,
      messages,
    },
    byShortId,
    passages,
    unreadIds: new Set(reading.unread.map(({ id }) => id)),
    knownByShortId,
  };
}

/**
 * In an order that stays. A tag that holds a name of this conversation is not offered in it: hidden, it would make the
 * list another one.
 */
function tagsToOffer(names: readonly string[], masking: Masking): MaskedText[] {
  const sorted = [...new Set(names)].sort((a, b) => (a < b ? -1 : 1)).slice(0, TAGS_MAX);
  return sorted.flatMap((name) => {
    const masked = masking.mask(name);
    return masked === name ? [masked] : [];
  });
}

/** Who is who. The member is told of only where the messages name them; a name too short to be hidden is never told. */
function peopleIn(messages: MaskedText, contact: MaskedText | null, member: MaskedText | null): MaskedText {
  const isNamed = member !== null && messages.includes(member);
  if (contact && isNamed) return told`c=${contact} m=${member}`;
  if (contact) return told`c=${contact}`;
  return isNamed ? told`m=${member}` : told``;
}

const words = new Map<string, string>(Object.entries(statementWords).map(([word, kind]) => [kind, word]));

function wordOf({ kind, who }: StoredStatement): string {
  if (kind === 'promise') return who === 'member' ? 'ours' : 'theirs';
  return words.get(kind) ?? kind;
}

const weekdays = ['一', '二', '三', '四', '五', '六', '日'];
const two = (value: number) => String(value).padStart(2, '0');

function today(now: Date): string {
  const day = dayOf(now);
  const { year, month, date } = dateOf(day);
  return `${year}-${two(month)}-${two(date)} 周${weekdays[weekdayOf(day) - 1] ?? ''}`;
}

/** 03-01 10:05 */
const clock = (at: Date) => shanghaiTime(at).slice(5);
