import type { z } from 'zod';
import { said } from './said.ts';
import type { factorView } from './scoring-api.ts';

/** A reason, and the points it gives or takes. */
export type Factor = z.infer<typeof factorView>;

/** The factors add up to the value, always: where it starts, and what the bounds take or give, are factors too. */
export function sumUp(
  name: 'score' | 'health',
  start: number,
  reasons: readonly Factor[],
): { value: number; factors: Factor[] } {
  const factors: Factor[] = [
    { key: 'start', points: start, ...said('start', '起点'), pointer: { field: 'contact' } },
    ...reasons,
  ];
  const sum = factors.reduce((total, { points }) => total + points, 0);
  const value = Math.min(100, Math.max(0, sum));
  if (sum > 100)
    factors.push({ key: 'ceiling', points: value - sum, ...said('ceiling', '封顶 100'), pointer: { field: name } });
  if (sum < 0)
    factors.push({ key: 'floor', points: value - sum, ...said('floor', '保底 0'), pointer: { field: name } });
  return { value, factors };
}
