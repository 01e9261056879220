import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Contact, Member, Prisma } from '#prisma/client/client.ts';
import { roles } from '#server/base/caller.ts';
import { readConfig } from '#server/base/config.ts';
import { listPrompts, readPrompt } from '#server/base/prompt.ts';
import { reserve } from '#server/base/model-day.ts';
import { makeModel } from '#server/base/model.ts';
import { dayOf } from '#server/base/shanghai.ts';
import { readCaseFigures } from '#server/usage/case-figures.ts';
import { tellOfBudget } from '#server/usage/tell-of-budget.ts';
import {
  modelSettings,
  useCases,
  type ModelSettings,
  type PromptView,
  type UsageView,
} from '#server/usage/usage-api.ts';
import { usageRoutes } from '#server/usage/usage-routes.ts';
import { lineAt } from '#server/usage/usage.ts';
import { viewSummary } from '#server/summary/view-summary.ts';
import { makeChat } from '#tests/support/chat.ts';
import { callerOf, makeContact, makeCustomer, makeMember, openSession } from '#tests/support/factories.ts';
import { useFakeModel } from '#tests/support/fake-model.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp, type Answer } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const fake = useFakeModel();
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);

let admin: Member;
let as: string;

beforeEach(async () => {
  platform.reset();
  // Wednesday, ten in the morning in Shanghai.
  world.clock.set('2026-03-04T02:00:00.000Z');
  admin = await makeMember(world.deps, { name: '钱管理', key: 'admin', role: 'admin' });
  platform.addMember('admin');
  as = await openSession(world.deps, admin);
});

const get = async <T>(at: string) => (await http.ask('GET', at, { as })).body as T;

async function run(given: Partial<Prisma.ModelRunUncheckedCreateInput> = {}): Promise<void> {
  await world.deps.db.modelRun.create({
    data: {
      at: world.deps.now(),
      useCase: 'summarise-conversation',
      promptVersion: 'summarise-conversation@1',
      model: 'm',
      inputHash: 'x',
      outcome: 'answered',
      ...given,
    },
  });
}

function withModel() {
  const config = readConfig({ NODE_ENV: 'test', SESSION_SECRET: 'x'.repeat(32), ...fake.env() });
  const { db, cipher, metrics, log, now } = world.deps;
  return makeModel({ config, db, cipher, metrics, log, now: () => now() });
}

const choice = (more: Partial<ModelSettings> = {}): ModelSettings => ({
  on: true,
  useCases: Object.fromEntries(useCases.map((name) => [name, true])) as ModelSettings['useCases'],
  softYuan: 40,
  hardYuan: 50,
  ...more,
});
const save = (wish: ModelSettings, reason = '预算调整'): Promise<Answer> =>
  http.ask('PUT', '/api/settings/model', { as, body: { ...wish, reason } });

test('what the model costs is for admins alone', async () => {
  for (const role of roles.filter((role) => role !== 'admin')) {
    const session = await openSession(world.deps, await makeMember(world.deps, { role }));
    for (const { endpoint } of usageRoutes) {
      const body = endpoint.method === 'GET' ? {} : { body: { ...choice(), reason: '试试' } };
      const { status, code } = await http.ask(endpoint.method, endpoint.path, { as: session, ...body });
      expect({ role, path: endpoint.path, status, code }).toMatchObject({ status: 403, code: 'caller.role' });
    }
  }
});

