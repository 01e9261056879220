import type { SeriesStep } from '#server/series/series-api.ts';

/** A step while it is filled in: what every action needs, so that changing it loses nothing. */
export interface StepDraft {
  key: number;
  afterDays: number;
  at: string;
  when: SeriesStep['when'];
  kind: SeriesStep['action']['kind'];
  title: string;
  dueInDays: number;
  text: string;
  materialId: string | null;
}

let lastKey = 0;
export const newStep = (afterDays: number): StepDraft => ({
  key: (lastKey += 1),
  afterDays,
  at: '09:30',
  when: 'not_replied',
  kind: 'task',
  title: '',
  dueInDays: 1,
  text: '',
  materialId: null,
});

export function stepDraftOf({ afterDays, at, when, action }: SeriesStep): StepDraft {
  return { ...newStep(afterDays), at, when, ...action };
}

export function stepOf({ afterDays, at, when, kind, title, dueInDays, text, materialId }: StepDraft): SeriesStep {
  const base = { afterDays, at, when };
  switch (kind) {
    case 'task':
      return { ...base, action: { kind, title: title.trim(), dueInDays } };
    case 'message':
      return { ...base, action: { kind, text: text.trim(), materialId } };
    case 'notice':
      return { ...base, action: { kind, text: text.trim() } };
  }
  return kind satisfies never;
}

export const inOrder = (steps: readonly StepDraft[]): StepDraft[] =>
  [...steps].sort(
    (one, other) => one.afterDays - other.afterDays || (one.at < other.at ? -1 : one.at > other.at ? 1 : 0),
  );

const isWhole = (n: unknown, min: number, max: number): boolean =>
  typeof n === 'number' && Number.isInteger(n) && n >= min && n <= max;

export const wrongDays = ({ afterDays }: StepDraft): boolean => !isWhole(afterDays, 0, 365);
export const wrongDue = ({ kind, dueInDays }: StepDraft): boolean => kind === 'task' && !isWhole(dueInDays, 0, 30);
export const wrongText = ({ kind, title, text }: StepDraft): boolean => (kind === 'task' ? title : text).trim() === '';
export const isWrong = (step: StepDraft): boolean => wrongDays(step) || wrongDue(step) || wrongText(step);
