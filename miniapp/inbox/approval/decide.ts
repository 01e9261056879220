import { useQueryClient } from '@tanstack/vue-query';
import type { ApprovalView } from '#server/approval/approval-api.ts';
import { api } from '#miniapp/api/api.ts';
import { isApiError } from '#miniapp/api/api-error.ts';
import { t } from '#miniapp/i18n/i18n.ts';
import { online } from '#miniapp/ui/online.ts';
import { say } from '#miniapp/ui/toast.ts';
import { useApprovalRefresh } from './approval-data.ts';
import { leave } from './leaving.ts';

type Read = Pick<ApprovalView, 'id' | 'title' | 'revision'>;

/** Decisions go out after five seconds, once, and never while the network is gone. */
export function useDecide() {
  const { show, refresh } = useApprovalRefresh();
  const client = useQueryClient();

  /** Whatever went wrong, what is shown next is what the server has. */
  async function orShowTheTruth<Result>(deed: () => Promise<Result>): Promise<Result> {
    try {
      return await deed();
    } catch (error) {
      await refresh();
      throw error;
    }
  }

  function approve(approval: Read): void {
    if (!online.is) return;
    leave({ ids: [approval.id], verdict: 'approve', title: approval.title }, () =>
      orShowTheTruth(async () => {
        const { id, revision } = approval;
        show(await api.decide({ params: { id }, body: { revision, decision: 'approve' } }));
        say(t('decided.approved'));
      }),
    );
  }

  function reject(approval: Read, reason: string): void {
    if (!online.is || reason.trim() === '') return;
    leave({ ids: [approval.id], verdict: 'reject', title: approval.title }, () =>
      orShowTheTruth(async () => {
        const { id, revision } = approval;
        show(await api.decide({ params: { id }, body: { revision, decision: 'reject', reason: reason.trim() } }));
        rejectWords.delete(id);
        say(t('decided.rejected'));
      }),
    );
  }

  /** Each answers for itself: `told` hears of those that did not go through. */
  function approveMany(
    all: readonly ApprovalView[],
    told: (failed: { title: string; code: string; message: string }[]) => void,
  ): void {
    const [first] = all;
    if (!online.is || !first) return;
    const title = all.map((one) => one.title).join(t('list.comma'));
    leave({ ids: all.map(({ id }) => id), verdict: 'approve', title }, () =>
      orShowTheTruth(async () => {
        const items = all.map(({ id, revision }) => ({ id, revision }));
        const answer = await api.decideMany({ body: { kind: first.kind, items } });
        const failed = answer.items.flatMap(({ id, error }) =>
          error ? [{ ...error, title: all.find((one) => one.id === id)?.title ?? '' }] : [],
        );
        say(t('decided.many', { n: answer.items.length - failed.length }));
        told(failed);
        await client.invalidateQueries({ queryKey: ['approvals'] });
        await client.invalidateQueries({ queryKey: ['approval'] });
      }),
    );
  }

  return { approve, reject, approveMany };
}

/** What was written for a rejection that was undone is there at the next try. */
export const rejectWords = new Map<string, string>();

/** Nobody knows whether it arrived: no answer came back. */
export const isUnanswered = (error: unknown): boolean =>
  isApiError(error) && (error.code === 'offline' || error.code === 'timeout' || error.status >= 502);
