/** The probability of these log odds. */
export const sigmoid = (margin: number) => (margin >= 0 ? 1 / (1 + Math.exp(-margin)) : 1 - 1 / (1 + Math.exp(margin)));

export const logOddsOf = (probability: number) => Math.log(probability / (1 - probability));

/** What saying these log odds cost when it happened (1) or did not (0); never infinite for a finite margin. */
export const logLossOf = (margin: number, happened: number) =>
  Math.max(margin, 0) - margin * happened + Math.log1p(Math.exp(-Math.abs(margin)));
