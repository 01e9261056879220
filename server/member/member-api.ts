import { z } from 'zod';
import { roles } from '#server/base/caller.ts';
import { byId, endpoint } from '#server/base/endpoint.ts';

export const memberView = z.object({
  id: z.uuid(),
  name: z.string(),
  role: z.enum(roles),
  position: z.string().nullable(),
  avatar: z.string().nullable(),
  departments: z.array(z.object({ id: z.uuid(), name: z.string() })),
  status: z.enum(['active', 'left']),
});
export type MemberView = z.infer<typeof memberView>;

/** How an account came to its member; `apart`: an admin said that it is a member of its own. */
export const joinReasons = ['own', 'mobile', 'email', 'hand', 'apart'] as const;

export const accountView = z.object({
  platform: z.string(),
  key: z.string(),
  /** As the platform shows it. */
  name: z.string(),
  joinedBy: z.enum(joinReasons),
  /** Whether the platform still knows it. */
  active: z.boolean(),
  syncedAt: z.iso.datetime(),
  member: memberView,
  /** Other accounts of the same member. */
  others: z.array(z.object({ platform: z.string(), key: z.string(), name: z.string() })),
  /** Members without an account on this platform who may be the same person; surest first, at most five. */
  matches: z.array(z.object({ member: memberView, because: z.enum(['mobile', 'email', 'name']) })),
});
export type AccountView = z.infer<typeof accountView>;

const account = z.object({ platform: z.string(), key: z.string().min(1).max(128) });

export const memberApi = {
  loginUrl: endpoint({
    method: 'GET',
    path: '/api/login',
    summary: 'Where the browser goes to come back to `page` with a login code',
    query: z.object({ platform: z.string(), page: z.string().regex(/^\/(sidebar|inbox|desk)\.html(\?[^#]*)?$/) }),
    answer: z.object({ url: z.url() }),
  }),
  login: endpoint({
    method: 'POST',
    path: '/api/login',
    summary: 'Open a session with the code the platform gave; sets the cookie zhike_session',
    body: z.object({ platform: z.string(), code: z.string().min(1).max(512), state: z.string().max(128).optional() }),
    answer: memberView,
  }),
  logout: endpoint({ method: 'POST', path: '/api/logout', summary: 'End this session', answer: z.object({}) }),
  me: endpoint({
    method: 'GET',
    path: '/api/me',
    summary: 'Who am I, on which platform, with which rights',
    answer: memberView.extend({ platform: z.string(), locale: z.string() }),
  }),
  host: endpoint({
    method: 'GET',
    path: '/api/host',
    summary: "What the page needs to open the platform's JS bridge; `url` without the part after #",
    query: z.object({ platform: z.string(), url: z.url() }),
    answer: z.record(z.string(), z.unknown()),
  }),
  list: endpoint({
    method: 'GET',
    path: '/api/members',
    summary:
      'Members inside the caller’s scope, for assigning; with `everyone`, for all but reps, those outside it too',
    query: z.object({ search: z.string().max(64).optional(), everyone: z.stringbool().default(false) }),
    answer: z.object({ items: z.array(memberView) }),
  }),
  edit: endpoint({
    method: 'PATCH',
    path: '/api/members/:id',
    summary: 'Give a member another role',
    roles: ['admin'],
    params: byId,
    body: z.object({ role: z.enum(roles) }),
    answer: memberView,
  }),
  accounts: endpoint({
    method: 'GET',
    path: '/api/member-accounts',
    summary:
      'Accounts on the platforms and whose they are; `single` leaves out those of members known on every platform. Ordered by name',
    roles: ['admin'],
    query: z.object({
      platform: z.string().optional(),
      search: z.string().max(64).optional(),
      single: z.stringbool().default(false),
      after: z.string().max(400).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    answer: z.object({ items: z.array(accountView), nextAfter: z.string().nullable() }),
  }),
  join: endpoint({
    method: 'POST',
    path: '/api/member-accounts/join',
    summary:
      'This account belongs to that member. What its member so far had goes over, and that member is no more; 409 `member.has_account` where that member has one there',
    roles: ['admin'],
    body: account.extend({ memberId: z.uuid() }),
    answer: accountView,
  }),
  separate: endpoint({
    method: 'POST',
    path: '/api/member-accounts/separate',
    summary:
      'This account is a member of its own after all, and is not joined by itself again; what went over stays where it is',
    roles: ['admin'],
    body: account,
    answer: accountView,
  }),
};
