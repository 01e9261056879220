import { useQuery, useQueryClient, type QueryClient } from '@tanstack/vue-query';
import { computed, reactive, watch, type Ref } from 'vue';
import type { ApprovalDetail, ApprovalKind, ApprovalView } from '#server/approval/approval-api.ts';
import { api } from '#miniapp/api/api.ts';
import { usePages } from '#miniapp/ui/use-pages.ts';
import type { Box, Risk } from './approval-words.ts';

export interface Filter {
  box: Box;
  kind: ApprovalKind | '';
  risk: Risk | '';
}

/** Of the last list that came, whichever it was. */
export const counts = reactive({ known: false, pending: 0, copied: 0, mine: 0 });

export function useApprovalList(filter: Filter) {
  const { query, items } = usePages({
    queryKey: ['approvals', computed(() => ({ ...filter }))],
    page: (after) =>
      api.approvals({
        query: {
          box: filter.box,
          ...(filter.kind ? { kind: filter.kind } : {}),
          ...(filter.risk ? { risk: filter.risk } : {}),
          ...(after ? { after } : {}),
        },
      }),
    next: (page) => page.nextAfter,
  });
  watch(
    () => query.data.value?.pages[0]?.counts,
    (known) => known && Object.assign(counts, known, { known: true }),
    { immediate: true },
  );
  return { query, items };
}

const detailKey = (id: string) => ['approval', id];

export function useApproval(id: Readonly<Ref<string>>) {
  return useQuery({
    queryKey: computed(() => detailKey(id.value)),
    queryFn: () => api.approval({ params: { id: id.value } }),
    // What is decided on is what the server says now.
    staleTime: 0,
  });
}

export function useApprovalRefresh() {
  const client = useQueryClient();
  return {
    /** Shows what the server answered, then asks for all that hangs on it. */
    show(approval: ApprovalView): void {
      client.setQueryData<ApprovalDetail>(detailKey(approval.id), (known) => known && { ...known, ...approval });
      void refresh(client);
    },
    refresh: () => refresh(client),
  };
}

async function refresh(client: QueryClient): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ['approvals'] }),
    client.invalidateQueries({ queryKey: ['approval'] }),
  ]);
}

/** What about a request is another than when it was read. */
export function whatChanged(read: ApprovalDetail, now: ApprovalDetail) {
  const lines = now.changes.flatMap((change) => {
    const before = read.changes.find(({ field }) => field === change.field);
    return before && before.after === change.after && before.before === change.before
      ? []
      : [{ change, was: before?.after ?? null }];
  });
  return {
    lines,
    gone: read.changes.filter(({ field }) => !now.changes.some((change) => change.field === field)),
    reason: read.reason === now.reason ? null : { was: read.reason, is: now.reason },
    title: read.title === now.title ? null : { was: read.title, is: now.title },
    amount: read.amountFen === now.amountFen ? null : { was: read.amountFen, is: now.amountFen },
    attachments: now.attachments.filter(({ id }) => !read.attachments.some((known) => known.id === id)),
  };
}
