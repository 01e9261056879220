import type { Deps } from '#server/base/deps.ts';
import { spentOn } from '#server/base/model-day.ts';
import { readModelSetting } from '#server/base/model-setting.ts';
import { dayOf } from '#server/base/shanghai.ts';
import type { UsageView } from './usage-api.ts';
import { sumCustomers, sumDays, sumDrafts, sumRuns, type DraftFigures, type Figures } from './usage-store.ts';
import { boundsOf, isoOf, lineAt, spanOf, yuan } from './usage.ts';

const CUSTOMERS_SHOWN = 20;

/** What the model was asked in a span of days, what it cost, and how near today is to its lines. */
export async function viewUsage(
  deps: Deps,
  asked: { from?: string | undefined; until?: string | undefined },
): Promise<UsageView> {
  const span = spanOf(asked, deps.now());
  const bounds = boundsOf(span);
  const [sums, days, customers, drafts, today] = await Promise.all([
    sumRuns(deps.db, 'useCase', bounds),
    sumDays(deps.db, bounds),
    sumCustomers(deps.db, bounds, CUSTOMERS_SHOWN),
    sumDrafts(deps.db, bounds),
    viewToday(deps),
  ]);
  const all = Array.from({ length: span.until - span.from + 1 }, (_, n) => span.from + n);
  return {
    from: isoOf(span.from),
    until: isoOf(span.until),
    today,
    total: figuresOf(sums.find(({ key }) => key === '')),
    days: all.map((day) => {
      const sum = days.get(day);
      return { day: isoOf(day), runs: sum?.runs ?? 0, costYuan: yuan(sum?.costMicros ?? 0) };
    }),
    useCases: sums.filter(({ key }) => key !== '').map((sum) => ({ useCase: sum.key, ...figuresOf(sum) })),
    customers: customers.map(({ id, name, runs, costMicros }) => ({
      customer: id === null ? null : { id, name: name ?? '' },
      runs,
      costYuan: yuan(costMicros),
    })),
    drafts: draftsOf(drafts.find(({ key }) => key === '')),
  };
}

async function viewToday(deps: Deps): Promise<UsageView['today']> {
  const [spent, setting] = await Promise.all([
    spentOn(deps.db, dayOf(deps.now())),
    readModelSetting(deps.db, deps.config),
  ]);
  const { softYuan, hardYuan } = setting;
  const spentYuan = yuan(spent);
  return { spentYuan, softYuan, hardYuan, line: lineAt(spentYuan, setting) };
}

export function figuresOf(sum: Figures | undefined): UsageView['total'] {
  return {
    runs: sum?.runs ?? 0,
    outcomes: sum?.outcomes ?? {},
    costYuan: yuan(sum?.costMicros ?? 0),
    estimatedYuan: yuan(sum?.estimatedMicros ?? 0),
    inputTokens: sum?.inputTokens ?? 0,
    cachedTokens: sum?.cachedTokens ?? 0,
    outputTokens: sum?.outputTokens ?? 0,
    dropped: sum?.dropped ?? 0,
    p50Ms: sum?.p50Ms ?? null,
    p95Ms: sum?.p95Ms ?? null,
  };
}

export function draftsOf(sum: DraftFigures | undefined): UsageView['drafts'] {
  const { shown = 0, sent = 0, edited = 0, rejected = 0, distance = null } = sum ?? {};
  return { shown, sent, edited, rejected, distance };
}
