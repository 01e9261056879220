import { guessedTokens } from '#server/base/model-call.ts';

/**
 * The product's own estimate for endpoints that count no tokens: a token for three bytes of UTF-8, so one for a Chinese
 * character. Tokenizers of today make 0.6 to 0.8 of one, in a transcript as in a prompt: ratios stay.
 */
export const tokensOf = guessedTokens;

/** What of a call an endpoint has read before: the beginning it shares with the call before it. */
export function sharedPrefix(before: string, now: string): string {
  const end = Math.min(before.length, now.length);
  let at = 0;
  while (at < end && before[at] === now[at]) at += 1;
  return now.slice(0, at);
}
