import { useQuery, useQueryClient } from '@tanstack/vue-query';
import { computed, inject, onScopeDispose, provide, ref, watch, type InjectionKey, type Ref } from 'vue';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';
import type { TaskView } from '#server/task/task-api.ts';
import { api } from '#miniapp/api/api.ts';
import { isApiError } from '#miniapp/api/api-error.ts';
import { listenLive } from '#miniapp/api/live.ts';
import { session } from '#miniapp/api/session.ts';
import type { Host } from '#miniapp/host/host.ts';
import { provideTaskList } from './task/task-list.ts';
import { keepView, keptView } from './kept-view.ts';

export const tabs = ['assist', 'follow', 'material', 'opportunity', 'profile'] as const;
export type Tab = (typeof tabs)[number];

/** A message to show among those around it, with the piece of it that was cited. */
export interface Cited {
  messageId: string;
  quote: string | null;
}

/** What every part of the sidebar works with. */
export interface SidebarData {
  host: Host;
  canSend: boolean;
  view: Readonly<Ref<SidebarView>>;
  contactId: string;
  /** Asks for everything again. */
  refresh(): Promise<void>;
  /** Shows a change before the server has said so; `refresh` or a live update brings the truth. */
  patch(change: (view: SidebarView) => SidebarView): void;
  patchTask(task: TaskView): void;
  tab: Ref<Tab>;
  cited: Ref<Cited | null>;
  /** Whether the sheet of a new opportunity is open: other tabs open it too. */
  isSaleWanted: Ref<boolean>;
}

const key: InjectionKey<SidebarData> = Symbol('sidebar');
export function provideSidebarData(data: SidebarData): void {
  provide(key, data);
  provideTaskList(data);
}

export function useSidebarData(): SidebarData {
  const data = inject(key);
  if (!data) throw new Error('Outside of the sidebar of a contact.');
  return data;
}

const LIVE_DEBOUNCE_MS = 250;
/** A contact that was added just now is not there yet; a summary that is being written will be. */
const SOON_MS = 5000;

export function useSidebarQuery(host: Host, contactKey: string) {
  const client = useQueryClient();
  const memberId = session.me?.id ?? '';
  const kept = keptView(memberId, contactKey);
  const queryKey = ['sidebar', host.platform, contactKey];

  const query = useQuery({
    queryKey,
    queryFn: async () => {
      const view = await api.sidebar({ query: { platform: host.platform, contact: contactKey } });
      keepView(memberId, contactKey, { at: Date.now(), view });
      return view;
    },
    ...(kept ? { initialData: kept.view, initialDataUpdatedAt: kept.at } : {}),
    staleTime: 0,
    refetchInterval: ({ state }) =>
      isApiError(state.error, 404) || state.data?.summaryState === 'pending' ? SOON_MS : false,
  });

  const contactId = computed(() => query.data.value?.contact.id);
  let stop = () => {};
  watch(
    contactId,
    (id) => {
      stop();
      if (id) stop = listenLive(id, afterAWhile);
    },
    { immediate: true },
  );

  let timer: ReturnType<typeof setTimeout> | undefined;
  // Several parts change together: ask once. Lists of the other tabs are asked for again only while they show.
  function afterAWhile(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void client.invalidateQueries(), LIVE_DEBOUNCE_MS);
  }
  onScopeDispose(() => {
    clearTimeout(timer);
    stop();
  });

  return {
    query,
    refresh: async () => {
      await client.invalidateQueries();
    },
    patch: (change: (view: SidebarView) => SidebarView) => {
      client.setQueryData<SidebarView>(queryKey, (view) => view && change(view));
    },
  };
}

/** Tabs are hashes: the bridge's signature leaves them out, and "back" works. */
export function useTab(): Ref<Tab> {
  const read = (): Tab => tabs.find((tab) => location.hash === `#/${tab}`) ?? 'assist';
  const tab = ref<Tab>(read());
  const onHash = () => (tab.value = read());
  window.addEventListener('hashchange', onHash);
  onScopeDispose(() => window.removeEventListener('hashchange', onHash));
  watch(tab, (name) => {
    if (read() !== name) history.replaceState(history.state, '', `#/${name}`);
  });
  return tab;
}