describe('the figures', () => {
  test('add up by day, by use and in all, with what was waited for', async () => {
    const day = { costMicros: 500_000n, inputTokens: 1000, cachedTokens: 600, outputTokens: 100 };
    for (const latencyMs of [100, 200, 300, 400, 5000]) await run({ ...day, latencyMs });
    await run({ outcome: 'cached', latencyMs: 1 });
    await run({ outcome: 'unavailable', latencyMs: 30_000, error: 'timeout' });
    // Half past midnight in Shanghai is yesterday in London.
    await run({ at: new Date('2026-03-02T16:30:00Z'), useCase: 'draft-reply', costMicros: 250_000n, latencyMs: 50 });
    await run({ at: new Date('2026-01-20T00:00:00Z'), costMicros: 9_000_000n });

    const seen = await get<UsageView>('/api/usage');
    expect(seen).toMatchObject({
      from: '2026-02-03',
      until: '2026-03-04',
      total: {
        runs: 8,
        outcomes: { answered: 6, cached: 1, unavailable: 1 },
        costYuan: 2.75,
        inputTokens: 5000,
        cachedTokens: 3000,
        outputTokens: 500,
        p50Ms: 300,
        p95Ms: 30_000,
      },
    });
    expect(seen.days).toHaveLength(30);
    expect(seen.days.slice(-2)).toEqual([
      { day: '2026-03-03', runs: 1, costYuan: 0.25 },
      { day: '2026-03-04', runs: 7, costYuan: 2.5 },
    ]);
    expect(seen.useCases).toMatchObject([
      { useCase: 'draft-reply', runs: 1, costYuan: 0.25, p50Ms: 50, p95Ms: 50 },
      { useCase: 'summarise-conversation', runs: 7, costYuan: 2.5 },
    ]);
    expect(await get('/api/usage?from=2026-01-20&until=2026-01-20')).toMatchObject({
      total: { runs: 1, costYuan: 9 },
      days: [{ day: '2026-01-20', costYuan: 9 }],
    });
  });

  test('are nothing where nothing was asked', async () => {
    expect(await get('/api/usage')).toMatchObject({
      today: { spentYuan: 0, softYuan: 40, hardYuan: 50, line: 'below' },
      total: { runs: 0, outcomes: {}, costYuan: 0, p50Ms: null },
      useCases: [],
      customers: [],
      drafts: { shown: 0, sent: 0, edited: 0, rejected: 0, distance: null },
    });
  });

  test.each([
    ['2026-03-04', '2026-03-01', 'after'],
    ['2020-01-01', '2026-03-01', 'at most'],
  ])('from %s until %s is refused with what to change', async (from, until, message) => {
    const { status, body } = await http.ask('GET', `/api/usage?from=${from}&until=${until}`, { as });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain(message);
  });

  test('name the customers who cost most, each contact once, and those nobody has bound as nobody', async () => {
    const { db } = world.deps;
    const [one, two] = [
      await makeCustomer(world.deps, { name: '云帆' }),
      await makeCustomer(world.deps, { name: '海天' }),
    ];
    const bind = async (contact: Contact, customerId: string, madeAt: string) =>
      db.binding.create({ data: { contactId: contact.id, customerId, reasons: [], madeAt: new Date(madeAt) } });
    const [ann, bob, cid] = [
      await makeContact(world.deps),
      await makeContact(world.deps),
      await makeContact(world.deps),
    ];
    await bind(ann, one.id, '2026-01-01');
    await bind(ann, two.id, '2026-02-01');
    await bind(bob, one.id, '2026-01-01');
    await run({ contactId: ann.id, costMicros: 300_000n });
    await run({ contactId: bob.id, costMicros: 300_000n });
    await run({ contactId: cid.id, costMicros: 100_000n });
    await run({ contactId: randomUUID(), costMicros: 100_000n });
    await run({ costMicros: 5_000_000n });
    expect((await get<UsageView>('/api/usage')).customers).toEqual([
      { customer: { id: one.id, name: '云帆' }, runs: 2, costYuan: 0.6 },
      { customer: null, runs: 2, costYuan: 0.2 },
    ]);
  });
});

