import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { SandboxState } from '#bot/sandbox/sandbox-api.ts';
import type { SandboxContact } from '#bot/sandbox/wecom-window-api.ts';
import { makeApp } from '#server/app.ts';
import { sidebarView, type SidebarView } from '#server/sidebar/sidebar-api.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { healthy } from '#tests/support/healthy.ts';
import { callerAs, type Call } from '#tests/support/journey.ts';
import { startProduct, type Product } from '#tests/support/product.ts';
import { useWorld } from '#tests/support/world.ts';
import { patienceMs } from '#tests/support/patience.ts';

const world = useWorld();
let database: TestDatabase;
let product: Product;
/** The product's own address, and the sandbox's. */
let own: string;
let outside: string;
let rep: Call;
let state: SandboxState;

const said = {
  question: '我们门店的收银系统想对接，50 个账号多少钱？电话 13912345678。',
  budget: '预算两万以内，要我们董事长点头。',
  promise: '好的，我明天下午把对接方案发您邮箱 lixin@example.com。',
};

/** A day as it comes: somebody adds the rep, they talk, the rep works in the sidebar, and some things fail. */
beforeAll(async () => {
  database = await cloneDatabase();
  product = startProduct({ DATA_DIR: freshFolder(), DATABASE_URL: database.url, LOG_LEVEL: 'debug' });
  const [, port] = await product.says(/"port":(\d+),"msg":"web server is listening"/);
  const [, page] = await product.says(/Open (http:\S+)/);
  [own, outside] = [`http://127.0.0.1:${port}/`, String(page)];
  state = await control('state');
  const { member, stranger: contact } = state.demo;
  await control('act', { kind: 'customer_adds', member, contact });
  for (const text of [said.question, said.budget])
    await control('act', { kind: 'customer_writes', member, contact, text });
  await control('act', { kind: 'member_writes', member, contact, text: said.promise });
  rep = await callerAs(outside, member);
  const view = await expectView(contact, ({ summary, tasks }) => summary !== null && tasks.length > 0);
  await work(view);
  await control('faults', { model: { mode: 'down' }, api: [{ path: '*', kind: 'code', code: 40058, calls: null }] });
  await control('act', { kind: 'customer_writes', member, contact, text: said.question });
  await control('act', { kind: 'member_edits', member, contact, remark: '周女士-门店收银', phones: ['13912345678'] });
  await product.says(/"msg":"an event was not handled"/);
  await product.says(/"msg":"the model gave no answer"/);
});
afterAll(async () => {
  product.process.kill('SIGINT');
  await product.ended;
  await database.drop();
});

async function control<Answer>(name: string, body?: object): Promise<Answer> {
  const response = await fetch(`${outside}sandbox/api/${name}`, {
    method: body ? 'POST' : 'GET',
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

async function expectView(contact: string, isReady: (view: SidebarView) => boolean): Promise<SidebarView> {
  const look = async () => {
    const answer = await rep('GET', `/api/sidebar?platform=wecom&contact=${contact}`);
    const view = answer.ok ? sidebarView.parse(await answer.json()) : null;
    return view && isReady(view) && view;
  };
  return (await vi.waitUntil(look, { timeout: patienceMs, interval: 100 })) as SidebarView;
}

async function work({ contact, tasks: [task] }: SidebarView): Promise<void> {
  const done = [
    await rep('POST', `/api/tasks/${task?.id}/accept`, { version: task?.version }),
    await rep('PUT', `/api/reply-drafts/${contact.id}`, { text: said.promise }),
    await rep('POST', '/api/conversations/paste', { contactId: contact.id, text: `周女士 10:02 ${said.budget}` }),
    await rep('POST', '/api/bindings/with-new-customer', {
      contactId: contact.id,
      role: 'user',
      customer: { kind: 'person', name: '周晓梅门店', phone: '13912345678' },
    }),
  ];
  expect(done.map(({ status }) => status)).toEqual(done.map(() => expect.toBeOneOf([200, 201])));
  // And what is refused: words in a field that takes none.
  expect((await rep('POST', '/api/customers', { kind: said.question, name: 7 })).status).toBe(400);
  expect((await rep('GET', `/api/customers/${encodeURIComponent(said.budget)}`)).status).toBe(400);
}

test('the metrics tell how late callbacks are, how long the queue is, what platforms answer, what the model costs and how fast the sidebar is', async () => {
  const text = await (await fetch(`${own}metrics`)).text();
  const value = (series: RegExp) => Number(new RegExp(`^${series.source} (\\S+)$`, 'm').exec(text)?.[1]);
  expect(value(/zhike_callback_lag_seconds_count\{kind="contact_added"\}/)).toBeGreaterThan(0);
  expect(value(/zhike_queue_jobs\{[^}]*state="waiting"\}/)).toBeGreaterThanOrEqual(0);
  expect(value(/zhike_platform_call_seconds_count\{[^}]*call="externalcontact\/get",code="ok"\}/)).toBeGreaterThan(0);
  expect(value(/zhike_platform_call_seconds_count\{[^}]*code="40058"\}/)).toBeGreaterThan(0);
  expect(value(/zhike_model_cost_yuan_total\{useCase="summarise-conversation"\}/)).toBeGreaterThan(0);
  expect(value(/zhike_http_request_seconds_count\{[^}]*route="\/api\/sidebar"[^}]*\}/)).toBeGreaterThan(0);
  // Nobody reads them through a proxy without the token.
  expect((await fetch(`${outside}metrics`)).status).toBe(401);
});

