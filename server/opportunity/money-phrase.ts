/**
 * Amounts of yuan as people type them (5 万, 12,800 元, 二十万左右), in fen. Null unless the text names exactly one whole
 * sum: a range, a price for each piece, another currency or a guess (十几万, 三四万) is for a person to read.
 */
export function amountIn(text: string): number | null {
  const plain = normalise(text);
  if (isUnclear.test(plain)) return null;
  const sums = new Set([...plain.matchAll(sumPattern)].map(({ groups }) => fenOf(groups ?? {})));
  const [only, ...others] = sums;
  return only === undefined || others.length > 0 ? null : only;
}

const FEN_MAX = 1_000_000_000_000;

/** Full-width forms, spaces and the commas between thousands away. */
function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(?<=\d),(?=\d{3}(?!\d))/g, '')
    .replace(/\s+/g, '');
}

const numeral = String.raw`(?:\d+(?:\.\d+)?|[零一二两三四五六七八九十百千]+)`;
const scale = String.raw`(?:百万|千万|万|w|亿|千|k|百)`;

/** Ranges, guesses, bounds from below, prices of one piece, other money. */
const isUnclear = new RegExp(
  [
    String.raw`${numeral}${scale}?(?:元|块)?(?:-|~|–|—|至|到|或)(?:\d|[一二两三四五六七八九十])`,
    // 三四万, 十几万, 好几万, 十来万, 五万多.
    String.raw`(?<![十百千])[一二三四五六七八九][二三四五六七八九](?=[十百千万亿])|[几数来](?=[十百千万亿])|${scale}[多来几]`,
    String.raw`以上|至少|起步|起订|不低于|(?<!不)超过|不止`,
    String.raw`(?:每|一)(?:个|人|台|套|件|月|天|位|用户|账号)|(?:元|块|${scale})(?:\/|一|每)(?:个|人|台|套|件|月|天|位|米|吨|斤|公斤|平)`,
    String.raw`美元|美金|usd|\$|欧元|eur|€|英镑|£|日元|港币|港元|hkd`,
  ].join('|'),
);

/** With 元 or 块, after ¥, or with a scale that counts nothing else: 5 万台 is no money. */
const sumPattern = new RegExp(
  String.raw`(?<![\d.零一二两三四五六七八九十百千])(?:` +
    String.raw`(?<a>${numeral})(?<as>${scale})?(?<atail>\d千?|[一二三四五六七八九]千?)?(?:元|块钱?|rmb|人民币)(?!\/)` +
    String.raw`|[¥￥](?<b>\d+(?:\.\d+)?)(?<bs>${scale})?` +
    String.raw`|(?<c>${numeral})(?<cs>万|w|亿|百万|千万)(?<ctail>\d千?|[一二三四五六七八九]千?)?(?![\da-z人台个件套次户家条张吨米里字位份用粉点平公])` +
    String.raw`)`,
  'g',
);

const scales: Record<string, number> = {
  百: 100,
  千: 1000,
  k: 1000,
  万: 10_000,
  w: 10_000,
  百万: 1_000_000,
  千万: 10_000_000,
  亿: 100_000_000,
};

function fenOf(groups: Record<string, string | undefined>): number | undefined {
  const number = groups['a'] ?? groups['b'] ?? groups['c'] ?? '';
  const unit = groups['as'] ?? groups['bs'] ?? groups['cs'] ?? '';
  const tail = groups['atail'] ?? groups['ctail'];
  const scaled = valueOf(number) * (scales[unit] ?? 1);
  // 12万8 is 128,000: the digit counts the next smaller unit.
  const more = tail ? valueOf(tail.replace('千', '')) * ((scales[unit] ?? 0) / 10) : 0;
  const fen = Math.round((scaled + more) * 100);
  return fen > 0 && fen <= FEN_MAX ? fen : undefined;
}

const digits = '零一二三四五六七八九';
const units: Record<string, number> = { 十: 10, 百: 100, 千: 1000 };

/** 12.5, 十二, 一百二十, 两千. */
function valueOf(numeral: string): number {
  if (/^\d/.test(numeral)) return Number(numeral);
  let sum = 0;
  let digit = 0;
  for (const sign of numeral.replace(/两/g, '二')) {
    const unit = units[sign];
    if (unit === undefined) digit = digits.indexOf(sign);
    else {
      sum += (digit || 1) * unit;
      digit = 0;
    }
  }
  return sum + digit;
}
