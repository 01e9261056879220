import { language } from '#miniapp/i18n/i18n.ts';

/** 1088000 fen → ¥10,880; with fen only where there are any. */
export function yuan(fen: number): string {
  const digits = fen % 100 === 0 ? 0 : 2;
  const number = new Intl.NumberFormat(language.locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(fen / 100);
  return `¥${number}`;
}

export const AMOUNT_FEN_MAX = 1_000_000_000_000;

/** What was typed, as fen: `12,800.5` → 1280050. Null when it is no amount. */
export function fenIn(typed: string): number | null {
  const plain = typed.replace(/[,，\s¥￥]/g, '');
  const found = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(plain);
  if (!found) return null;
  return Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0'));
}

/** For the field: without the sign, as it would be typed. */
export const typedYuan = (fen: number | null): string => (fen === null ? '' : String(fen / 100));

/** `15`, `12.5` → hundredths of a percent. Null when it is none between 0.01 and 100. */
export function basisPointsIn(typed: string): number | null {
  const found = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(typed.trim());
  if (!found) return null;
  const points = Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0'));
  return points >= 1 && points <= 10_000 ? points : null;
}

export const percentOf = (points: number): string => String(points / 100);

/** As the server reckons it. */
export function netOf(amountFen: number, discountBp: number): number {
  const rest = amountFen % 10_000;
  return amountFen - ((amountFen - rest) / 10_000) * discountBp - Math.round((rest * discountBp) / 10_000);
}
