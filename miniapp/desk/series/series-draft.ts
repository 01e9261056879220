import type { SeriesView } from '#server/series/series-api.ts';
import { inOrder, isWrong as isWrongStep, newStep, stepDraftOf, stepOf, type StepDraft } from './step-draft.ts';

/** A series while it is filled in. */
export interface Draft {
  name: string;
  kind: 'segment' | 'channel';
  segmentId: string;
  channelId: string;
  steps: StepDraft[];
  endOnReply: boolean;
}

export const newDraft = (): Draft => ({
  name: '',
  kind: 'channel',
  segmentId: '',
  channelId: '',
  steps: [newStep(1)],
  endOnReply: true,
});

export const draftOf = ({ name, entry, steps, endOnReply }: SeriesView): Draft => ({
  name,
  kind: entry.kind,
  segmentId: entry.kind === 'segment' ? entry.segmentId : '',
  channelId: entry.kind === 'channel' ? entry.channelId : '',
  steps: steps.map(stepDraftOf),
  endOnReply,
});

export const bodyOf = ({ name, kind, segmentId, channelId, steps, endOnReply }: Draft) => ({
  name: name.trim(),
  entry: kind === 'segment' ? { kind, segmentId } : { kind, channelId },
  steps: inOrder(steps).map(stepOf),
  endOnReply,
});

/** What was typed, steps where they stand. */
export const traceOf = (now: Draft): string => JSON.stringify({ ...bodyOf(now), steps: now.steps.map(stepOf) });

/** Whether anything has to be mended before it can be saved; the fields say what. */
export const isWrongDraft = (now: Draft): boolean =>
  now.name.trim() === '' ||
  (now.kind === 'segment' ? now.segmentId : now.channelId) === '' ||
  now.steps.some(isWrongStep);

export function moveStep({ steps }: Draft, index: number, by: -1 | 1): void {
  const [one] = steps.splice(index, 1);
  if (!one) return;
  steps.splice(index + by, 0, one);
  // Its place is its time: it takes that of the step it passed.
  const passed = steps[index];
  if (!passed) return;
  const { afterDays, at } = one;
  Object.assign(one, { afterDays: passed.afterDays, at: passed.at });
  Object.assign(passed, { afterDays, at });
}

export function addStep({ steps }: Draft): void {
  const last = steps[steps.length - 1];
  steps.push(newStep(Math.min(365, (Number(last?.afterDays) || 0) + 2)));
}
