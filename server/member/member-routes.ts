import type { Context } from 'koa';
import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { route, type Route } from '#server/base/http.ts';
import { Refusal } from '#server/base/refusal.ts';
import { changeRole } from './change-role.ts';
import { joinAccount } from './join-account.ts';
import { beginLogin, logIn } from './log-in.ts';
import { memberApi } from './member-api.ts';
import { viewMember } from './member.ts';
import { getMember, listMembers } from './member-store.ts';
import { separateAccount } from './separate-account.ts';
import { hashSessionToken, LOGIN_COOKIE, LOGIN_MINUTES, SESSION_COOKIE, SESSION_DAYS } from './session.ts';
import { deleteSession } from './session-store.ts';
import { listAccountViews, viewAccount } from './view-account.ts';

export const memberRoutes: Route[] = [
  route(memberApi.loginUrl, async (deps, { ctx, query }) => {
    const { url, nonce } = beginLogin(deps, query);
    setCookie(deps, ctx, LOGIN_COOKIE, nonce, LOGIN_MINUTES * MINUTE_MS);
    return { url };
  }),
  route(memberApi.login, async (deps, { ctx, body }) => {
    const { platform, code, state } = body;
    const { token, member } = await logIn(deps, { platform, code, state, nonce: ctx.cookies.get(LOGIN_COOKIE) ?? '' });
    setCookie(deps, ctx, LOGIN_COOKIE, '', 0);
    setCookie(deps, ctx, SESSION_COOKIE, token, SESSION_DAYS * 24 * 3600_000);
    return viewMember(member);
  }),
  route(memberApi.logout, async (deps, { ctx }) => {
    await deleteSession(deps.db, hashSessionToken(ctx.cookies.get(SESSION_COOKIE) ?? ''));
    setCookie(deps, ctx, SESSION_COOKIE, '', 0);
    return {};
  }),
  route(memberApi.me, async (deps, { caller }) => {
    const member = await getMember(deps.db, caller.memberId);
    return { ...viewMember(member), platform: caller.platform, locale: member.locale };
  }),
  route(memberApi.host, async (deps, { query }) => {
    // A signature opens the bridge to whatever page it is for.
    if (new URL(query.url).origin !== new URL(deps.config.PUBLIC_URL).origin)
      throw new Refusal('host.url', `Open the page under ${deps.config.PUBLIC_URL}.`, 422);
    return deps.platforms.get(query.platform).clientConfig(query.url);
  }),
  route(memberApi.list, async (deps, { caller, query }) => {
    // A scope is about whose customers are seen; who works here, and may receive or send, is no secret.
    const scope = query.everyone && caller.role !== 'rep' ? ({ all: true } as const) : caller.scope;
    const members = await listMembers(deps.db, scope, query.search?.trim() ?? '');
    return { items: members.map(viewMember) };
  }),
  route(memberApi.edit, async (deps, { caller, params, body }) =>
    viewMember(await changeRole(deps, caller, params.id, body.role)),
  ),
  route(memberApi.accounts, (deps, { query }) => listAccountViews(deps, query)),
  route(memberApi.join, async (deps, { caller, body }) => viewAccount(deps, await joinAccount(deps, caller, body))),
  route(memberApi.separate, async (deps, { caller, body }) =>
    viewAccount(deps, await separateAccount(deps, caller, body)),
  ),
];

function setCookie(deps: Deps, ctx: Context, name: string, value: string, maxAgeMs: number): void {
  const secure = deps.config.PUBLIC_URL.startsWith('https:');
  // TLS often ends at a proxy: whether the cookie is for https only is told by PUBLIC_URL, not by this connection.
  ctx.cookies.secure = secure;
  ctx.cookies.set(name, value, { httpOnly: true, sameSite: 'lax', secure, maxAge: maxAgeMs, overwrite: true });
}
