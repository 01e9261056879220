import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { caseFigures } from '#server/usage/usage-api.ts';
import type { Scorer } from './score-summary.ts';

const gate = z.union([z.strictObject({ atLeast: z.number() }), z.strictObject({ atMost: z.number() })]);
export type Gate = z.infer<typeof gate>;
export type Gates = Record<string, Gate>;

/** What each use case must reach, by scorer: gates.json. */
export function readGates(useCase: string): Gates {
  const file = path.join(import.meta.dirname, 'gates.json');
  return z.record(z.string(), z.record(z.string(), gate)).parse(JSON.parse(readFileSync(file, 'utf8')))[useCase] ?? {};
}

export interface Figure {
  name: string;
  /** Null when no case says anything of it. */
  value: number | null;
  /** Of so many chances. */
  of: number;
  gate: Gate | null;
  isGood: boolean;
  /** Cases that fell short. */
  short: string[];
}

export interface CasePlayed<Observed> {
  id: string;
  takes: readonly Observed[];
}

export function figuresOf<Observed>(
  scorers: readonly Scorer<Observed>[],
  played: readonly CasePlayed<Observed>[],
  gates: Gates,
): Figure[] {
  return scorers.map(({ name, measure }) => {
    const measured = played.map(({ id, takes }) => ({ id, ...measure(takes) }));
    const of = sum(measured.map((one) => one.of));
    const value = of === 0 ? null : sum(measured.map((one) => one.hits)) / of;
    const found = gates[name] ?? null;
    const isShort = (reached: number) => found !== null && !reaches(found, reached);
    return {
      name,
      value,
      of,
      gate: found,
      isGood: value === null || !isShort(value),
      short: measured.filter((one) => one.of > 0 && isBelow(found, one.hits / one.of)).map(({ id }) => id),
    };
  });
}

/** Rounding is not what a gate is missed by. */
const reaches = (of: Gate, value: number) => ('atLeast' in of ? value >= of.atLeast - 1e-9 : value <= of.atMost + 1e-9);
/** All of a case must be right, whatever the others make up for; what a short chat costs says little. */
const isBelow = (of: Gate | null, value: number) =>
  of !== null && ('atLeast' in of ? value < 1 : value > 3 * of.atMost);
const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);

export function tableOf(figures: readonly Figure[], other?: { version: string; figures: readonly Figure[] }): string {
  const rows = figures.map(({ name, value, of, gate: found, isGood, short }) => {
    const theirs = other?.figures.find((one) => one.name === name);
    return [
      isGood ? '  ' : '✗ ',
      name.padEnd(22),
      shown(value).padStart(8),
      ...(other ? [shown(theirs?.value ?? null).padStart(10)] : []),
      bound(found).padStart(10),
      `${Math.round(of)}`.padStart(8),
      short.length > 0
        ? `  ${short.slice(0, 4).join(', ')}${short.length > 4 ? ` and ${short.length - 4} more` : ''}`
        : '',
    ].join('');
  });
  const head = [
    '  ',
    'scorer'.padEnd(22),
    'value'.padStart(8),
    ...(other ? [other.version.split('@').at(-1)?.padStart(10) ?? ''] : []),
    'gate'.padStart(10),
    'of'.padStart(8),
    '  fell short',
  ];
  return [head.join(''), ...rows].join('\n');
}

const shown = (value: number | null) =>
  value === null ? '–' : value < 0.1 && value > 0 ? value.toFixed(5) : value.toFixed(3);
const bound = (of: Gate | null) => (of === null ? '–' : 'atLeast' in of ? `≥ ${of.atLeast}` : `≤ ${of.atMost}`);

/** Cases that fell short nowhere. */
export function passedCount(figures: readonly Figure[], ids: readonly string[]): number {
  const short = new Set(figures.flatMap((one) => one.short));
  return ids.filter((id) => !short.has(id)).length;
}

const resultsDir = path.join(import.meta.dirname, '..', '..', 'prompts', 'results');

/** Where the screen of the prompts finds what a version did with the stored cases. */
export function writeResults(
  version: string,
  figures: readonly Figure[],
  { ids, at }: { ids: readonly string[]; at: Date },
): void {
  mkdirSync(resultsDir, { recursive: true });
  const result: z.infer<typeof caseFigures> = {
    at: at.toISOString(),
    cases: ids.length,
    passed: passedCount(figures, ids),
    scores: figures.flatMap(({ name, value, gate: found }) =>
      value === null
        ? []
        : [
            {
              name,
              value: rounded(value),
              gate: found === null ? null : 'atLeast' in found ? found.atLeast : found.atMost,
            },
          ],
    ),
  };
  writeFileSync(path.join(resultsDir, `${version}.json`), `${JSON.stringify(caseFigures.parse(result), null, 2)}\n`);
}

const rounded = (value: number) => Number(value.toPrecision(4));
