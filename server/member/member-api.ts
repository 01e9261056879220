import { z } from 'zod';
import { roles } from '#server/base/caller.ts';
import { endpoint } from '#server/base/endpoint.ts';

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
    summary: 'Members inside the caller’s scope, for assigning',
    query: z.object({ search: z.string().max(64).optional() }),
    answer: z.object({ items: z.array(memberView) }),
  }),
  edit: endpoint({
    method: 'PATCH',
    path: '/api/members/:id',
    summary: 'Give a member another role',
    roles: ['admin'],
    params: z.object({ id: z.uuid() }),
    body: z.object({ role: z.enum(roles) }),
    answer: memberView,
  }),
};
