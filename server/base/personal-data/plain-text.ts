/** A text as a reader takes it, character by character, and where each character stood. */
export interface PlainText {
  /** Full-width, circled and mathematical signs as plain ones; without what has no width. */
  plain: string;
  /** As `plain`, and long numbers in digits, whether written 一三八 or 138 or l38. Of the same length. */
  digits: string;
  /** Of the character at `at` of `plain`, in the text. */
  startOf(at: number): number;
  endOf(at: number): number;
}

const invisible = /\p{Cf}|\p{Variation_Selector}|[\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5/u;
const needsReading = /[^\n\x20-\x7e\u3400-\u9fff\u3001-\u301b]/u;

export function readPlain(text: string): PlainText {
  if (!needsReading.test(text))
    return { plain: text, digits: inDigits(text), startOf: (at) => at, endOf: (at) => at + 1 };
  let plain = '';
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const sign of text) {
    const read = readSign(sign);
    for (let unit = 0; unit < read.length; unit += 1) {
      starts.push(at);
      ends.push(at + sign.length);
    }
    plain += read;
    at += sign.length;
  }
  return {
    plain,
    digits: inDigits(plain),
    startOf: (place) => starts[place] ?? text.length,
    endOf: (place) => ends[place] ?? text.length,
  };
}

function readSign(sign: string): string {
  if (!needsReading.test(sign)) return sign;
  if (invisible.test(sign)) return '';
  if (/[\s\u2800]/u.test(sign)) return ' ';
  if (/[⓪⓿🄋]/u.test(sign)) return '0';
  // Negative and double circled digits, which have no plain form in Unicode.
  const circled = /[❶-❾➊-➒⓵-⓽➀-➈]/u.test(sign) ? sign.codePointAt(0) : undefined;
  if (circled !== undefined) {
    const first = [0x2776, 0x278a, 0x24f5, 0x2780].find((start) => circled >= start && circled <= start + 8) ?? circled;
    return String(circled - first + 1);
  }
  const read = sign.normalize('NFKC');
  const numbered = /^[(（]?(\d{1,2})[.)）]?$/.exec(read)?.[1];
  return numbered ?? read;
}

const spoken = new Map([
  ...[...'〇一二三四五六七八九'].map((sign, digit) => [sign, digit] as const),
  ...[...'零壹贰叁肆伍陆柒捌玖'].map((sign, digit) => [sign, digit] as const),
  ...[...'○幺貳參肆伍陸柒捌玖'].map((sign, digit) => [sign, digit] as const),
  ...[...'洞妖两'].map((sign, at) => [sign, at] as const),
  ['o', 0],
  ['O', 0],
  ['о', 0],
  ['О', 0],
  ['l', 1],
  ['I', 1],
  ['i', 1],
  ['|', 1],
]);
const lookalikes = /[oOоОlIi|]/g;
const numeral = `(?!二[零〇][一二三][零〇一二三四五六七八九]年)[0-9〇零○一二三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖幺洞妖两${lookalikes.source.slice(1, -1)}]`;
const longNumber = new RegExp(`(?<![A-Za-z])${numeral}(?:[ ._*~/\\-–—]{0,2}${numeral})*(?![A-Za-z])`, 'g');

/** Shorter ones are prices, floors and years, and their words stay words. */
const NUMERALS_MIN = 10;

function inDigits(plain: string): string {
  return plain.replace(longNumber, (run) => {
    const signs = run.replace(/[ ._*~/\-–—]/g, '');
    const letters = signs.match(lookalikes)?.length ?? 0;
    if (signs.length < NUMERALS_MIN || letters * 2 > signs.length) return run;
    return [...run].map((sign) => String(spoken.get(sign) ?? sign)).join('');
  });
}
