import { resolveDuePhrase } from '#server/task/due-phrase.ts';
import { isMachineTalk } from './machine-talk.ts';
import { saysSignal } from './signal-evidence.ts';
import type { Citation, SignalKind, SummaryAnswer } from './summary-answer.ts';
import type { ReadableMessage, StoredSignal, StoredStatement } from './summary.ts';

export interface CheckedAnswer {
  statements: StoredStatement[];
  signals: StoredSignal[];
  tagNames: string[];
  replyDraft: string | null;
  /** Statements and signals left without a true quote. */
  droppedCount: number;
}

interface Sources {
  byShortId: ReadonlyMap<string, ReadableMessage>;
  tagNames: readonly string[];
  /** Puts back what was hidden from the model. */
  restore(masked: string): string;
}

interface Found {
  message: ReadableMessage;
  quote: string;
}

const TAGS_MAX = 8;
const KINDS_A_MESSAGE_MAX = 4;

/**
 * What of an answer may be shown: a statement stays when a piece of a message says it, letter by letter, and that message
 * is from the side it speaks of. Everything else is dropped and counted.
 */
export function checkAnswer(answer: SummaryAnswer, sources: Sources): CheckedAnswer {
  const statements = answer.statements.map((said) => {
    const found = said.quotes.flatMap((citation) => findQuote(citation, sources) ?? []);
    return statementOf(said, found, sources);
  });
  const signals = answer.signals.map(({ signal, quotes }) => {
    const found = quotes.flatMap((citation) => findQuote(citation, sources) ?? []);
    return { signal, quotes: found.filter((one) => isSignal(signal, one, sources)).map(asQuote) };
  });
  const kept = <T>(all: readonly (T | null)[]) => all.filter((one) => one !== null);
  const goodStatements = kept(statements);
  const goodSignals = withinReason(signals.filter(({ quotes }) => quotes.length > 0));
  return {
    statements: withoutRepeats(goodStatements),
    signals: goodSignals,
    tagNames: [...new Set(answer.suggestedTags.map((name) => sources.restore(name)))]
      .filter((name) => sources.tagNames.includes(name))
      .slice(0, TAGS_MAX),
    replyDraft: answer.replyDraft === null ? null : sources.restore(answer.replyDraft).trim() || null,
    droppedCount: statements.length - goodStatements.length + signals.length - goodSignals.length,
  };
}

/** Null unless the quote stands in the message it names. */
function findQuote({ messageId, quote }: Citation, { byShortId, restore }: Sources): Found | null {
  const message = byShortId.get(messageId);
  const original = restore(quote).trim();
  if (!message || !message.text.includes(original)) return null;
  // One letter stands in nearly every message: it proves nothing unless it is all that was said.
  const saysSomething = /[\p{L}\p{N}]/u.test(original) && (original.length > 1 || message.text.trim() === original);
  return saysSomething ? { message, quote: original } : null;
}

/** A true quote is not enough: it must be the customer's, be meant for the seller, and say what the signal claims. */
function isSignal(signal: SignalKind, { message, quote }: Found, { byShortId }: Sources): boolean {
  if (message.sender !== 'contact' || isMachineTalk(message.text)) return false;
  const all = [...byShortId.values()];
  return saysSignal(signal, quote, all[all.indexOf(message) - 1] ?? null);
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

function statementOf(
  said: SummaryAnswer['statements'][number],
  found: Found[],
  { restore }: Sources,
): StoredStatement | null {
  const text = restore(said.text);
  if (said.kind !== 'promise') {
    return found.length > 0 ? { kind: said.kind, text, quotes: found.map(asQuote) } : null;
  }
  const who = said.who ?? found[0]?.message.sender;
  const theirs = found.filter(({ message }) => message.sender === who);
  const [first] = theirs;
  if (!who || !first) return null;
  return { kind: 'promise', text, quotes: theirs.map(asQuote), who, dueAt: dueAtOf(restore(said.when ?? ''), first) };
}

/** The words for the time must be the chat's own; without them the quote is read for a time itself. */
function dueAtOf(when: string, { message, quote }: Found): string | null {
  const phrase = when !== '' && message.text.includes(when) ? when : quote;
  return resolveDuePhrase(phrase, message.at)?.toISOString() ?? null;
}

const asQuote = ({ message, quote }: Found) => ({ messageId: message.id, quote, at: message.at.toISOString() });

function withoutRepeats(statements: StoredStatement[]): StoredStatement[] {
  const seen = new Set<string>();
  return statements.filter(({ kind, text }) => {
    const key = `${kind} ${text}`;
    return !seen.has(key) && seen.add(key);
  });
}
