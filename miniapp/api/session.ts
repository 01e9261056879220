import { reactive } from 'vue';
import { ApiError, isApiError } from './api-error.ts';
import { api } from './api.ts';
import { onUnauthorised } from './call.ts';

export type Me = Awaited<ReturnType<typeof api.me>>;

/** Who uses the page. `expired` once a call was answered with 401 after that. */
export const session = reactive({ me: null as Me | null, expired: false });

/** A call that left before it was told nothing about this session: its answer may come after the login. */
let enteredAt = 0;
onUnauthorised((sentAt) => {
  if (session.me && sentAt >= enteredAt) session.expired = true;
});

const TRIED_KEY = 'zhike.login-tried-at';
/** The place on the page: the login brings back the address without it. */
const PLACE_KEY = 'zhike.login-place';
/** Coming back from a login without a session that soon means that cookies do not hold: asking again would go round for ever. */
const TRIED_RECENTLY_MS = 15_000;

/** How a client lets its user in: host/host.ts, Host. */
export type AskForCode = ((loginUrl: string) => Promise<string | null>) | null;

/** Who uses the page; asks the client for a code, or goes to the login page and never answers, when nobody does. */
export async function logIn(platform: string, askForCode: AskForCode = null): Promise<Me> {
  // A page that was left on its way to the login, as at a change of chats, did not come back from it.
  const cameBack = codeIn(new URLSearchParams(location.search)) !== null;
  const refused = await redeemCode(platform);
  if (cameBack) returnToPlace();
  try {
    session.me = await api.me();
    session.expired = false;
    sessionStorage.removeItem(TRIED_KEY);
    return session.me;
  } catch (error) {
    if (!isApiError(error, 401)) throw error;
    if (askForCode && (await enterByCode(platform, askForCode))) {
      session.me = await api.me();
      session.expired = false;
      return session.me;
    }
    if (cameBack && triedRecently()) {
      sessionStorage.removeItem(TRIED_KEY);
      throw refused ?? error;
    }
    await goToLogin(platform);
    return new Promise<never>(() => {});
  }
}

/** A session without leaving the page; false when the client gives no code. */
export async function enterByCode(platform: string, askForCode: NonNullable<AskForCode>): Promise<boolean> {
  const code = await askForCode(await loginUrl(platform));
  if (!code) return false;
  await api.login({ body: { platform, code } });
  enteredAt = performance.now();
  session.expired = false;
  return true;
}

/** Leaves the page. */
export async function goToLogin(platform: string): Promise<void> {
  const url = await loginUrl(platform);
  sessionStorage.setItem(TRIED_KEY, String(Date.now()));
  sessionStorage.setItem(PLACE_KEY, location.hash);
  location.replace(url);
}

function returnToPlace(): void {
  const place = sessionStorage.getItem(PLACE_KEY);
  sessionStorage.removeItem(PLACE_KEY);
  // A login page may leave a hash of its own behind: that is no place here.
  if (place?.startsWith('#/') && !location.hash.startsWith('#/')) location.replace(place);
}

async function loginUrl(platform: string): Promise<string> {
  const search = withoutCode(new URLSearchParams(location.search)).toString();
  const page = search ? `${location.pathname}?${search}` : location.pathname;
  return (await api.loginUrl({ query: { platform, page } })).url;
}

/**
 * A code is good once: it leaves the address whatever becomes of it, so that a reload does not send it again. Answers why
 * it was refused: it may be an old one in a kept address, and the session good all the same.
 */
async function redeemCode(platform: string): Promise<ApiError | null> {
  const search = new URLSearchParams(location.search);
  const code = codeIn(search);
  if (!code) return null;
  // Without the state of our own login the link is somebody else's making: it would log the member in as another.
  const state = search.get('state') ?? '';
  const rest = withoutCode(search).toString();
  history.replaceState(history.state, '', location.pathname + (rest ? `?${rest}` : '') + location.hash);
  try {
    await api.login({ body: { platform, code, state } });
    return null;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return error;
    throw error;
  }
}

/** One platform brings it back under another name. */
const codeIn = (search: URLSearchParams): string | null => search.get('code') ?? search.get('authCode');

function withoutCode(search: URLSearchParams): URLSearchParams {
  search.delete('code');
  search.delete('authCode');
  search.delete('state');
  return search;
}

function triedRecently(): boolean {
  return Date.now() - Number(sessionStorage.getItem(TRIED_KEY) ?? 0) < TRIED_RECENTLY_MS;
}
