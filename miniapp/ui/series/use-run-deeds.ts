import type { RunView } from '#server/series/series-api.ts';
import { api } from '#miniapp/api/api.ts';
import { t } from '#miniapp/i18n/i18n.ts';
import { say } from '#miniapp/ui/toast.ts';
import { useAction } from '#miniapp/ui/use-action.ts';

const said = { running: 'series.runResumed', paused: 'series.runPaused', left: 'series.runStopped' } as const;

/** Pauses, resumes or stops a series for one contact. */
export const useRunDeeds = (after: () => unknown) =>
  useAction(async ({ id }: RunView, state: keyof typeof said) => {
    await api.moveSeriesRun({ params: { id }, body: { state } });
    say(t(said[state]));
    await after();
  });
