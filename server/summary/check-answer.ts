import { oneLine } from '#server/base/masking.ts';
import type { PassageView } from '#server/knowledge/knowledge-api.ts';
import { resolveDuePhrase } from '#server/task/due-phrase.ts';
import { isInLanguageOf, isRefusal } from './answer-manner.ts';
import { proveFacts } from './fact.ts';
import { isMachineTalk } from './machine-talk.ts';
import { mannerOf, saysSignal } from './signal-evidence.ts';
import type { DraftSource } from './summary-api.ts';
import { PASSAGE_CHARS_MAX } from './summary-question.ts';
import { signalWords, statementWords, type SignalKind, type SummaryAnswer } from './summary-answer.ts';
import type { ReadableMessage, StoredSignal, StoredStatement } from './summary.ts';

export interface CheckedAnswer {
  statements: StoredStatement[];
  /** Known statements in their new words, by the short ids they were told under. */
  updates: Map<string, StoredStatement>;
  /** Short ids of known statements that a new message takes back. */
  gone: Set<string>;
  signals: StoredSignal[];
  tagNames: string[];
  replyDraft: string | null;
  /** What the reply rests on beside the chat. */
  replySources: DraftSource[];
  /** What was said without proof: statements, changes, signals, a reply with numbers nobody named. */
  droppedCount: number;
  /** Something was said, and nothing of it holds. */
  isWorthless: boolean;
}

export interface Sources {
  byShortId: ReadonlyMap<string, ReadableMessage>;
  unreadIds: ReadonlySet<string>;
  knownByShortId: ReadonlyMap<string, StoredStatement>;
  passages: ReadonlyMap<string, PassageView>;
  tagNames: readonly string[];
  /** Names the record knows. */
  names: readonly string[];
  /** Puts back what was hidden from the model. */
  restore(masked: string): string;
  /** The text speaks of hidden data this question never held. */
  hasForeign(masked: string): boolean;
}

interface Found {
  message: ReadableMessage;
  quote: string;
}

const TAGS_MAX = 8;
const QUOTES_MAX = 3;
const TEXT_CHARS_MAX = 120;
const QUOTE_CHARS_MAX = 300;
const REPLY_CHARS_MAX = 400;
const KINDS_A_MESSAGE_MAX = 4;

/**
 * What of an answer may be shown: a statement stays when a piece of a message says it, letter by letter, when every
 * number, date and name in it is in that message, and that message is from the side it speaks of. Everything else is
 * dropped and counted.
 */
export function checkAnswer(answer: SummaryAnswer, sources: Sources): CheckedAnswer {
  // What is known is changed by what was said to the seller since, not by orders to whoever reads along.
  const isNew = ({ message }: Found) => sources.unreadIds.has(message.id) && !isOrder(message);
  const statements = answer.s.map(({ k, t, q }) =>
    statementOf({ kind: statementWords[k], who: sideOf[k], text: t }, foundIn(q, sources), sources),
  );
  const updates = answer.u.map(({ o, t, q }) => {
    const known = sources.knownByShortId.get(o);
    const found = foundIn(q, sources);
    if (!known || !found.some(isNew)) return null;
    const updated = statementOf({ kind: known.kind, who: known.who, text: t }, found, sources);
    return updated && ([o, updated] as const);
  });
  const gone = answer.x.map(({ o, q }) =>
    sources.knownByShortId.has(o) && foundIn(q, sources).some(isNew) ? o : null,
  );
  const signals = answer.g.map(({ k, q }) => {
    const signal = signalWords[k];
    const theirs = foundIn(q, sources).filter((one) => isSignal(signal, one, sources));
    return theirs.length > 0 ? { signal, quotes: theirs.map((one) => asProof(signal, one, sources)) } : null;
  });
  const goodSignals = withinReason(signals.filter((one) => one !== null));
  const reply = answer.r === null || answer.r.trim() === '' ? null : answer.r.trim();
  const cited = [...new Set(answer.rk)].flatMap((id) => sources.passages.get(id) ?? []);
  const replyDraft = reply === null ? null : replyOf(reply, cited, sources);

  const kept = <T>(all: readonly (T | null)[]) => all.filter((one) => one !== null);
  const rest = [...statements, ...updates, ...gone];
  const keptCount = kept<unknown>(rest).length + goodSignals.length;
  const droppedCount = rest.length + signals.length - keptCount + (reply !== null && replyDraft === null ? 1 : 0);
  return {
    statements: withoutRepeats(kept(statements)),
    updates: new Map(kept(updates)),
    gone: new Set(kept(gone)),
    signals: goodSignals,
    tagNames: [...new Set(answer.tags.map((name) => sources.restore(name)))]
      .filter((name) => sources.tagNames.includes(name))
      .slice(0, TAGS_MAX),
    replyDraft,
    replySources: replyDraft === null ? [] : cited.map(asSource),
    droppedCount,
    isWorthless: droppedCount > 0 && keptCount === 0 && replyDraft === null,
  };
}

const citation = /^\s*\[?([cm]\d{1,5})\]?\s*[:：]\s*([\s\S]*)$/;

const foundIn = (quotes: readonly string[], sources: Sources) =>
  quotes.flatMap((cited) => findQuote(cited, sources) ?? []).slice(0, QUOTES_MAX);

