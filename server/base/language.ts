/** A shorter text is a name, a number or a word, and of no language. */
const LETTERS_MIN = 20;
/** Product names and abbreviations are nothing strange; their letters are many for what they say. */
const CHINESE_MIN = 0.3;

/** Whether people who read Chinese can read it. */
export function isChinese(text: string): boolean {
  const count = (letters: RegExp) => text.match(letters)?.length ?? 0;
  const all = count(/\p{L}/gu);
  if (all < LETTERS_MIN) return true;
  const chinese = count(/\p{Script=Han}/gu);
  // Japanese has Chinese characters too.
  const kana = count(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu);
  return chinese / all >= CHINESE_MIN && kana < chinese / 5;
}
