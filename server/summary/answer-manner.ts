/** A model that speaks of itself, or declines, has stated nothing. */
const refusal =
  /(?:作为|身为|我是)(?:一[个名位款]|您的)?(?:AI|人工智能|智能助手|语言模型|大模型|助手模型)|(?:抱歉|对不起|很遗憾)[,，]?我(?:不能|无法|没办法)(?:协助|帮助|提供|回答|处理|满足|完成|继续)|我(?:不能|无法)(?:协助|回答|满足|完成)(?:您的|你的|这个|此)?(?:请求|要求|问题)|\bas an ai\b|\bi(?:'m| am) sorry,? but i\b|\bi can(?:'|no)t (?:assist|help|comply)\b/i;

export const isRefusal = (text: string) => refusal.test(text.normalize('NFKC'));

const hanLetters = /\p{Script=Han}/gu;
const otherScripts =
  /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Thai}]/gu;
const latinWords = /[a-z]{2,}/gi;
const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

/** Words of other languages among those of a text, by Chinese letters; names of products and units are no language. */
function scriptsIn(text: string): { chinese: number; latin: number; other: number } {
  return { chinese: count(text, hanLetters), latin: count(text, latinWords), other: count(text, otherScripts) };
}

/** Where people speak Chinese, Chinese is answered. */
export function isInLanguageOf(text: string, said: readonly { text: string }[]): boolean {
  const chat = scriptsIn(said.map((one) => one.text).join('\n'));
  if (chat.chinese === 0 || chat.chinese < chat.latin + chat.other) return true;
  const { chinese, latin, other } = scriptsIn(text);
  return latin * 2 <= chinese * 5 && other * 4 <= chinese;
}
