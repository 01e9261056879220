import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { listFields } from '#server/customer/custom-field-store.ts';
import { countContacts, countWaterfall, listHolding, listSampleIds } from './count-store.ts';
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
  const { total, waterfall } = await countParts(deps, rule);
  const tookMs = Math.round(performance.now() - startedAt);
  const count = waterfall.at(-1)?.left ?? total;
  if (segment && isDeepStrictEqual(segment.rule, rule)) await saveCount(deps.db, segment, count, deps.now());
  return {
    count,
    total,
    tookMs,
    waterfall,
    samples: count === 0 ? [] : await samplesOf(deps, caller, rule),
  };
}

/** Line by line what applies one after the other; a rule that is no `all` is one line. `{ all: [] }` has none: everyone. */
async function countParts(deps: Deps, rule: SegmentRule): Promise<Pick<CountView, 'total' | 'waterfall'>> {
  const parts = 'all' in rule ? rule.all.map((part, at) => ({ path: `all.${at}`, rule: part })) : [{ path: '', rule }];
  if (parts.length > 1) {
    const counted = await countWaterfall(
      deps.pool,
      parts.map((part) => part.rule),
      deps.now(),
    );
    const lines = parts.map(({ path }, at) => ({ path, alone: 0, left: 0, ...counted.parts[at] }));
    return { total: counted.total, waterfall: lines };
  }
  const [total, count] = await Promise.all([
    countContacts(deps.pool, { all: [] }, deps.now()),
    countContacts(deps.pool, rule, deps.now()),
  ]);
  return { total, waterfall: parts.map(({ path }) => ({ path, alone: count, left: count })) };
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
