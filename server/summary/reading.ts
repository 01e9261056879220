import type { ReadableMessage, StoredStatement } from './summary.ts';

export const MESSAGE_CHARS_MAX = 1000;
const CHAT_CHARS_MAX = 16_000;
const CONTEXT_MAX = 3;
const CONTEXT_CHARS_MAX = 200;

/** What was made of the conversation before. */
export interface Prior {
  promptVersion: string;
  readMessageIds: readonly string[];
  statements: readonly StoredStatement[];
}

export interface Reading {
  /** Nobody has read them yet; old to new. */
  unread: ReadableMessage[];
  /** Read before, and told again so that the new ones make sense. */
  context: ReadableMessage[];
  /** Everything is read again: nothing was before, the prompt has changed, or somebody asked for it. */
  isAnew: boolean;
}

/**
 * What of a conversation is to be read now. A message counts as unread by its id, not by its time: one that comes late
 * with an older time is read too. `messages` are the newest the model may read, old to new.
 */
export function readingOf(given: {
  messages: readonly ReadableMessage[];
  prior: Prior | null;
  promptVersion: string;
  isAskedFor: boolean;
}): Reading {
  const { prior, promptVersion, isAskedFor } = given;
  const spoken = given.messages.filter(({ text }) => text.trim() !== '');
  const read = new Set(prior?.readMessageIds);
  const isNew = ({ id }: ReadableMessage) => !read.has(id);
  const isAnew =
    !prior || read.size === 0 || prior.promptVersion !== promptVersion || (isAskedFor && !spoken.some(isNew));
  if (isAnew) return { unread: thatFit(spoken, CHAT_CHARS_MAX), context: [], isAnew };
  const unread = thatFit(spoken.filter(isNew), CHAT_CHARS_MAX);
  const first = unread[0] ? spoken.indexOf(unread[0]) : spoken.length;
  const before = spoken.slice(0, first).filter((message) => !isNew(message));
  return { unread, context: thatFit(before.slice(-CONTEXT_MAX), CONTEXT_CHARS_MAX), isAnew };
}

/** The newest that fit. */
function thatFit(all: readonly ReadableMessage[], charsMax: number): ReadableMessage[] {
  let left = charsMax;
  const tooOld = all.findLastIndex(({ text }) => (left -= Math.min(text.length, MESSAGE_CHARS_MAX)) < 0);
  return all.slice(tooOld + 1);
}
