import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { plainError } from '#server/base/plain-error.ts';
import { planSegment } from '#server/segment/count-store.ts';
import { insertRuns } from './run-store.ts';
import { nextDue, type Series } from './series.ts';
import {
  enterFromSegment,
  findSegmentRule,
  listArrivals,
  listRunningSeries,
  lockToSweep,
  markSwept,
  noteSegment,
} from './series-store.ts';

const BATCH = 1000;
/** A rule over a million contacts takes its time. */
const patient = { maxWait: 20_000, timeout: 120_000 };

/** Whoever came into a segment or through a channel since a series looked last comes into the series. */
export async function enterSeries(deps: Deps): Promise<void> {
  for (const id of await listRunningSeries(deps.db)) {
    try {
      await deps.db.$transaction(async (tx) => {
        await planSegment(tx, patient.timeout);
        const series = await lockToSweep(tx, id);
        if (series) await letIn(deps, tx, series);
      }, patient);
    } catch (error) {
      // One that cannot be looked through does not hold up the others; the next sweep tries it again.
      deps.log.error({ err: plainError(error) }, 'who comes into a series was not found');
    }
  }
}

async function letIn(deps: Deps, tx: Db, series: Series): Promise<void> {
  switch (series.entry.kind) {
    case 'segment':
      return fromSegment(deps, tx, series, series.entry.segmentId);
    case 'channel':
      return fromChannel(deps, tx, series, series.entry.channelId);
  }
}

/** When the series begins, and when the rule is another, who is in the segment is noted: they did not come in. */
async function fromSegment(deps: Deps, tx: Db, series: Series, segmentId: string): Promise<void> {
  const segment = await findSegmentRule(tx, segmentId);
  if (!segment) return;
  const now = deps.now();
  const isKnown = series.sweptAt !== null && series.sweptVersion === segment.version;
  if (isKnown) {
    const nextAt = nextDue({ steps: series.steps, enteredAt: now }, 0) ?? now;
    await enterFromSegment(tx, series, segment.rule, { now, nextAt });
  } else await noteSegment(tx, series.id, segment.rule, now);
  await markSwept(tx, series.id, now, segment.version);
}

async function fromChannel(deps: Deps, tx: Db, series: Series, channelId: string): Promise<void> {
  const { id: seriesId, steps, endOnReply } = series;
  for (;;) {
    const arrivals = await listArrivals(tx, series, channelId, BATCH);
    const runs = arrivals.map(({ contactId, memberId, at }) => {
      const nextAt = nextDue({ steps, enteredAt: at }, 0);
      return { seriesId, contactId, memberId, steps, endOnReply, enteredAt: at, nextAt };
    });
    await insertRuns(tx, runs);
    if (arrivals.length < BATCH) break;
  }
  await markSwept(tx, seriesId, deps.now(), null);
}
