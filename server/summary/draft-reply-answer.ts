import { z } from 'zod';
import type { Masking } from '#server/base/masking.ts';
import type { PassageView } from '#server/knowledge/knowledge-api.ts';
import { isInLanguageOf, isRefusal } from './answer-manner.ts';
import { passageId } from './draft-reply-question.ts';
import { replyRisks, type ReplyRisk } from './reply-risk.ts';
import type { DraftSource } from './summary-api.ts';
import type { ReadableMessage } from './summary.ts';

export const REPLY_CHARS_MAX = 300;

/** What the model answers to prompts/draft-reply.md. */
export const draftReplyAnswer = z.object({
  text: z.string().trim().min(1).max(2000),
  used: z.array(z.string().max(20)).max(20),
});
export type DraftReplyAnswer = z.infer<typeof draftReplyAnswer>;

/** What is wrong with an answer to these messages that keeps to its form. */
export function faultOf({ text }: DraftReplyAnswer, messages: readonly ReadableMessage[]): string | null {
  if (text.length > REPLY_CHARS_MAX) return 'too long';
  if (isRefusal(text)) return 'refusal';
  return isInLanguageOf(text, messages) ? null : 'language';
}

export interface CheckedDraft {
  text: string;
  sources: DraftSource[];
  risks: ReplyRisk[];
  /** Ids of passages nobody gave, and figures nobody said. */
  droppedCount: number;
}

/**
 * A draft as it may be shown: its sources are passages the model was given, and a price, a date or a number that neither
 * they nor the seller's own words say is marked, as is every promise. What the customer wrote proves nothing of what the
 * company offers. Null for one that speaks of somebody else's hidden data.
 */
export function checkDraft(
  answer: DraftReplyAnswer,
  given: { messages: readonly ReadableMessage[]; passages: readonly PassageView[]; masking: Masking },
): CheckedDraft | null {
  const { messages, passages, masking } = given;
  if (masking.hasForeign(answer.text)) return null;
  const text = masking.unmask(answer.text).trim();
  const used = new Set(answer.used);
  const cited = passages.filter((_, at) => used.has(passageId(at)));
  const proof = plain(
    [
      ...cited.flatMap(({ title, headings, text: said }) => [title, ...headings, said]),
      ...messages.filter(({ sender }) => sender === 'member').map(({ text: said }) => said),
    ].join('\n'),
  );
  const marked = replyRisks(text).filter(({ kind, text: said }) => kind === 'promise' || !isSaid(said, proof));
  const unproven = numbersIn(text).filter(
    (number) => !hasNumber(proof, number) && !marked.some(({ text: said }) => plain(said).includes(number)),
  );
  return {
    text,
    sources: cited.map(({ from, id, title, text: said }) => ({ from, id, title, text: said })),
    risks: [...marked, ...unproven.map((number): ReplyRisk => ({ kind: 'promise', text: asWritten(text, number) }))],
    droppedCount: used.size - cited.length + marked.length + unproven.length,
  };
}

/** Widths, spaces and commas in numbers make no difference. */
const plain = (text: string) =>
  text
    .normalize('NFKC')
    .replaceAll(/(?<=\d),(?=\d{3})/g, '')
    .replaceAll(/\s+/g, '')
    .toLowerCase();

const number = /\d+(?:\.\d+)?/g;
const numbersIn = (text: string): string[] => [...new Set(plain(text).match(number) ?? [])];
/** As a whole number: 98 is not said by 19800. */
const hasNumber = (proof: string, value: string) => numbersIn(proof).includes(value);

/** Letter by letter, and no part of a larger number. */
function isSaid(said: string, proof: string): boolean {
  const words = plain(said);
  for (let at = proof.indexOf(words); at >= 0; at = proof.indexOf(words, at + 1)) {
    const isPart = /^\d/.test(words) && /[\d.]/.test(proof[at - 1] ?? '');
    const goesOn = /\d$/.test(words) && /\d/.test(proof[at + words.length] ?? '');
    if (!isPart && !goesOn) return true;
  }
  return false;
}

/** The piece of the text that holds the number, so that a screen can find it there. */
function asWritten(text: string, value: string): string {
  for (const [found] of text.matchAll(/[\d０-９][\d０-９,，.．]*/g)) {
    const written = found.replace(/[,，.．]+$/, '');
    if (plain(written) === value) return written;
  }
  return value;
}
