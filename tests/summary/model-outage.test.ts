import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeApp } from '#server/app.ts';
import { readConfig } from '#server/base/config.ts';
import { makeModel } from '#server/base/model.ts';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';
import { makeChat, type Chat } from '#tests/support/chat.ts';
import { makeMember, openSession } from '#tests/support/factories.ts';
import { useFakeModel, type ModelBehaviour } from '#tests/support/fake-model.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { healthy } from '#tests/support/healthy.ts';
import { listen, type Listening } from '#tests/support/listening.ts';
import { useWorld } from '#tests/support/world.ts';

const CHATS = 3;
const platform = new FakePlatform('wecom');
const fake = useFakeModel();
const world = useWorld({ platforms: [platform] });
let site: Listening;
let as: string;
let chats: Chat[];

beforeAll(async () => {
  site = await listen(makeApp(world.deps, healthy));
});
afterAll(() => site.close());

const isWell: ModelBehaviour = {
  say: JSON.stringify({ s: [], r: '您好，这就给您报价' }),
};

beforeEach(async () => {
  platform.reset();
  configure();
  const rep = await makeMember(world.deps, { name: '王明', key: 'rep' });
  as = await openSession(world.deps, rep);
  chats = [];
  fake.does = [isWell];
  for (let n = 0; n < CHATS; n += 1) {
    const chat = await makeChat(world.deps, { member: rep, contactName: `客户${n}` });
    platform.addContact(chat.contact.key, { name: `客户${n}`, follows: ['rep'] });
    await chat.say('contact', `50人版多少钱？我们有${n + 20}个人用`);
    chats.push(chat);
  }
  await summariseAll();
});

function configure(env: Record<string, string> = {}): void {
  const { db, cipher, metrics, log } = world.deps;
  const config = readConfig({ NODE_ENV: 'test', SESSION_SECRET: 'x'.repeat(32), ...fake.env(env) });
  world.deps.llm = makeModel({ config, db, cipher, metrics, log, now: () => world.deps.now(), retryPauseMs: 0 });
}

async function summariseAll(): Promise<void> {
  for (const { conversationId } of chats) await world.deps.jobs.add('summarise-conversation', { conversationId });
  await world.jobs.drain();
}

async function sidebars(): Promise<SidebarView[]> {
  const views: SidebarView[] = [];
  for (const { contact } of chats) {
    const answer = await fetch(`${site.url}/api/sidebar?platform=wecom&contact=${contact.key}`, {
      headers: { Cookie: `zhike_session=${as}` },
    });
    expect(answer.status).toBe(200);
    views.push((await answer.json()) as SidebarView);
  }
  return views;
}

/** The platform tells that each contact has another name now. */
async function rename(suffix: string): Promise<number[]> {
  const statuses: number[] = [];
  for (const { contact } of chats) {
    platform.addContact(contact.key, { name: `${contact.name}${suffix}`, follows: ['rep'] });
    const event = {
      kind: 'contact_edited',
      contact: contact.key,
      member: 'rep',
      occurredAt: world.deps.now().toISOString(),
    };
    const body = JSON.stringify({ event });
    statuses.push((await fetch(`${site.url}/callbacks/wecom?signature=good`, { method: 'POST', body })).status);
  }
  await site.settled();
  return statuses;
}

async function sweepAfter(minutes: number): Promise<void> {
  world.clock.advance(minutes * 60_000);
  await world.deps.jobs.add('sweep-summaries', {});
  await world.jobs.drain();
}

test.each<[string, ModelBehaviour, string, string]>([
  ['answers 500', { status: 500 }, 'unavailable', 'http 500'],
  ['does not answer in time', 'hangs', 'unavailable', 'timeout'],
  ['has too many questions', { status: 429, headers: { 'retry-after': '20' } }, 'unavailable', 'http 429'],
  ['answers in bad JSON', { say: '{"s": [' }, 'unusable', 'not json'],
  ['answers a letter at a time', 'drips on', 'unavailable', 'timeout'],
  ['answers nothing', { say: '' }, 'unusable', 'empty'],
])(
  'while the model %s everything else goes on with the last good summaries, and they are made up for once it is back',
  async (_, outage, outcome, error) => {
    const good = await sidebars();
    expect(good.map(({ summaryState }) => summaryState)).toEqual(chats.map(() => 'fresh'));

    configure(error === 'timeout' ? { LLM_TIMEOUT_MS: '100' } : {});
    fake.does = [outage];
    fake.asked = [];
    world.clock.advance(600_000);
    for (const [n, chat] of chats.entries())
      await chat.say('contact', `那${n + 60}人呢？周五前要报价`, world.deps.now());
    await summariseAll();

    // Callbacks are acknowledged, and what they ask for is done.
    expect(await rename('改')).toEqual(chats.map(() => 200));
    await world.jobs.drain();
    const meanwhile = await sidebars();
    expect(meanwhile.map(({ contact }) => contact.name)).toEqual(chats.map(({ contact }) => `${contact.name}改`));
    for (const [n, { summary, summaryState, score, lastMessageAt }] of meanwhile.entries()) {
      expect({ summaryState, at: summary?.at }).toEqual({ summaryState: 'unavailable', at: good[n]?.summary?.at });
      expect(summary?.replyDraft).toBe('您好，这就给您报价');
      expect(new Date(lastMessageAt ?? 0).getTime()).toBeGreaterThan(new Date(summary?.at ?? 0).getTime());
      expect(score).not.toBeNull();
    }

    // It is tried again, ever more rarely, and says each time how it ended.
    for (const minutes of [1, 10, 20]) await sweepAfter(minutes);
    const runs = await world.deps.db.modelRun.findMany({ where: { at: { gt: new Date(good[0]?.summary?.at ?? 0) } } });
    expect(new Set(runs.map((run) => run.outcome))).toEqual(
      new Set(outcome === 'unavailable' ? ['unavailable', 'refused_by_breaker'] : ['unusable']),
    );
    for (const run of runs) expect(run.error).toBe(run.outcome === 'refused_by_breaker' ? null : error);
    const attempts = await world.deps.db.summaryAttempt.findMany();
    for (const { failures, nextAt } of attempts) {
      expect(failures).toBeGreaterThan(1);
      expect(nextAt?.getTime()).toBeGreaterThan(world.deps.now().getTime());
    }
    // No storm: of each conversation at most two calls a try.
    expect(fake.asked.length).toBeLessThanOrEqual(CHATS * 2 * 4);

    configure();
    fake.does = [isWell];
    for (let hour = 0; hour < 3; hour += 1) await sweepAfter(60);
    const after = await sidebars();
    expect(after.map(({ summaryState }) => summaryState)).toEqual(chats.map(() => 'fresh'));
    for (const [n, { summary }] of after.entries())
      expect(new Date(summary?.at ?? 0).getTime()).toBeGreaterThan(new Date(good[n]?.summary?.at ?? 0).getTime());
    expect((await world.deps.db.summaryAttempt.findMany()).map(({ nextAt }) => nextAt)).toEqual(chats.map(() => null));
  },
);