test('the ledger is read page by page, newest first, with nobody lost between pages', async () => {
  const contact = await makeContact(world.deps, { name: '陈女士' });
  for (let n = 0; n < 5; n += 1) await run({ inputTokens: n, contactId: contact.id });
  world.clock.advance(1000);
  await run({ outcome: 'unusable', error: 'truncated', costMicros: 1234n });
  type Page = { items: { id: string; inputTokens: number }[]; next: string | null };
  const pages: Page[] = [];
  for (let next: string | null = ''; next !== null; next = pages.at(-1)?.next ?? null)
    pages.push(await get<Page>(`/api/usage/runs?limit=4${next ? `&cursor=${next}` : ''}`));
  const items = pages.flatMap((page) => page.items);
  expect(pages).toHaveLength(2);
  expect(new Set(items.map(({ id }) => id)).size).toBe(6);
  expect(items[0]).toMatchObject({ outcome: 'unusable', error: 'truncated', costYuan: 0.001234, contact: null });
  expect(items.slice(1)).toMatchObject(
    [4, 3, 2, 1, 0].map((inputTokens) => ({ inputTokens, contact: { name: '陈女士' } })),
  );
  expect((await get<Page>('/api/usage/runs?outcome=unusable')).items).toHaveLength(1);
  expect((await get<Page>('/api/usage/runs?useCase=draft-segment')).items).toHaveLength(0);
  expect(await http.ask('GET', `/api/usage/runs?cursor=${randomUUID()}`, { as })).toMatchObject({ status: 400 });
});

describe('the prompts', () => {
  test('are shown as they are sent, each version with what it came to', async () => {
    const { version } = readPrompt('draft-segment');
    await run({ useCase: 'draft-segment', promptVersion: 'draft-segment@0', costMicros: 100_000n, droppedCount: 2 });
    await run({ useCase: 'draft-segment', promptVersion: version, costMicros: 300_000n });
    await run({ useCase: 'draft-segment', promptVersion: version, outcome: 'unusable' });
    const { items } = await get<{ items: PromptView[] }>('/api/prompts');
    expect(items.map(({ name }) => name)).toEqual(listPrompts().map(({ name }) => name));
    const prompt = items.find(({ name }) => name === 'draft-segment');
    expect(prompt?.text).toContain('{{sentence}}');
    expect(prompt?.versions).toMatchObject([
      { version, current: true, runs: 2, costYuan: 0.3, outcomes: { answered: 1, unusable: 1 } },
      { version: 'draft-segment@0', current: false, runs: 1, costYuan: 0.1, dropped: 2 },
    ]);
  });

  test('one that was never asked is there all the same', async () => {
    const { items } = await get<{ items: PromptView[] }>('/api/prompts');
    for (const { version, versions } of items)
      expect(versions).toMatchObject([{ version, current: true, runs: 0, firstAt: null, lastAt: null }]);
  });

  test('say how many of their drafts were sent as they were, changed and turned down', async () => {
    const { deps } = world;
    const chat = await makeChat(deps);
    const make = async (promptVersion: string, replyDraft: string | null) => {
      const sealed = deps.cipher.encrypt('[]');
      const data = {
        statements: sealed,
        signals: sealed,
        suggestedTags: [],
        messageCount: 1,
        promptVersion,
        replyDraft,
      };
      return deps.db.summary.create({ data: { conversationId: chat.conversationId, at: deps.now(), ...data } });
    };
    const { version } = readPrompt('summarise-conversation');
    const given = [
      await make(version, 'x'),
      await make(version, 'x'),
      await make(version, 'x'),
      await make(version, null),
    ];
    for (const [n, verdict] of ['copied', 'edited', 'down', 'up'].entries())
      await deps.db.suggestionFeedback.create({
        data: {
          summaryId: given[n]?.id ?? '',
          contactId: chat.contact.id,
          memberId: chat.member.id,
          verdict,
          distance: { copied: 0, edited: 0.5 }[verdict] ?? null,
          at: deps.now(),
        },
      });
    const drafts = { shown: 3, sent: 1, edited: 1, rejected: 1, distance: 0.25 };
    expect((await get<UsageView>('/api/usage')).drafts).toEqual(drafts);
    const { items } = await get<{ items: PromptView[] }>('/api/prompts');
    const prompt = items.find(({ name }) => name === 'summarise-conversation');
    expect(prompt?.versions.find((one) => one.current)?.drafts).toEqual(drafts);
  });

  test('say how they did with the stored cases, or that nobody knows', async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'zhike-test-'));
    const figures = {
      at: '2026-03-01T00:00:00.000Z',
      cases: 40,
      passed: 39,
      scores: [{ name: 'facts', value: 0.97, gate: 0.9 }],
    };
    await writeFile(path.join(dir, 'greet@2.json'), JSON.stringify(figures));
    expect(await readCaseFigures('greet@2', dir)).toEqual(figures);
    expect(await readCaseFigures('greet@1', dir)).toBeNull();
    expect(await readCaseFigures('../../package@1', dir)).toBeNull();
  });
});

