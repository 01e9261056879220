import { createServer, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { z } from 'zod';
import type { Endpoint } from '#server/base/endpoint.ts';
import { bindingApi } from '#server/binding/binding-api.ts';
import { contactApi } from '#server/contact/contact-api.ts';
import { conversationApi, type MessageView } from '#server/conversation/conversation-api.ts';
import { customerApi } from '#server/customer/customer-api.ts';
import { memberApi } from '#server/member/member-api.ts';
import type { OpportunityView } from '#server/opportunity/opportunity-api.ts';
import { scoringApi } from '#server/scoring/scoring-api.ts';
import { sidebarApi, type SidebarView } from '#server/sidebar/sidebar-api.ts';
import { summaryApi } from '#server/summary/summary-api.ts';
import { taskApi } from '#server/task/task-api.ts';
import { approvalDeeds, type MockApprovals } from './mock-approvals.ts';
import { noPrefill, opportunityDeeds, type Prefill } from './mock-opportunities.ts';
import { deskDeeds } from './mock-desk.ts';
import { seriesDeeds, someSeriesWorld, type MockSeries } from './mock-series.ts';
import { Refusing, type Asked, type Refused, type Route } from './mock-part.ts';
import { channelDeeds, someChannels, type MockChannels } from './mock-channels.ts';
import { handoverDeeds, type MockHandovers } from './mock-handovers.ts';
import { learningDeeds, someLearning, type MockLearning } from './mock-learning.ts';
import { knowledgeDeeds, someKnowledge, type MockKnowledge } from './mock-knowledge.ts';
import { materialDeeds, someMaterials, type MockMaterials } from './mock-materials.ts';
import { broadcastDeeds, noBroadcasts, type MockBroadcasts } from './mock-broadcasts.ts';
import { noSegments, segmentDeeds, type MockSegments } from './mock-segments.ts';
import { teamDeeds } from './mock-team.ts';

type Me = z.output<typeof memberApi.me.answer>;

/** The pages with the other end of their contracts: every request and every answer is parsed by the contract itself. */
export interface MockProduct {
  url: string;
  view: SidebarView;
  messages: MessageView[];
  me: Me;
  approvals: MockApprovals;
  handovers: MockHandovers;
  materials: MockMaterials;
  channels: MockChannels;
  series: MockSeries;
  tags: z.output<typeof contactApi.tags.answer>['groups'];
  segments: MockSegments;
  broadcasts: MockBroadcasts;
  learning: MockLearning;
  knowledge: MockKnowledge;
  /** What comes of asking for a reply; null: the model does not answer. */
  drafted: z.output<typeof summaryApi.draft.answer> | null;
  /** What the chat says of a sale. */
  prefill: Prefill;
  closedSales: OpportunityView[];
  /** `POST /api/tasks/:id/complete` and what was sent, oldest first. */
  calls: { address: string; sent: Asked }[];
  isLoggedIn: boolean;
  /** By address: what is answered instead. */
  refusals: Map<string, Refused>;
  /** A live update. */
  tell(part: string): void;
  close(): Promise<void>;
}

const dist = path.join(import.meta.dirname, '..', '..', 'miniapp', 'dist');
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
/** A picture of one dot. */
const dot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
// As strict as the server can be made.
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'";

export async function startMockProduct(
  view: SidebarView,
  messages: MessageView[],
  approvals: MockApprovals = { all: [], policies: [], delegates: [] },
): Promise<MockProduct> {
  const streams = new Set<ServerResponse>();
  /** A page shows what it is about before its stream is open: what was told a moment ago is told to it too. */
  const told: { part: string; at: number }[] = [];
  const say = (stream: ServerResponse, part: string) => stream.write(`data: ${JSON.stringify({ part })}\n\n`);
  const mock: MockProduct = {
    url: '',
    view,
    messages,
    me: {
      id: view.tasks[0]?.assignee.id ?? view.contact.id,
      name: '王磊',
      role: 'rep',
      position: '销售专员',
      avatar: null,
      departments: [],
      status: 'active',
      platform: 'wecom',
      locale: 'zh-CN',
    },
    approvals,
    handovers: { all: [], items: [], leavers: [] },
    materials: someMaterials(),
    channels: someChannels(),
    series: someSeriesWorld(),
    tags: [],
    segments: noSegments(),
    broadcasts: noBroadcasts(),
    learning: someLearning(),
    knowledge: someKnowledge(),
    drafted: null,
    prefill: noPrefill(),
    closedSales: [],
    calls: [],
    isLoggedIn: true,
    refusals: new Map(),
    tell(part) {
      told.push({ part, at: Date.now() });
      for (const stream of streams) say(stream, part);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const routes = routesOf(mock);

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', mock.url);
    if (url.pathname === '/login-page') {
      const back = new URL(url.searchParams.get('page') ?? '/', mock.url);
      back.searchParams.set('code', 'good');
      back.searchParams.set('state', 'ours');
      response.writeHead(302, { location: back.href }).end();
    } else if (url.pathname.startsWith('/api/live')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
      for (const { part, at } of told) if (Date.now() - at < 5000) say(response, part);
      streams.add(response);
      response.on('close', () => streams.delete(response));
    } else if (
      request.method === 'GET' &&
      /^\/api\/(material-files\/[^/]+|channels\/[^/]+\/picture)$/.test(url.pathname)
    ) {
      response.writeHead(200, { 'content-type': 'image/png' }).end(dot);
    } else if (url.pathname.startsWith('/api/')) {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const isJson = request.headers['content-type'] === 'application/json';
        const sent = isJson ? Buffer.concat(chunks).toString() : '';
        const { status, body } = answer(mock, routes, request.method ?? '', url, sent);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    } else {
      const isFile = /^\/(assets\/[\w.-]+|\w+\.html)$/.test(url.pathname);
      response.writeHead(isFile ? 200 : 404, {
        'content-type': types[path.extname(url.pathname)] ?? 'text/plain',
        'content-security-policy': policy,
      });
      response.end(isFile ? readFileSync(path.join(dist, url.pathname)) : '');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mock.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return mock;
}

function answer(mock: MockProduct, routes: Route[], method: string, url: URL, raw: string) {
  const matches = ({ endpoint }: Route) => endpoint.method === method && patternOf(endpoint).test(url.pathname);
  const route = routes.find(matches);
  if (!route) return refusal({ status: 404, code: 'route.unknown' });
  const { endpoint, deed } = route;
  const address = `${endpoint.method} ${endpoint.path}`;
  const sent = {
    params: patternOf(endpoint).exec(url.pathname)?.groups ?? {},
    query: Object.fromEntries(url.searchParams),
    body: raw ? (JSON.parse(raw) as Asked['body']) : {},
  };
  mock.calls.push({ address, sent });
  if (!mock.isLoggedIn && !endpoint.path.startsWith('/api/login')) {
    return refusal({ status: 401, code: 'session.missing' });
  }
  const refused = mock.refusals.get(address);
  if (refused) return refusal(refused);
  endpoint.params?.parse(sent.params);
  endpoint.query?.parse(sent.query);
  endpoint.body?.parse(sent.body);
  try {
    return { status: endpoint.status ?? 200, body: endpoint.answer.parse(deed(sent)) };
  } catch (error) {
    if (error instanceof Refusing) return refusal(error.how);
    throw error;
  }
}

const patternOf = (endpoint: Endpoint) => new RegExp(`^${endpoint.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);

const refusal = ({ status, code, detail }: Refused) => ({
  status,
  body: { error: { code, message: code, requestId: 'request-1', ...(detail ? { detail } : {}) } },
});

function routesOf(mock: MockProduct): Route[] {
  const on = (endpoint: unknown, deed: Route['deed']): Route => ({ endpoint: endpoint as Endpoint, deed });
  const taskOf = ({ params }: Asked) => {
    const task = mock.view.tasks.find(({ id }) => id === params['id']);
    if (!task) throw new Error('no such task');
    return task;
  };
  const change = (asked: Asked, changes: object) =>
    Object.assign(taskOf(asked), changes, { version: taskOf(asked).version + 1 });
  const sign = { timestamp: 1, nonceStr: 'nonce', signature: 'signature' };

  return [
    ...approvalDeeds(mock, on),
    ...teamDeeds(mock, on),
    ...handoverDeeds(mock, on),
    ...materialDeeds(mock, on),
    ...channelDeeds(mock, on),
    ...seriesDeeds(mock, on),
    ...opportunityDeeds(mock, on),
    ...deskDeeds(on),
    ...segmentDeeds(mock, on),
    ...broadcastDeeds(mock, on),
    ...learningDeeds(mock, on),
    ...knowledgeDeeds(mock, on),
    on(memberApi.loginUrl, ({ query }) => ({
      url: `${mock.url}/login-page?client_id=dingapp&corpId=dingcorp&page=${encodeURIComponent(query['page'] ?? '')}`,
    })),
    on(memberApi.login, () => {
      mock.isLoggedIn = true;
      return mock.me;
    }),
    on(memberApi.me, () => mock.me),
    on(memberApi.host, ({ query }) =>
      query['platform'] === 'dingtalk'
        ? {
            corpId: 'dingcorp',
            clientId: 'dingapp',
            agentId: '1',
            timeStamp: 1,
            nonceStr: 'nonce',
            signature: 'signature',
          }
        : { corpId: 'ww1', agentId: 1000002, corp: sign, agent: sign },
    ),
    on(sidebarApi.read, () => mock.view),
    on(contactApi.tags, () => ({ groups: mock.tags })),
    on(contactApi.optOut, ({ body }) => {
      const isOut = body['optedOut'] === true;
      mock.view.contact.optedOutAt = isOut ? new Date().toISOString() : null;
      return { optedOutAt: mock.view.contact.optedOutAt, optedOutBy: isOut ? 'member' : null };
    }),
    on(conversationApi.messages, () => ({ items: mock.messages, nextBefore: null })),
    on(customerApi.fields, () => ({ items: [] })),
    on(customerApi.revealPhone, () => ({ phone: '13800138000' })),
    on(customerApi.notes, () => ({ items: [] })),
    on(customerApi.edit, ({ body }) => {
      const { version, ...edit } = body;
      return Object.assign(mock.view.customer ?? {}, edit, { version: Number(version) + 1 });
    }),
    on(bindingApi.history, () => ({ items: [] })),
    on(scoringApi.history, () => ({ items: mock.view.score ? [mock.view.score] : [] })),
    on(
      summaryApi.draft,
      () => mock.drafted ?? { text: null, reason: 'unavailable', sources: [], risks: [], runId: null },
    ),
    on(summaryApi.saveDraft, ({ body }) => {
      const updatedAt = new Date().toISOString();
      mock.view.draft = body['text'] === '' ? null : { text: String(body['text']), updatedAt };
      return { updatedAt };
    }),
    on(summaryApi.feedback, () => ({})),
    on(taskApi.complete, (asked) => change(asked, { state: 'done', doneAt: new Date().toISOString() })),
    on(taskApi.reopen, (asked) => change(asked, { state: 'open', doneAt: null })),
    on(taskApi.accept, (asked) => change(asked, { state: 'open' })),
    on(taskApi.create, ({ body }) => {
      const task = { ...mock.view.tasks[0], ...body, id: '00000000-0000-4000-8000-000000000399', quote: null };
      mock.view.tasks.push(task as SidebarView['tasks'][number]);
      return task;
    }),
  ];
}