test('the OpenAPI document lists every route of the API, in schemas that can be read', async () => {
  const openapi = z.object({
    openapi: z.literal('3.1.0'),
    paths: z.record(z.string(), z.record(z.string(), operation)),
  });
  const { paths } = openapi.parse(await (await fetch(`${own}api/openapi.json`)).json());
  const listed = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const { router } = makeApp(world.deps, healthy);
  const registered = router.stack.flatMap(({ methods, path }) =>
    methods
      .filter((method) => method !== 'HEAD')
      .map((method) => `${method} ${String(path).replace(/:(\w+)/g, '{$1}')}`),
  );
  expect(listed.toSorted()).toEqual(registered.filter((route) => / \/api\/(?!openapi)/.test(route)).toSorted());
  const schemas = Object.values(paths).flatMap((operations) => Object.values(operations).flatMap(schemasOf));
  expect(schemas.length).toBeGreaterThan(listed.length);
  for (const schema of schemas) expect(() => z.fromJSONSchema(schema)).not.toThrow();
});

const content = z.object({ 'application/json': z.object({ schema: z.record(z.string(), z.unknown()) }).optional() });
const operation = z.object({
  summary: z.string().min(1),
  parameters: z.array(
    z.object({ name: z.string(), in: z.enum(['path', 'query']), schema: z.record(z.string(), z.unknown()) }),
  ),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content })),
});

function schemasOf({ parameters, requestBody, responses }: z.infer<typeof operation>) {
  const bodies = [requestBody, ...Object.values(responses)].map((body) => body?.content['application/json']?.schema);
  return [...parameters.map(({ schema }) => schema), ...bodies].filter((schema) => schema !== undefined);
}

test('the log, at its most talkative, holds no name, number or word of a customer or a member', async () => {
  const { contacts } = await control<{ contacts: SandboxContact[] }>(`contacts?member=${state.demo.member}`);
  const { messages } = await control<{ messages: { text: string }[] }>(
    `chat?member=${state.demo.member}&contact=${state.demo.contact}`,
  );
  const secret = [
    ...contacts.flatMap(({ name, remark, corpName }) => [name, remark, corpName]),
    ...state.members.map(({ name }) => name),
    ...messages.map(({ text }) => text),
    ...Object.values(said),
    '周晓梅',
    '门店',
    '13912345678',
    'lixin@example.com',
    '董事长',
  ].filter((one): one is string => Boolean(one));
  expect(secret.length).toBeGreaterThan(60);
  const log = product.output();
  expect(log.split('\n').length).toBeGreaterThan(20);
  expect(secret.filter((one) => log.includes(one) || log.includes(encodeURIComponent(one)))).toEqual([]);
  // Every line but the one that says which page to open is JSON; those of a request carry its id.
  const lines = log.split('\n').filter((line) => line !== '' && !line.includes('Open http'));
  const entries = lines.map((line) =>
    z.object({ msg: z.string(), requestId: z.string().optional() }).parse(JSON.parse(line)),
  );
  expect(entries.filter(({ msg }) => msg === 'answered').every(({ requestId }) => requestId)).toBe(true);
});