describe('the switches', () => {
  test('begin with what the environment says, and the model’s address is shown without its key', async () => {
    expect(await get('/api/settings/model')).toMatchObject({
      on: true,
      softYuan: 40,
      hardYuan: 50,
      configured: false,
      model: null,
      host: null,
      sources: [{ id: 'wecom:archive', modelAllowed: false }, { id: 'wecom:paste' }],
      changes: [],
    });
  });

  test('each decision says who, when, what and why', async () => {
    expect((await save(choice({ on: false }), '等法务看过')).status).toBe(200);
    world.clock.advance(60_000);
    const useCasesNow = { ...choice().useCases, 'draft-segment': false };
    await save(choice({ useCases: useCasesNow, softYuan: null, hardYuan: 80 }), '只关圈人');
    const source = { modelAllowed: true, reason: '已取得授权' };
    await http.ask('PATCH', '/api/chat-sources/wecom:archive', { as, body: source });
    // Neither of these changes whether the model may read it.
    await http.ask('PATCH', '/api/chat-sources/wecom:archive', { as, body: { enabled: false } });
    await save(choice({ useCases: useCasesNow, softYuan: null, hardYuan: 80 }), '再存一次');

    const { changes } = modelSettings.loose().parse(await get('/api/settings/model')) as unknown as {
      changes: { what: string; by: { name: string } }[];
    };
    expect(changes).toMatchObject([
      { what: 'source.wecom:archive', to: 'on', reason: '已取得授权' },
      { what: 'on', to: 'on', reason: '只关圈人' },
      { what: 'useCase.draft-segment', to: 'off', reason: '只关圈人' },
      { what: 'softYuan', to: 'none', reason: '只关圈人' },
      { what: 'hardYuan', to: '80', reason: '只关圈人' },
      { what: 'on', to: 'off', reason: '等法务看过' },
    ]);
    expect(new Set(changes.map(({ by }) => by.name))).toEqual(new Set(['钱管理']));
  });

  test.each([
    ['a soft line above the hard one', { ...choice({ softYuan: 60 }), reason: '试试' }, 422],
    ['no reason', choice(), 400],
    ['a use nobody knows', { ...choice(), useCases: { ...choice().useCases, other: true }, reason: '试试' }, 400],
    ['less than nothing', { ...choice({ hardYuan: -1 }), reason: '试试' }, 400],
  ])('%s is refused, and nothing changes', async (_, body, status) => {
    expect((await http.ask('PUT', '/api/settings/model', { as, body })).status).toBe(status);
    expect(await world.deps.db.setting.count({ where: { key: 'model' } })).toBe(0);
  });

  test('what was kept back by a switch or a line is asked once it may be', async () => {
    const { deps } = world;
    const { db } = deps;
    deps.llm = withModel();
    fake.does = [{ say: '{"s":[]}' }];
    const chat = await makeChat(deps);
    await chat.say('contact', '50人版多少钱？下周要');
    const member = await callerOf(deps, chat.member);
    const state = async () => (await viewSummary(deps, member, chat.contact.id)).summaryState;
    const sweep = async () => {
      await deps.jobs.add('sweep-summaries', {});
      await world.jobs.drain();
    };

    await save(choice({ on: false }));
    await deps.jobs.add('summarise-conversation', { conversationId: chat.conversationId });
    await world.jobs.drain();
    expect(await state()).toBe('off');
    await sweep();
    expect(fake.asked).toHaveLength(0);

    await reserve(db, dayOf(deps.now()), 41_000_000, 50_000_000);
    await save(choice());
    await sweep();
    expect(await state()).toBe('unavailable');
    expect(await db.modelRun.findMany({ orderBy: { id: 'asc' } })).toMatchObject([
      { outcome: 'off' },
      { outcome: 'refused_by_budget' },
    ]);
    await save(choice({ softYuan: 45 }));
    await sweep();
    expect(await state()).toBe('fresh');
  });

  test('what a rep presses for is asked above the soft line too', async () => {
    const { deps } = world;
    deps.llm = withModel();
    fake.does = [{ say: '{"s":[]}' }];
    const chat = await makeChat(deps);
    await chat.say('contact', '50人版多少钱？下周要');
    await reserve(deps.db, dayOf(deps.now()), 41_000_000, 50_000_000);
    await deps.jobs.add('summarise-conversation', { conversationId: chat.conversationId });
    await world.jobs.drain();
    expect(fake.asked).toHaveLength(0);
    const rep = await openSession(deps, chat.member);
    await http.ask('POST', '/api/summaries/refresh', { as: rep, body: { contactId: chat.contact.id } });
    await world.jobs.drain();
    expect((await viewSummary(deps, await callerOf(deps, chat.member), chat.contact.id)).summaryState).toBe('fresh');
  });

  test('an answer of which nothing is proven stands in the ledger as of no use, with what was dropped', async () => {
    const { deps } = world;
    deps.llm = withModel();
    fake.does = [{ say: '{"s":[{"k":"need","t":"要一百台","q":["c1:我们要一百台"]}]}' }];
    const chat = await makeChat(deps);
    await chat.say('contact', '50人版多少钱？下周要');
    await deps.jobs.add('summarise-conversation', { conversationId: chat.conversationId });
    await world.jobs.drain();
    expect(await deps.db.modelRun.findMany()).toMatchObject([
      { outcome: 'unusable', error: 'unproven', droppedCount: 1, answer: null, contactId: chat.contact.id },
    ]);
    expect(await deps.db.summary.count()).toBe(0);
  });
});

