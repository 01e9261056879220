/** Where somebody's personal data stands in a text. */
export interface PersonalData {
  kind: '手机' | '电话' | '证件' | '银行卡' | '号码' | '邮箱' | '微信' | '车牌' | '地址' | '姓名';
  start: number;
  end: number;
}

type Span = PersonalData;

/** In no order, and they may overlap. `names` are those to look for. */
export const findPersonalData = (text: string, names: readonly string[]): PersonalData[] => [
  ...personalSpans(text),
  ...nameSpans(text, names),
];

function nameSpans(text: string, names: readonly string[]): Span[] {
  return names.flatMap((name) => {
    const spans: Span[] = [];
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length))
      spans.push({ kind: '姓名', start: at, end: at + name.length });
    return spans;
  });
}

interface Detector {
  kind: Span['kind'];
  pattern: RegExp;
  isReal?(found: string): boolean;
}

const gap = '[ \\-.\u2013]?';
const plateStart = '京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼';
/** A character of a place name: Chinese, and none of the words that stand before one. */
const placeLetter = '(?:(?![我你您他她它们的在是到来去给寄送于住址请把和跟与从往为])[\\u4e00-\\u9fa5])';

/** In order of meaning: of two that begin at the same place with the same length the first names the kind. */
const detectors: readonly Detector[] = [
  {
    kind: '证件',
    pattern: new RegExp(`(?<!\\d)\\d(?:${gap}\\d){16}${gap}[\\dXx](?![\\dA-Za-z])`, 'g'),
    isReal: isIdCard,
  },
  { kind: '手机', pattern: new RegExp(`(?<!\\d)(?:(?:\\+|00)?86[ \\-]?)?1${gap}[3-9](?:${gap}\\d){9}(?!\\d)`, 'g') },
  { kind: '银行卡', pattern: new RegExp(`(?<!\\d)\\d(?:${gap}\\d){12,18}(?!\\d)`, 'g'), isReal: isLuhn },
  { kind: '电话', pattern: /(?<!\d)(?:\(0\d{2,3}\)|0\d{2,3})[ -]?\d{7,8}(?!\d)|(?<!\d)400[ -]?\d{3}[ -]?\d{4}(?!\d)/g },
  // No price, quantity or date is this long: whatever it is, it names someone or something of theirs.
  { kind: '号码', pattern: /\d{11,}/g },
  { kind: '邮箱', pattern: /[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}/g },
  { kind: '微信', pattern: /(?<![A-Za-z0-9_-])wxid_[A-Za-z0-9]{6,30}/g },
  {
    kind: '微信',
    pattern:
      /(?<=(?:微信|薇信|威信|wechat|weixin|vx|v信|wx|qq)(?:号|id)?[ :：是为]{0,3})[A-Za-z0-9][A-Za-z0-9_-]{4,19}/gi,
  },
  {
    kind: '车牌',
    pattern: new RegExp(
      `[${plateStart}][A-HJ-NP-Z][·. ]?(?=(?:[A-Z]?\\d){2})[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]`,
      'gi',
    ),
  },
  {
    kind: '地址',
    pattern: new RegExp(
      `${placeLetter}{1,30}(?:路|街|道|巷|弄|胡同|园|村|镇|区)[ ]?\\d{1,5}[ ]?(?:号|弄|栋|幢|座)(?:[\\u4e00-\\u9fa5A-Za-z0-9#-]{0,12}?(?:室|楼|栋|幢|座|单元|层|房|号)){0,4}`,
      'g',
    ),
  },
  { kind: '地址', pattern: /(?<!\d)\d{1,3}(?:栋|幢|座|号楼)(?:\d{1,2}单元)?\d{2,4}(?:室|房|号)?/g },
];

function personalSpans(text: string): Span[] {
  const plain = inPlainDigits(text);
  return detectors.flatMap(({ kind, pattern, isReal }) =>
    [...plain.matchAll(pattern)]
      .filter(([found]) => isReal?.(found) ?? true)
      .map(({ 0: found, index }): Span => ({ kind, start: index, end: index + found.length })),
  );
}

const chineseDigits = '〇一二三四五六七八九';

/** The same text, character by character, with full-width signs and spoken numbers as plain digits. */
function inPlainDigits(text: string): string {
  return text
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/[\u3000\u00a0\t]/g, ' ')
    .replace(/[〇零一二三四五六七八九幺]{11,}/g, (spoken) =>
      [...spoken.replaceAll('零', '〇').replaceAll('幺', '一')].map((digit) => chineseDigits.indexOf(digit)).join(''),
    );
}

const idWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** GB 11643: the last sign is a checksum of the seventeen before it. */
function isIdCard(found: string): boolean {
  const signs = found.replace(/[^\dXx]/g, '').toUpperCase();
  const sum = idWeights.reduce((total, weight, at) => total + weight * Number(signs[at]), 0);
  return signs.length === 18 && '10X98765432'[sum % 11] === signs[17];
}

/** ISO/IEC 7812. */
function isLuhn(found: string): boolean {
  const digits = [...found.replace(/\D/g, '')].map(Number).reverse();
  const sum = digits.reduce((total, digit, at) => {
    const doubled = digit * 2;
    if (at % 2 === 0) return total + digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}
