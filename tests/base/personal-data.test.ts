import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { knowNames } from '#server/base/personal-data/person-names.ts';
import { findPersonalData } from '#server/base/personal-data/personal-data.ts';
import { personalLine, type PersonalLine } from '#tests/support/personal-lines.ts';
import { seededRandom } from '#tests/support/random.ts';

interface Written {
  text: string;
  names?: string[];
  /** In the order they stand in the text. */
  personal: [kind: string, text: string][];
}

const written = readFileSync('tests/fixtures/personal-data.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line): PersonalLine => {
    const { text, names = [], personal } = JSON.parse(line) as Written;
    let from = 0;
    return {
      text,
      names,
      personal: personal.map(([kind, data]) => {
        const start = text.indexOf(data, from);
        from = start + data.length;
        return { kind, start, end: from };
      }),
    };
  });

/** Signs one can read; the hyphen inside a number is nobody's secret. */
const isRead = (text: string, at: number) => /[\p{L}\p{N}\ud800-\udfff]/u.test(text.charAt(at));
const within = (text: string, spans: readonly { start: number; end: number }[]) => {
  const places = new Set<number>();
  for (const { start, end } of spans) for (let at = start; at < end; at += 1) if (isRead(text, at)) places.add(at);
  return places;
};

/**
 * Found is what is hidden to the last sign; right is a find that touches somebody's data and takes no more than two signs
 * of the words around it.
 */
function measure(lines: readonly PersonalLine[]) {
  const byKind = new Map<string, { planted: number; found: number }>();
  const wrong: string[] = [];
  const missed: string[] = [];
  let finds = 0;
  for (const { text, names, personal } of lines) {
    const all = findPersonalData(text, knowNames(names));
    const hidden = within(text, all);
    const theirs = within(text, personal);
    for (const one of personal) {
      const count = byKind.get(one.kind) ?? { planted: 0, found: 0 };
      byKind.set(one.kind, count);
      count.planted += 1;
      if ([...within(text, [one])].every((place) => hidden.has(place))) count.found += 1;
      else missed.push(`${one.kind} ${text.slice(one.start, one.end)} | ${text}`);
    }
    for (const one of all) {
      const places = [...within(text, [one])];
      const beside = places.filter((place) => !theirs.has(place)).length;
      finds += 1;
      if (beside === places.length || beside > 2) wrong.push(`${one.kind} ${text.slice(one.start, one.end)} | ${text}`);
    }
  }
  const planted = [...byKind.values()].reduce((sum, count) => sum + count.planted, 0);
  return {
    planted,
    byKind,
    missed,
    wrong,
    recall: 1 - missed.length / planted,
    precision: 1 - wrong.length / finds,
  };
}

function say(of: string, measured: ReturnType<typeof measure>): void {
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  const kinds = [...measured.byKind].map(([kind, { planted, found }]) => `${kind} ${found}/${planted}`).join(', ');
  const odd = [...measured.missed.map((line) => `missed ${line}`), ...measured.wrong.map((line) => `wrong ${line}`)];
  console.log(
    `${of}: ${measured.planted} planted, recall ${percent(measured.recall)}, precision ${percent(measured.precision)}\n  ${kinds}\n  ${odd.slice(0, 25).join('\n  ')}`,
  );
}

test('of 10,000 generated lines of sales talk hardly anything personal is left, and hardly anything else is taken', () => {
  const random = seededRandom();
  const measured = measure(Array.from({ length: 10_000 }, () => personalLine(random)));
  say(`generated lines, seed ${random.seed}`, measured);
  expect(measured.recall).toBeGreaterThanOrEqual(0.995);
  expect(measured.precision).toBeGreaterThanOrEqual(0.97);
});

test('so it is of the lines people wrote, with the disguises they use', () => {
  expect(written.length).toBeGreaterThanOrEqual(500);
  const measured = measure(written);
  say(`${written.length} written lines`, measured);
  expect(measured.recall).toBeGreaterThanOrEqual(0.99);
  expect(measured.precision).toBeGreaterThanOrEqual(0.97);
});
