import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { listFields } from '#server/customer/custom-field-store.ts';
import { countWaterfall, listHolding, listSampleIds } from './count-store.ts';
import { foundFor } from './explain-sample.ts';
import { listSampleFacts } from './sample-store.ts';
import type { CountView, sampleView, SegmentRule } from './segment-api.ts';
import { checkRule, conditionsOf, maskName } from './segment.ts';
import { getSegment, saveCount } from './segment-store.ts';

const SAMPLES = 5;

/**
 * How many contacts a rule takes in, part by part, and some of them. Everyone who may make segments sees the numbers;
 * the samples are of the caller's own scope. Of a segment with this rule the count is kept.
 */
export async function countSegment(
  deps: Deps,
  caller: Caller,
  { rule, segmentId }: { rule: SegmentRule; segmentId?: string | undefined },
): Promise<CountView> {
  checkRule(rule, await listFields(deps.db));
  const segment = segmentId ? await getSegment(deps.db, segmentId) : null;
  const startedAt = performance.now();
  const parts = partsOf(rule);
  const { total, parts: counts } = await countWaterfall(
    deps.pool,
    parts.map((part) => part.rule),
    deps.now(),
  );
  const tookMs = Math.round(performance.now() - startedAt);
  const count = counts.at(-1)?.left ?? total;
  if (segment && isDeepStrictEqual(segment.rule, rule)) await saveCount(deps.db, segment, count, deps.now());
  return {
    count,
    total,
    tookMs,
    waterfall: parts.map(({ path }, at) => ({ path, alone: 0, left: 0, ...counts[at] })),
    samples: count === 0 ? [] : await samplesOf(deps, caller, rule),
  };
}

/** What applies one after the other; a rule that is no `all` is one part. `{ all: [] }` has none: everyone. */
function partsOf(rule: SegmentRule): { path: string; rule: SegmentRule }[] {
  if ('all' in rule) return rule.all.map((part, at) => ({ path: `all.${at}`, rule: part }));
  return [{ path: '', rule }];
}

async function samplesOf(deps: Deps, caller: Caller, rule: SegmentRule): Promise<z.infer<typeof sampleView>[]> {
  const now = deps.now();
  const ids = await listSampleIds(deps.pool, caller.scope, rule, { now, limit: SAMPLES });
  if (ids.length === 0) return [];
  const conditions = conditionsOf(rule);
  const [facts, holding] = await Promise.all([
    listSampleFacts(deps.db, ids),
    listHolding(
      deps.pool,
      ids,
      conditions.map(({ condition }) => condition),
      now,
    ),
  ]);
  return facts.map((contact) => {
    const customer = contact.bindings[0]?.customer;
    const holds = holding.get(contact.id) ?? [];
    return {
      contactId: contact.id,
      name: maskName(contact.name),
      customerName: customer ? (customer.kind === 'person' ? maskName(customer.name) : customer.name) : null,
      why: conditions
        .filter((_, at) => holds[at])
        .map(({ path, condition }) => ({ path, found: foundFor(condition, contact, now) })),
    };
  });
}
