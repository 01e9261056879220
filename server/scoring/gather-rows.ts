import type { Deps } from '#server/base/deps.ts';
import { makeTable, type Table } from '#server/learning/table.ts';
import { columnsOf, idAt, LexiconWriter, width, type FeatureBlock } from './feature-block.ts';
import { readFeatures } from './feature-store.ts';
import type { Outcome } from './outcome.ts';

/** Outcomes beside what their contacts were known by then: row by row, in the order of time. */
export interface GatheredRows {
  outcomes: Outcome[];
  block: FeatureBlock;
}

const AT_ONCE = 2000;

/** Contacts that are gone are left out. Tells how many of how many are done. */
export async function gatherRows(
  deps: Deps,
  outcomes: readonly Outcome[],
  tellDone: (done: number) => Promise<void> = async () => {},
): Promise<GatheredRows> {
  const writer = new LexiconWriter();
  const values = new Float32Array(outcomes.length * width);
  const ids = Buffer.alloc(16 * outcomes.length);
  const kept: Outcome[] = [];
  let done = 0;
  for (const [time, ofMoment] of Map.groupBy(outcomes, ({ at }) => at.getTime())) {
    for (let from = 0; from < ofMoment.length; from += AT_ONCE) {
      const some = ofMoment.slice(from, from + AT_ONCE);
      const asked = [...new Set(some.map(({ contactId }) => contactId))];
      const found = await readFeatures(deps.pool, new Date(time), { ids: asked }, { writer, isPast: true });
      const rowOf = new Map(Array.from({ length: found.rows }, (_, row) => [idAt(found, row), row]));
      for (const outcome of some) {
        const row = rowOf.get(outcome.contactId);
        if (row === undefined) continue;
        values.set(found.values.subarray(row * width, (row + 1) * width), kept.length * width);
        found.ids.copy(ids, 16 * kept.length, 16 * row, 16 * row + 16);
        kept.push(outcome);
      }
      done += some.length;
      await tellDone(done);
    }
  }
  const rows = kept.length;
  return {
    outcomes: kept,
    block: {
      rows,
      ids: ids.subarray(0, 16 * rows),
      values: values.subarray(0, rows * width),
      lexicon: writer.lexicon(),
    },
  };
}

export function tableOf({ outcomes, block }: GatheredRows): Table {
  return makeTable(
    columnsOf(block),
    outcomes.map(({ happened }) => happened),
    outcomes.map(({ at }) => at.getTime()),
  );
}

/** Those of the rows for which `isWanted` holds. */
export function someRows({ outcomes, block }: GatheredRows, isWanted: (outcome: Outcome) => boolean): GatheredRows {
  const rows = outcomes.flatMap((outcome, row) => (isWanted(outcome) ? [row] : []));
  const values = new Float32Array(rows.length * width);
  for (const [n, row] of rows.entries()) values.set(block.values.subarray(row * width, (row + 1) * width), n * width);
  return {
    outcomes: outcomes.filter(isWanted),
    block: {
      rows: rows.length,
      ids: Buffer.concat(rows.map((row) => block.ids.subarray(16 * row, 16 * row + 16))),
      values,
      lexicon: block.lexicon,
    },
  };
}
