import type { Deps } from '#server/base/deps.ts';
import { regionName } from '#server/customer/region.ts';
import { areaUnderCurve } from '#server/learning/metrics.ts';
import { columnsOf, idAt } from './feature-block.ts';
import { readFeatures } from './feature-store.ts';
import type { GatheredRows } from './gather-rows.ts';
import { listPeople } from './group-store.ts';
import type { ModelFindings } from './scoring-model.ts';

type Fairness = ModelFindings['fairness'];

const SWAPPED_MAX = 500;
/** Fewer rows than this order nothing that could be told from chance. */
const AUC_ROWS_MIN = 50;
const REGIONS_MAX = 8;

/**
 * Gender and region are no features, which is not taken on trust: contacts are read again as if theirs were another, and
 * the scores held against each other. Beside it how each group comes out.
 */
export async function measureFairness(
  deps: Deps,
  scoreRows: (columns: ReturnType<typeof columnsOf>) => Float64Array,
  rows: GatheredRows,
  said: Float64Array,
): Promise<Fairness> {
  const newest = [...new Set(rows.outcomes.map(({ contactId }) => contactId).toReversed())].slice(0, SWAPPED_MAX);
  const people = await listPeople(deps.db, [...new Set(rows.outcomes.map(({ contactId }) => contactId))]);
  const groupOf = {
    gender: (contactId: string) => genders[people.get(contactId)?.gender ?? 0] ?? '未知',
    region: (contactId: string) => {
      const code = people.get(contactId)?.regionCode;
      return (code && regionName(`${code.slice(0, 2)}0000`)) || '未知';
    },
  };
  const fairness: Fairness = [];
  for (const field of ['gender', 'region'] as const)
    fairness.push({
      field,
      swap: await measureSwap(deps, scoreRows, newest, field),
      groups: groupsOf(rows, said, groupOf[field]),
    });
  return fairness;
}

const genders = ['未知', '男', '女'];

/** The most any score moves, in points. */
async function measureSwap(
  deps: Deps,
  scoreRows: (columns: ReturnType<typeof columnsOf>) => Float64Array,
  ids: string[],
  swapped: 'gender' | 'region',
): Promise<number> {
  const at = deps.now();
  const [asIs, asOther] = [
    await readFeatures(deps.pool, at, { ids }),
    await readFeatures(deps.pool, at, { ids }, { swapped }),
  ];
  const before = scoreRows(columnsOf(asIs));
  const rowOf = new Map(Array.from({ length: asIs.rows }, (_, row) => [idAt(asIs, row), row]));
  return scoreRows(columnsOf(asOther)).reduce((most, probability, row) => {
    const was = before[rowOf.get(idAt(asOther, row)) ?? -1] ?? Number.NaN;
    return Math.max(most, 100 * Math.abs(probability - was));
  }, 0);
}

function groupsOf(
  { outcomes }: GatheredRows,
  said: Float64Array,
  groupOf: (contactId: string) => string,
): Fairness[number]['groups'] {
  const byGroup = Map.groupBy(
    outcomes.map(({ contactId, happened }, row) => ({ group: groupOf(contactId), happened, said: said[row] ?? 0 })),
    ({ group }) => group,
  );
  return [...byGroup]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, REGIONS_MAX)
    .map(([group, all]) => {
      const label = Uint8Array.from(all, ({ happened }) => Number(happened));
      return {
        group,
        rows: all.length,
        meanScore: (100 * all.reduce((sum, each) => sum + each.said, 0)) / all.length,
        rate: label.reduce((sum, each) => sum + each, 0) / all.length,
        auc:
          all.length < AUC_ROWS_MIN
            ? null
            : areaUnderCurve(
                Float64Array.from(all, (each) => each.said),
                label,
              ),
      };
    });
}