describe('a line that is crossed', () => {
  const spend = (yuan: number) => reserve(world.deps.db, dayOf(world.deps.now()), yuan * 1_000_000, 1e12);
  const told = async () => {
    await Promise.all([tellOfBudget(world.deps), tellOfBudget(world.deps)]);
    await world.jobs.drain();
    return platform.notices.splice(0).map(({ text }) => text);
  };

  test.each([
    [39.99, 'below'],
    [40, 'soft'],
    [49.99, 'soft'],
    [50, 'hard'],
  ] as const)('of 40 and 50 yuan, with %s spent, is: %s', (spent, line) => {
    expect(lineAt(spent, { softYuan: 40, hardYuan: 50 })).toBe(line);
    expect(lineAt(spent, { softYuan: null, hardYuan: 50 })).toBe(line === 'soft' ? 'below' : line);
  });

  test('is told to every admin once a day, and to nobody else', async () => {
    const second = await makeMember(world.deps, { key: 'second', role: 'admin' });
    await world.deps.db.member.update({ where: { id: second.id }, data: { locale: 'en' } });
    await makeMember(world.deps, { key: 'boss', role: 'manager' });
    for (const key of ['second', 'boss']) platform.addMember(key);
    await spend(39);
    expect(await told()).toEqual([]);
    await spend(2);
    expect((await told()).toSorted()).toEqual([
      expect.stringContaining('The model has cost ¥41.00 today, above the soft line of ¥40.00'),
      '今天模型费用 ¥41.00，已过软线 ¥40.00。到 ¥50.00 之前只回答有人在等的问题，自动摘要明天零点恢复。',
    ]);
    await spend(5);
    expect(await told()).toEqual([]);
    await spend(5);
    expect((await get<UsageView>('/api/usage')).today).toEqual({
      spentYuan: 51,
      softYuan: 40,
      hardYuan: 50,
      line: 'hard',
    });
    expect(await told()).toHaveLength(2);
    expect(await told()).toEqual([]);
    world.clock.advance(86_400_000);
    expect(await told()).toEqual([]);
    await spend(60);
    expect(await told()).toHaveLength(2);
  });
});
