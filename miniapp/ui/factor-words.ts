import type { ScoreView } from '#server/scoring/scoring-api.ts';
import { factorEn } from '#miniapp/i18n/factor-en.ts';
import { factorZhCN } from '#miniapp/i18n/factor-zh-CN.ts';
import { number } from '#miniapp/i18n/format.ts';
import { isMessageKey, learnWords, t, type MessageKey } from '#miniapp/i18n/i18n.ts';

learnWords({ 'zh-CN': factorZhCN, en: factorEn });

type Factor = ScoreView['factors'][number];

/** These say the same in every score there ever was. */
const always: readonly string[] = ['start', 'ceiling', 'floor', 'others'];

/** What a factor says, in the language of the page; as it was written down where the page has no words for it. */
export function factorText({ key, text, says }: Pick<Factor, 'key' | 'text' | 'says'>): string {
  const said = says ?? (always.indexOf(key) >= 0 ? { key, values: {} } : null);
  const word = `factor.${said?.key ?? ''}`;
  if (!said || !isMessageKey(word)) return text;
  const values: Record<string, string | number> = {};
  // One stays a number: it decides between the forms of a message.
  for (const [name, value] of Object.entries(said.values))
    values[name] = typeof value === 'number' && value !== 1 ? number(value) : value;
  return (t as (message: MessageKey, filling: typeof values) => string)(word, values);
}

/** What weighs most comes first, whichever way it weighs. */
export const byWeight = <Weighed extends { points: number }>(factors: readonly Weighed[]): Weighed[] =>
  [...factors].sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