/** Null unless the quote stands in the message it names. The piece is cut out of what was said, not out of the answer. */
function findQuote(cited: string, { byShortId, restore }: Sources): Found | null {
  const [, id = '', told = ''] = citation.exec(cited) ?? [];
  const message = byShortId.get(id);
  const wanted = oneLine(restore(told)).trim();
  if (!message || wanted === '') return null;
  const start = oneLine(message.text).indexOf(wanted);
  if (start < 0) return null;
  const quote = message.text.slice(start, start + Math.min(wanted.length, QUOTE_CHARS_MAX));
  // One letter stands in nearly every message: it proves nothing unless it is all that was said.
  const saysSomething = /[\p{L}\p{N}]/u.test(quote) && (quote.length > 1 || message.text.trim() === quote);
  return saysSomething ? { message, quote } : null;
}

/** A true quote is not enough: it must be the customer's, be meant for the seller, and say what the signal claims. */
function isSignal(signal: SignalKind, { message, quote }: Found, { byShortId }: Sources): boolean {
  if (message.sender !== 'contact' || isOrder(message)) return false;
  const all = [...byShortId.values()];
  return saysSignal(signal, quote, all[all.indexOf(message) - 1] ?? null);
}

function asProof(signal: SignalKind, found: Found, { byShortId }: Sources): StoredSignal['quotes'][number] {
  const all = [...byShortId.values()];
  const at = all.indexOf(found.message);
  const start = all.slice(0, at).findLastIndex(({ sender }) => sender === 'member') + 1;
  const next = all.slice(at).findIndex(({ sender }) => sender === 'member');
  const turn = all.slice(start, next < 0 ? undefined : at + next).map(({ text }) => text);
  const manner = mannerOf(signal, found.message.text, { turn, question: all[start - 1]?.text ?? null });
  return manner === 'plain' ? asQuote(found) : { ...asQuote(found), manner };
}

/** One message speaks for a few kinds of signal at most, however much is read into it. */
function withinReason(signals: StoredSignal[]): StoredSignal[] {
  const kinds = new Map<string, Set<SignalKind>>();
  return signals.flatMap(({ signal, quotes }) => {
    const kept = quotes.filter(({ messageId }) => {
      const known = kinds.get(messageId) ?? new Set();
      kinds.set(messageId, known);
      return known.has(signal) || (known.size < KINDS_A_MESSAGE_MAX && known.add(signal));
    });
    return kept.length > 0 ? [{ signal, quotes: kept }] : [];
  });
}

const sideOf: Partial<Record<string, 'member' | 'contact'>> = { ours: 'member', theirs: 'contact' };

function statementOf(
  told: { kind: StoredStatement['kind']; who: 'member' | 'contact' | undefined; text: string },
  found: Found[],
  sources: Sources,
): StoredStatement | null {
  const { kind, who } = told;
  const text = sources.restore(told.text);
  // Whoever says it promises it.
  const proof = kind === 'promise' ? found.filter((one) => isPromisedBy(who, one)) : found;
  if (proof.length === 0 || text.length > TEXT_CHARS_MAX || sources.hasForeign(told.text)) return null;
  const said = proof.map(({ message }) => message);
  if (isRefusal(text) || !isInLanguageOf(text, said)) return null;
  const { isProven, computed } = proveFacts(text, said, { names: sources.names, isSuggestion: kind === 'next_step' });
  if (!isProven) return null;
  const proven = { kind, text, quotes: proof.map(asQuote), ...(computed.length > 0 ? { computed } : {}) };
  if (kind !== 'promise' || who === undefined) return proven;
  return { ...proven, who, dueAt: dueAtOf(proof) };
}

const isPromisedBy = (who: 'member' | 'contact' | undefined, { message }: Found) =>
  message.sender === who && !isOrder(message);

const isOrder = ({ sender, text }: ReadableMessage) => sender === 'contact' && isMachineTalk(text);

/** The first time the quotes name. */
function dueAtOf(found: readonly Found[]): string | null {
  for (const { message, quote } of found) {
    const due = resolveDuePhrase(quote, message.at);
    if (due) return due.toISOString();
  }
  return null;
}

/** A number nobody named is not offered to anybody. Days are: the rep is shown them as something to check. */
function replyOf(told: string, cited: readonly PassageView[], sources: Sources): string | null {
  const text = sources.restore(told);
  if (text.length > REPLY_CHARS_MAX || sources.hasForeign(told) || isRefusal(text)) return null;
  const said = [...sources.byShortId.values()];
  const known = [...sources.knownByShortId.values()].flatMap(({ text: from, quotes }) =>
    [from, ...quotes.map(({ quote }) => quote)].map((words) => ({ text: words, at: new Date(quotes[0]?.at ?? 0) })),
  );
  const now = said.at(-1)?.at ?? new Date(0);
  const written = cited.map(({ title, headings, text: from }) => ({
    text: [title, ...headings, from].join('\n'),
    at: now,
  }));
  const { isProven } = proveFacts(text, [...said, ...known, ...written], { names: sources.names, isSuggestion: true });
  return isProven && isInLanguageOf(text, said) ? text : null;
}

const asSource = ({ from, id, title, text }: PassageView): DraftSource => ({
  from,
  id,
  title,
  text: text.slice(0, PASSAGE_CHARS_MAX),
});

const asQuote = ({ message, quote }: Found) => ({ messageId: message.id, quote, at: message.at.toISOString() });

function withoutRepeats(statements: StoredStatement[]): StoredStatement[] {
  const seen = new Set<string>();
  return statements.filter(({ kind, text }) => {
    const key = `${kind} ${text}`;
    return !seen.has(key) && seen.add(key);
  });
}
