import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import { approvalRoutes } from '#server/approval/approval-routes.ts';
import type { Deps } from '#server/base/deps.ts';
import { answering, serve, type Route } from '#server/base/http.ts';
import { openApiDocument } from '#server/base/openapi.ts';
import { Refusal } from '#server/base/refusal.ts';
import { channelRoutes } from '#server/channel/channel-routes.ts';
import { broadcastRoutes } from '#server/broadcast/broadcast-routes.ts';
import { contactRoutes } from '#server/contact/contact-routes.ts';
import { callbackRoute } from '#server/inbound/callback-route.ts';
import { countInbound } from '#server/inbound/count-inbound.ts';
import type { EventSwitch } from '#server/inbound/inbound-event.ts';
import { bindingRoutes } from '#server/binding/binding-routes.ts';
import { conversationRoutes } from '#server/conversation/conversation-routes.ts';
import { customerRoutes } from '#server/customer/customer-routes.ts';
import { healthRoutes } from '#server/health/health-routes.ts';
import { handoverRoutes } from '#server/handover/handover-routes.ts';
import { inboundRoutes } from '#server/inbound/inbound-routes.ts';
import { openInbox, type Inbox } from '#server/inbound/inbox.ts';
import { findCaller } from '#server/member/find-caller.ts';
import { knowledgeRoutes } from '#server/knowledge/knowledge-routes.ts';
import { materialRoutes } from '#server/material/material-routes.ts';
import { memberRoutes } from '#server/member/member-routes.ts';
import { SESSION_COOKIE } from '#server/member/session.ts';
import { liveRoute } from '#server/sidebar/live-route.ts';
import { liveStream } from '#server/sidebar/sidebar-api.ts';
import { segmentRoutes } from '#server/segment/segment-routes.ts';
import { sidebarRoutes } from '#server/sidebar/sidebar-routes.ts';
import { teamRoutes } from '#server/team/team-routes.ts';
import { taskRoutes } from '#server/task/task-routes.ts';
import { opportunityRoutes } from '#server/opportunity/opportunity-routes.ts';
import { scoringRoutes } from '#server/scoring/scoring-routes.ts';
import { seriesRoutes } from '#server/series/series-routes.ts';
import { summaryRoutes } from '#server/summary/summary-routes.ts';
import { usageRoutes } from '#server/usage/usage-routes.ts';
import { eventSwitch } from './events.ts';

/** Every route of every room. */
export const routes: Route[] = [
  ...memberRoutes,
  ...inboundRoutes,
  ...contactRoutes,
  ...customerRoutes,
  ...bindingRoutes,
  ...conversationRoutes,
  ...taskRoutes,
  ...summaryRoutes,
  ...scoringRoutes,
  ...approvalRoutes,
  ...opportunityRoutes,
  ...healthRoutes,
  ...handoverRoutes,
  ...broadcastRoutes,
  ...teamRoutes,
  ...materialRoutes,
  ...knowledgeRoutes,
  ...channelRoutes,
  ...segmentRoutes,
  ...seriesRoutes,
  ...usageRoutes,
  ...sidebarRoutes,
];

/** All that may be asked without a login. A route that is not here is 401. */
export const publicPaths = [
  '/callbacks/:platform',
  '/healthz',
  '/readyz',
  '/metrics',
  '/api/login',
  '/api/openapi.json',
] as const;

/** What operations asks of the process; answered by main.ts, which holds the connections. */
export interface Health {
  /** Names of what is not ready; [] when all is. */
  notReady(): Promise<string[]>;
  /** Jobs by lane and state. */
  queueDepth(): Promise<Record<string, Record<string, number>>>;
}

export interface App {
  app: Koa;
  router: Router;
  inbox: Inbox;
  /** Resolves when what callbacks brought is stored and passed on. */
  settled(): Promise<void>;
}

const goneCodes = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);

export function makeApp(deps: Deps, health: Health, deeds: EventSwitch = eventSwitch): App {
  const app = new Koa({ proxy: false });
  // One address for each route: what guards them compares addresses too.
  const router = new Router({ sensitive: true });
  const inbox = openInbox(deps, deeds);
  app.on('error', (err: unknown) => {
    // A page that is closed leaves its live stream in the middle.
    const isGone = goneCodes.has(String((err as { code?: unknown } | null)?.code));
    deps.log[isGone ? 'debug' : 'error']({ err }, 'answer failed');
  });

  operations(router, deps, health);
  router.get('/api/openapi.json', (ctx) => {
    ctx.body = openApiDocument({ routes, streams: [liveStream] }, deps.config.PUBLIC_URL);
  });
  liveRoute(router, deps);
  for (const route of routes) router.register(route.endpoint.path, [route.endpoint.method], serve(deps, route));

  app.use(answering(deps));
  app.use(callbackRoute(deps, inbox));
  app.use(forBrowsers());
  app.use(miniapp());
  app.use(recogniseCaller(deps));
  app.use(sameOrigin(deps));
  app.use(requireCaller());
  app.use(noteRoute(router));
  app.use(router.routes());
  return { app, router, inbox, settled: inbox.settled };
}

