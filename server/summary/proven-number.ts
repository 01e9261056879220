import { monthRange, partOfYear } from './part-of-year.ts';
import { hanValue, quantitiesIn, rounded, scales, type Quantity, type Unit } from './quantity.ts';

/** 一下, 万一, 统一 and 一份报价 count nothing. */
export function isClaimed({ text, value, unit, isHan, before, after }: Quantity): boolean {
  if (!isHan) return true;
  if (unit === null && (text.length === 1 || /^(?:千万|万一|万万|百般|一一|三三|七八|万千)$/.test(text))) return false;
  if (value === 1 && unit === 'count') return false;
  if (text === '一块' || /(?:[统唯万逐专之单划进其某每]|(?<!合)同)$/.test(before)) return false;
  return !(unit === null && after.startsWith('分') && /百/.test(text));
}

export function provenNumbers(claims: readonly Quantity[], all: string, computed: string[]): boolean {
  if (claims.length === 0) return true;
  // 二季度 and 上半年 count nothing.
  const said = withRanges(quantitiesIn(all.replace(partOfYear, (part) => (monthRange.test(part) ? part : ' '))), all);
  return claims.every((claim) => {
    if (said.some((one) => one.value === claim.value && isOfOneKind(one.unit, claim.unit))) return true;
    if (isOnePeriod(claim, all)) return true;
    if (!isDerived(claim, said)) return false;
    computed.push(claim.text);
    return true;
  });
}

/** 20到30万: the first of the two is as large as the second. */
function withRanges(said: readonly Quantity[], all: string): Quantity[] {
  const ranges = [
    ...all.matchAll(
      /(\d+(?:\.\d+)?|[一二两三四五六七八九十百]+)\s?(?:-|~|到|至|—)\s?(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百]+)\s?([万亿千kw])/gi,
    ),
  ];
  const widened = ranges.flatMap(([text, first = '', scale]): Quantity[] => [
    {
      text,
      value: rounded((/^\d/.test(first) ? Number(first) : hanValue(first)) * (scales[scale?.toLowerCase() ?? ''] ?? 1)),
      unit: null,
      isHan: false,
      before: '',
      after: '',
    },
  ]);
  return [...said, ...widened];
}

const isOfOneKind = (a: Unit, b: Unit) => a === b || a === null || b === null;

/** 一年, of a price that is said to be 按年, 每年 or /年. */
function isOnePeriod({ value, unit }: Quantity, all: string): boolean {
  const words: Partial<Record<NonNullable<Unit>, RegExp>> = {
    year: /年/,
    quarter: /季/,
    month: /月/,
    week: /[周星]/,
    day: /[天日]/,
  };
  return value === 1 && unit !== null && (words[unit]?.test(all) ?? false);
}

const SOURCES_MAX = 12;
const periods: readonly (readonly [Unit, Unit, number])[] = [
  ['week', 'day', 7],
  ['year', 'month', 12],
  ['year', 'quarter', 4],
  ['quarter', 'month', 3],
  // As everybody counts who says 半个月.
  ['month', 'day', 30],
  ['year', 'day', 365],
  ['day', 'hour', 24],
  ['hour', 'minute', 60],
];

/** How long, and not when: 3月, 15日 and 2026年 are dates. */
function isLength({ text, value, unit, after }: Quantity): boolean {
  if (unit === 'month') return /[个半]/.test(text);
  if (unit === 'day') return /天/.test(text) || /^[之以]?[内后]/.test(after);
  return unit !== 'year' || value < 100;
}

/** A sum of two or three of a kind, a count times a price, a share of an amount, or the same time in other units. */
function isDerived(claim: Quantity, said: readonly Quantity[]): boolean {
  const parts = said.slice(0, SOURCES_MAX);
  const isIt = (value: number) => rounded(value) === claim.value;
  for (const [large, small, factor] of periods)
    for (const one of parts.filter(isLength)) {
      if (one.unit === large && claim.unit === small && isIt(one.value * factor)) return true;
      if (one.unit === small && claim.unit === large && isIt(one.value / factor)) return true;
    }
  if (claim.value < 10) return false;
  return parts.some((a, i) =>
    parts.slice(i + 1).some((b, j) => {
      const ofOneKind = a.unit !== null && a.unit === b.unit && isOfOneKind(a.unit, claim.unit);
      if (ofOneKind && a.unit !== 'share') {
        if (isIt(a.value + b.value)) return true;
        if (parts.slice(i + j + 2).some((c) => c.unit === a.unit && isIt(a.value + b.value + c.value))) return true;
      }
      const shared = a.unit === 'share' ? [b, a] : b.unit === 'share' ? [a, b] : null;
      if (shared) {
        const [of, share] = shared;
        return (
          of !== undefined &&
          share !== undefined &&
          isOfOneKind(of.unit, claim.unit) &&
          isIt((of.value * share.value) / 100)
        );
      }
      const isPriced = [a.unit, b.unit].includes('money') && a.unit !== b.unit;
      return isPriced && isOfOneKind('money', claim.unit) && a.value > 1 && b.value > 1 && isIt(a.value * b.value);
    }),
  );
}
