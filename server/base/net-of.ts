/** After a discount, to the nearest fen. In two parts: the product of both can be more than a number holds exactly. */
export function netOf(amountFen: number, discountBp: number): number {
  const rest = amountFen % 10_000;
  return amountFen - ((amountFen - rest) / 10_000) * discountBp - Math.round((rest * discountBp) / 10_000);
}