function operations(router: Router, deps: Deps, health: Health): void {
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'alive' };
  });
  router.get('/readyz', async (ctx) => {
    const notReady = await health.notReady();
    ctx.status = notReady.length === 0 ? 200 : 503;
    ctx.body = notReady.length === 0 ? { status: 'ready' } : { status: 'not ready', notReady };
  });
  router.get('/metrics', async (ctx) => {
    if (!mayReadMetrics(deps, ctx))
      throw new Refusal('metrics.token', 'Send the METRICS_TOKEN as a bearer token, or ask from this machine.', 401);
    await countInbound(deps);
    for (const [queue, states] of Object.entries(await health.queueDepth())) {
      for (const [state, jobs] of Object.entries(states)) deps.metrics.queueDepth.set({ queue, state }, jobs);
    }
    ctx.type = deps.metrics.registry.contentType;
    ctx.body = await deps.metrics.registry.metrics();
  });
}

function mayReadMetrics(deps: Deps, ctx: Context): boolean {
  const token = deps.config.METRICS_TOKEN;
  // Hashes, since comparing the texts takes the longer the more of them is right.
  if (token) return deps.cipher.hash(ctx.get('Authorization')) === deps.cipher.hash(`Bearer ${token}`);
  // A proxy on the same machine makes everybody look like loopback.
  if (ctx.get('X-Forwarded-For') || ctx.get('Forwarded')) return false;
  const { remoteAddress } = ctx.req.socket;
  return ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(remoteAddress ?? '');
}

function recogniseCaller(deps: Deps): Middleware {
  return async (ctx, next) => {
    const token = ctx.cookies.get(SESSION_COOKIE);
    if (token) ctx.state['caller'] = await findCaller(deps, token);
    await next();
  };
}

/** What a browser may do with an answer. Pages say it otherwise for themselves. */
function forBrowsers(): Middleware {
  return async (ctx, next) => {
    ctx.set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    });
    await next();
  };
}

/** A page of another site can make a browser send our cookie, but not our Origin. Callbacks pass before this. */
function sameOrigin(deps: Deps): Middleware {
  const ours = new URL(deps.config.PUBLIC_URL).origin;
  return async (ctx, next) => {
    const changesState = !['GET', 'HEAD', 'OPTIONS'].includes(ctx.method);
    if (changesState && ctx.get('Origin') !== ours) {
      throw new Refusal('request.origin', `Calls that change something must come from ${ours}.`, 403);
    }
    await next();
  };
}

function requireCaller(): Middleware {
  const patterns = publicPaths.map((pattern) => new RegExp(`^${pattern.replace(/:\w+/g, '[^/]+')}$`));
  return async (ctx, next) => {
    const isPublic = patterns.some((pattern) => pattern.test(ctx.path));
    if (!isPublic && !ctx.state['caller']) throw new Refusal('session.missing', 'Log in and try again.', 401);
    await next();
  };
}

/** The route's pattern, so that metrics do not grow with every id. */
function noteRoute(router: Router): Middleware {
  return async (ctx, next) => {
    const matched = router.match(ctx.path, ctx.method).pathAndMethod.at(-1);
    if (matched) ctx.state['route'] = String(matched.path);
    await next();
  };
}

const miniappDir = path.join(import.meta.dirname, '..', 'miniapp', 'dist');
const assetTypes: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};

/** Styles stand in the pages and are set by components. Of frames nothing is said: a client's bridge may be one, with a scheme of its own. */
const pagePolicy = [
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data: https:",
  "font-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** The built miniapp: pages are asked for anew each time, assets carry a hash in their name and never change. */
function miniapp(): Middleware {
  return async (ctx, next) => {
    const page = ctx.method === 'GET' || ctx.method === 'HEAD' ? /^\/(sidebar|inbox|desk)\.html$/.exec(ctx.path) : null;
    const asset = /^\/assets\/[\w.-]+$/.exec(ctx.path);
    if (!page && !asset) return next();
    if (page) ctx.set('Content-Security-Policy', pagePolicy);
    const file = path.join(miniappDir, ctx.path);
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) throw new Refusal('page.unknown', 'This page is not built: run npm run build.', 404);
    ctx.state['route'] = page ? ctx.path : '/assets/*';
    ctx.set('Cache-Control', page ? 'no-cache' : 'public, max-age=31536000, immutable');
    ctx.type = page ? 'text/html; charset=utf-8' : (assetTypes[path.extname(file)] ?? 'application/octet-stream');
    ctx.length = found.size;
    ctx.body = createReadStream(file);
  };
}
