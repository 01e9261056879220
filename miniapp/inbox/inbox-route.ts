import { reactive, readonly } from 'vue';

export const pages = ['approvals', 'tasks', 'churn', 'team'] as const;
export type PageName = (typeof pages)[number];

/** `#/approvals/<id>?box=mine`: a page, what is open on it, and how it is filtered. A signed address leaves the hash out. */
export interface InboxRoute {
  page: PageName;
  part: string | null;
  query: Record<string, string>;
}

function read(): InboxRoute {
  const [address = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, part] = address.split('/');
  return {
    page: pages.find((page) => page === name) ?? 'approvals',
    part: part ? decodeURIComponent(part) : null,
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

const state = reactive<InboxRoute>(read());
window.addEventListener('hashchange', () => Object.assign(state, read()));

export const route = readonly(state);

export function addressOf(page: PageName, part: string | null = null, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `#/${page}${part ? `/${encodeURIComponent(part)}` : ''}${search ? `?${search}` : ''}`;
}

/** Without a step to go back to: where the place is the same and only its filter is another. */
export function replaceRoute(page: PageName, part: string | null = null, query: Record<string, string> = {}): void {
  history.replaceState(history.state, '', addressOf(page, part, query));
  Object.assign(state, read());
}

let hasMoved = false;
window.addEventListener('hashchange', () => (hasMoved = true));

/** Back where the user came from; a page that was opened at a link has nothing to go back to but the list. */
export function goBack(to: PageName): void {
  if (hasMoved) history.back();
  else replaceRoute(to);
}
