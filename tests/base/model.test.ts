import { randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { readConfig } from '#server/base/config.ts';
import { forgetModelAnswers } from '#server/base/forget-model-answers.ts';
import { localLive } from '#server/base/live.ts';
import type { ModelQuestion } from '#server/base/llm.ts';
import { makeModel } from '#server/base/model.ts';
import { spentOn } from '#server/base/model-day.ts';
import { MODEL_SETTING, type ModelSetting } from '#server/base/model-setting.ts';
import { saveSetting } from '#server/base/setting.ts';
import { dayOf } from '#server/base/shanghai.ts';
import { useFakeModel, type ModelBehaviour } from '#tests/support/fake-model.ts';
import { masked } from '#tests/support/masked.ts';
import { freePort } from '#tests/support/product.ts';
import { useWorld } from '#tests/support/world.ts';

const fake = useFakeModel();
const world = useWorld();
const answer = z.object({ word: z.string().max(10) });

function model(env: Record<string, string> = {}, live = localLive()) {
  const { db, cipher, metrics, log, now } = world.deps;
  const config = readConfig({ NODE_ENV: 'test', SESSION_SECRET: 'x'.repeat(32), ...fake.env(env) });
  return makeModel({ config, db, cipher, metrics, log, now: () => now(), live, retryPauseMs: 0 });
}

let count = 0;
const question = (more: Partial<ModelQuestion<typeof answer>> = {}): ModelQuestion<typeof answer> => ({
  useCase: 'test',
  promptVersion: 'test@1',
  system: masked('Answer in JSON.'),
  user: masked(`question ${(count += 1)}`),
  answer,
  ...more,
});
const choose = (setting: ModelSetting) => saveSetting(world.deps.db, MODEL_SETTING, setting, null);
const spent = () => spentOn(world.deps.db, dayOf(world.deps.now()));
const runs = () => world.deps.db.modelRun.findMany({ orderBy: { id: 'asc' } });

test('without a configured model nothing is asked and nothing fails', async () => {
  const off = model({ OPENAI_MODEL: '' });
  expect(off.configured).toBe(false);
  expect(await off.ask(question())).toEqual({ answer: null, outcome: 'off', runId: null });
  expect(fake.asked).toHaveLength(0);
});

test('an answer comes back parsed, and its run says what it cost', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  const told = await model().ask(question({ temperature: 0.2 }));
  expect(told).toMatchObject({ answer: { word: 'yes' }, outcome: 'answered' });
  expect(fake.asked[0]).toMatchObject({ temperature: 0.2, response_format: { type: 'json_schema' } });
  const [run] = await runs();
  expect(run).toMatchObject({
    id: told.runId,
    useCase: 'test',
    promptVersion: 'test@1',
    model: 'fake-model',
    outcome: 'answered',
    inputTokens: 1000,
    outputTokens: 200,
    // 1000 tokens at 2 yuan and 200 at 8 yuan a million
    costMicros: 3600n,
    error: null,
  });
});

test.each([
  ['as the standard says it', { prompt_tokens_details: { cached_tokens: 600 } }],
  ['as DeepSeek says it', { prompt_cache_hit_tokens: 600, prompt_cache_miss_tokens: 400 }],
])('what the endpoint had in its own cache costs less, %s', async (_, usage) => {
  fake.does = [{ say: '{"word":"yes"}', usage }];
  await model().ask(question());
  await model({ LLM_CACHED_INPUT_YUAN_PER_MILLION: '0.5' }).ask(question());
  expect(await runs()).toMatchObject([
    // 400 tokens at 2 yuan, 600 at a tenth of it, and 200 at 8 yuan a million
    { inputTokens: 1000, cachedTokens: 600, costMicros: 2520n },
    { inputTokens: 1000, cachedTokens: 600, costMicros: 2700n },
  ]);
});

test.each([
  ['fewer than none', { prompt_tokens: -5, completion_tokens: -1 }],
  ['words', { prompt_tokens: 'many', completion_tokens: null }],
  ['more out of its cache than it read', { prompt_tokens: 1, prompt_tokens_details: { cached_tokens: 5000 } }],
])('an endpoint that counts %s does not put money back on the account', async (_, usage) => {
  fake.does = [{ say: '{"word":"yes"}', usage }];
  await model().ask(question());
  const [run] = await runs();
  expect(run?.costMicros).toBeGreaterThan(0n);
  expect(run?.cachedTokens).toBeLessThanOrEqual(run?.inputTokens ?? 0);
});

test('a run says whom it was about and who asked', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  const [contactId, memberId] = [randomUUID(), randomUUID()];
  await model().ask(question({ contactId, memberId }));
  await model().ask(question());
  expect(await runs()).toMatchObject([
    { contactId, memberId },
    { contactId: null, memberId: null },
  ]);
});

test('an endpoint that counts no tokens is not free of charge', async () => {
  fake.does = [{ say: '{"word":"yes"}', usage: false }];
  await model().ask(question());
  expect((await runs())[0]?.costMicros).toBeGreaterThan(0n);
});

test.each([
  ['a fence', '```json\n{"word":"yes"}\n```'],
  ['a preface', 'Here you are: {"word":"yes"} Anything else?'],
  ['thoughts', '<think>perhaps {"word":"no"}</think>{"word":"yes"}'],
])('JSON is found inside %s', async (_, say) => {
  fake.does = [{ say }];
  expect((await model().ask(question())).answer).toEqual({ word: 'yes' });
});

test('an answer with characters no database keeps is kept without them', async () => {
  fake.does = [{ say: String.raw`{"word":"y\u0000es\ud83d"}` }];
  expect((await model().ask(question())).answer).toEqual({ word: 'yes\ufffd' });
});

test('an endpoint that takes no schema is asked in a simpler way, and from then on at once', async () => {
  fake.does = ['wants no schema'];
  const llm = model();
  expect((await llm.ask(question())).answer).toEqual({ word: 'plain' });
  await llm.ask(question());
  expect(fake.asked.map((asked) => asked.response_format?.type)).toEqual(['json_schema', 'json_object', 'json_object']);
});

test('an answer that does not parse is sent back once with what is wrong', async () => {
  fake.does = [{ say: '{"word":7}' }, { say: '{"word":"mended"}' }];
  expect(await model().ask(question())).toMatchObject({ answer: { word: 'mended' }, outcome: 'repaired' });
  expect(fake.asked[1]?.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
  expect(fake.asked[1]?.messages[3]?.content).toContain('word');
  expect((await runs())[0]).toMatchObject({ inputTokens: 2000, outputTokens: 400 });
});

const word = (length: number) => ({ say: JSON.stringify({ word: 'w'.repeat(length) }) });

test.each([
  ['prose', { say: 'I would rather not.' }, 'not json'],
  ['half an object', { say: '{"word":"ye' }, 'not json'],
  ['nothing', { say: '' }, 'empty'],
  ['another shape', { say: '{"words":[]}' }, 'word: invalid_type'],
  ['far too long a word', word(5000), 'word: too_big'],
  ['no choice at all', { body: '{"choices":[]}' }, 'empty'],
  ['no object at all', { body: '{"error":{"message":"in maintenance"}}' }, 'empty'],
  ['a web page', { body: '<html>log in</html>', type: 'text/html' }, 'empty'],
])('%s is dropped after one repair and counted', async (_, behaviour, error) => {
  fake.does = [behaviour];
  expect(await model().ask(question())).toMatchObject({ answer: null, outcome: 'unusable' });
  expect(fake.asked).toHaveLength(2);
  expect(await runs()).toMatchObject([{ outcome: 'unusable', error, answer: null }]);
  expect(await world.deps.metrics.registry.getSingleMetricAsString('zhike_model_runs_total')).toContain(
    'zhike_model_runs_total{useCase="test",outcome="unusable"}',
  );
  expect(await world.deps.metrics.registry.getSingleMetricAsString('zhike_model_failures_total')).toContain(
    `reason="${error.includes(':') ? 'wrong shape' : error}"`,
  );
});

test.each<[string, ModelBehaviour, string]>([
  ['cut short at its length', { say: '{"word":"ye', finish: 'length' }, 'truncated'],
  ['held back by a filter', { say: '', finish: 'content_filter' }, 'refused'],
  [
    'a refusal',
    { body: '{"choices":[{"message":{"content":null,"refusal":"I cannot"},"finish_reason":"stop"}]}' },
    'refused',
  ],
  ['far longer than anything asked for', word(200_000), 'too large'],
  ['without end', 'never ends', 'too large'],
])('an answer %s is dropped and not asked for again', async (_, behaviour, error) => {
  fake.does = [behaviour];
  expect(await model().ask(question())).toMatchObject({ answer: null, outcome: 'unusable' });
  expect(fake.asked).toHaveLength(1);
  const [run] = await runs();
  expect(run).toMatchObject({ outcome: 'unusable', error, answer: null });
  expect(run?.costMicros).toBeGreaterThan(0n);
});

test('an answer in another language is asked for once more, then dropped', async () => {
  const text = z.object({ text: z.string() });
  const inChinese = { ...question(), answer: text, faultOf: speaksChinese };
  const english = { say: '{"text":"The customer would like to have a quotation for fifty seats."}' };
  fake.does = [english, { say: '{"text":"客户想要 50 人版 CRM Pro 的报价，预算十万，本周内给到即可。"}' }];
  expect((await model().ask(inChinese)).outcome).toBe('repaired');
  fake.does = [english];
  const other = { ...inChinese, user: masked('another') };
  expect(await model().ask(other)).toMatchObject({ answer: null, outcome: 'unusable' });
  expect((await runs()).map(({ error }) => error)).toEqual(['language', 'language']);
});
const speaksChinese = ({ text }: { text: string }) => (/\p{Script=Han}/u.test(text) ? null : 'language');

test.each([
  ['answers 503', { status: 503 }, 'http 503', 2],
  ['answers 429 for long', { status: 429, headers: { 'retry-after': '60' } }, 'http 429', 1],
  ['does not know the key', { status: 401 }, 'http 401', 1],
  ['hangs', 'hangs' as const, 'timeout', 1],
  ['begins an answer and never ends it', 'drips' as const, 'timeout', 1],
  ['answers a letter at a time', 'drips on' as const, 'timeout', 1],
])('a model that %s is unavailable, and no error reaches the caller', async (_, behaviour, error, calls) => {
  fake.does = [behaviour];
  const env: Record<string, string> = error === 'timeout' ? { LLM_TIMEOUT_MS: '200' } : {};
  expect(await model(env).ask(question())).toMatchObject({ answer: null, outcome: 'unavailable' });
  expect(fake.asked).toHaveLength(calls);
  expect((await runs())[0]).toMatchObject({ outcome: 'unavailable', error });
});

test('a connection cut in the middle of an answer is no answer', async () => {
  fake.does = ['cuts off'];
  expect(await model().ask(question())).toMatchObject({ answer: null, outcome: 'unavailable' });
  expect(await runs()).toMatchObject([{ outcome: 'unavailable', error: 'broken answer', answer: null }]);
});

test('a model that says when it wants to be asked again is left alone until then', async () => {
  fake.does = [{ status: 429, headers: { 'retry-after': '90' } }, { say: '{"word":"yes"}' }];
  const llm = model();
  expect((await llm.ask(question())).outcome).toBe('unavailable');
  world.clock.advance(89_999);
  expect((await llm.ask(question())).outcome).toBe('refused_by_breaker');
  world.clock.advance(1);
  expect((await llm.ask(question())).outcome).toBe('answered');
});

test('a model that says so by the clock is left alone too, though not for ever', async () => {
  const nextYear = new Date(Date.now() + 365 * 86_400_000).toUTCString();
  fake.does = [{ status: 503, headers: { 'retry-after': nextYear } }, { say: '{"word":"yes"}' }];
  const llm = model();
  expect((await llm.ask(question())).outcome).toBe('unavailable');
  expect(fake.asked).toHaveLength(1);
  world.clock.advance(600_000);
  expect((await llm.ask(question())).outcome).toBe('answered');
});

test('a model that is not there is unavailable', async () => {
  const llm = model({ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' });
  expect(await llm.ask(question())).toMatchObject({ answer: null, outcome: 'unavailable' });
});

test('a passing failure is tried once more', async () => {
  fake.does = [{ status: 502 }, { say: '{"word":"yes"}' }];
  expect((await model().ask(question())).outcome).toBe('answered');
});

test('the same question of the same prompt version is asked once', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  const [llm, same] = [model(), question()];
  const first = await llm.ask(same);
  const again = await llm.ask(same);
  expect(again).toMatchObject({ answer: { word: 'yes' }, outcome: 'cached' });
  expect(again.runId).not.toBe(first.runId);
  expect(fake.asked).toHaveLength(1);
  await llm.ask({ ...same, promptVersion: 'test@2' });
  await model({ OPENAI_MODEL: 'another' }).ask(same);
  expect(fake.asked).toHaveLength(3);
  expect((await runs())[1]).toMatchObject({ outcome: 'cached', costMicros: 0n, answer: null });
});

test('an unusable answer is not kept', async () => {
  fake.does = [{ say: 'no' }, { say: 'no' }, { say: '{"word":"yes"}' }];
  const [llm, same] = [model(), question()];
  await llm.ask(same);
  expect((await llm.ask(same)).outcome).toBe('answered');
});

test('once the day has cost its budget the model is asked again after midnight in Shanghai', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  const llm = model({
    LLM_INPUT_YUAN_PER_MILLION: '500',
    LLM_OUTPUT_YUAN_PER_MILLION: '500',
    LLM_DAILY_BUDGET_YUAN: '1',
  });
  world.clock.set('2026-03-01T15:58:00Z');
  await llm.ask(question());
  expect((await llm.ask(question())).outcome).toBe('answered');
  expect((await llm.ask(question())).outcome).toBe('refused_by_budget');
  world.clock.set('2026-03-01T16:00:00Z');
  expect((await llm.ask(question())).outcome).toBe('answered');
  expect(fake.asked).toHaveLength(3);
});

const inYuan = { LLM_INPUT_YUAN_PER_MILLION: '500', LLM_OUTPUT_YUAN_PER_MILLION: '500' };

test('above the soft line only what somebody waits for is asked, above the hard line nothing is', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  // Each answer costs 0.6 yuan.
  await choose({ on: true, useCases: {}, softYuan: 1, hardYuan: 2 });
  const llm = model(inYuan);
  const outcome = async (isUrgent: boolean) => (await llm.ask(question({ isUrgent }))).outcome;
  expect([await outcome(false), await outcome(false)]).toEqual(['answered', 'answered']);
  expect([await outcome(false), await outcome(true), await outcome(true)]).toEqual([
    'refused_by_budget',
    'answered',
    'answered',
  ]);
  expect([await outcome(true), await outcome(false)]).toEqual(['refused_by_budget', 'refused_by_budget']);
  expect(await spent()).toBe(2_400_000);
  expect(await runs()).toHaveLength(7);
});

test('without a soft line everything is asked up to the hard one, and with nothing to spend nothing is', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  const llm = model(inYuan);
  await choose({ on: true, useCases: {}, softYuan: null, hardYuan: 1 });
  expect((await llm.ask(question())).outcome).toBe('answered');
  expect((await llm.ask(question())).outcome).toBe('answered');
  await choose({ on: true, useCases: {}, softYuan: null, hardYuan: 0 });
  world.clock.advance(86_400_000);
  expect((await llm.ask(question({ isUrgent: true }))).outcome).toBe('refused_by_budget');
});

test('fifty questions at once, from two processes, pass the line by one answer at most', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  await choose({ on: true, useCases: {}, softYuan: null, hardYuan: 5 });
  const processes = [model(inYuan), model(inYuan)];
  const asked = Array.from({ length: 50 }, (_, n) => processes[n % 2]?.ask(question({ maxOutputTokens: 1200 })));
  const outcomes = (await Promise.all(asked)).map((told) => told?.outcome);
  const answers = outcomes.filter((outcome) => outcome === 'answered').length;
  expect(outcomes.filter((outcome) => outcome === 'refused_by_budget')).toHaveLength(50 - answers);
  expect(answers).toBeGreaterThan(0);
  expect(fake.asked).toHaveLength(answers);
  expect(await spent()).toBe(answers * 600_000);
  expect(await spent()).toBeLessThanOrEqual(5_000_000 + 600_000);
});

/** What the endpoint charges for 1,500 tokens it may have written each time, and for what it was asked. */
const uncounted = (run: { inputTokens: number } | undefined, tries: number) =>
  BigInt(2 * (run?.inputTokens ?? 0) + 8 * 1500 * tries);

test.each([
  ['hangs', 'hangs' as const, 1],
  ['begins an answer and never ends it', 'drips' as const, 1],
  ['answers a letter at a time', 'drips on' as const, 1],
  ['is cut off before it answers, twice', 'hangs up' as const, 2],
  ['is cut off in the middle of its answer', 'cuts off' as const, 1],
  ['never ends', 'never ends' as const, 1],
  ['stands behind a gateway that waited in vain, twice', { status: 504 }, 2],
])('a model that %s may charge for it, so an estimate is booked and said to be one', async (_, behaviour, tries) => {
  fake.does = [behaviour];
  const isAwaited = ['hangs', 'drips', 'drips on'].includes(String(behaviour));
  expect((await model(isAwaited ? { LLM_TIMEOUT_MS: '200' } : {}).ask(question())).answer).toBeNull();
  const [run] = await runs();
  expect(run).toMatchObject({ outputTokens: tries * 1500, costMicros: uncounted(run, tries) });
  expect(run?.inputTokens).toBeGreaterThan(0);
  expect(run?.estimatedMicros).toBe(run?.costMicros);
  expect(BigInt(await spent())).toBe(run?.costMicros);
});

test('of a call that was answered the second time only the lost try is an estimate', async () => {
  fake.does = ['hangs up', { say: '{"word":"yes"}' }];
  expect((await model().ask(question({ maxOutputTokens: 1000 }))).outcome).toBe('answered');
  const [run] = await runs();
  expect(run?.outputTokens).toBe(200 + 1000);
  expect((run?.costMicros ?? 0n) - (run?.estimatedMicros ?? 0n)).toBe(3600n);
  expect(BigInt(await spent())).toBe(run?.costMicros);
});

test('an endpoint that is not there, or says no, charges nothing', async () => {
  await model({ OPENAI_BASE_URL: `http://127.0.0.1:${await freePort()}/v1` }).ask(question());
  for (const status of [401, 429, 500, 503]) {
    fake.does = [{ status, headers: { 'retry-after': '60' } }];
    await model().ask(question());
  }
  expect((await runs()).map(({ costMicros, estimatedMicros }) => [costMicros, estimatedMicros])).toEqual(
    Array.from({ length: 5 }, () => [0n, 0n]),
  );
  expect(await spent()).toBe(0);
});

test('time-outs come to the line of the day as answers do: then nothing is asked', async () => {
  await choose({ on: true, useCases: {}, softYuan: null, hardYuan: 1 });
  fake.does = ['hangs'];
  const outcomes: string[] = [];
  for (let at = 0; at < 4; at += 1)
    outcomes.push((await model({ ...inYuan, LLM_TIMEOUT_MS: '200' }).ask(question({ maxOutputTokens: 4000 }))).outcome);
  expect(outcomes).toEqual(['unavailable', 'refused_by_budget', 'refused_by_budget', 'refused_by_budget']);
});

test('what a question was expected to cost and did not is there for the next', async () => {
  await choose({ on: true, useCases: {}, softYuan: null, hardYuan: 1 });
  const llm = model(inYuan);
  fake.does = [{ status: 401 }];
  for (let at = 0; at < 4; at += 1)
    expect((await llm.ask(question({ maxOutputTokens: 4000 }))).outcome).toBe('unavailable');
  expect(await spent()).toBe(0);
});

test('a switch turns the whole model off, or one use of it, from the next question on', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  const [llm, same] = [model(), question()];
  await llm.ask(same);
  await choose({ on: false, useCases: {}, softYuan: null, hardYuan: 50 });
  expect(await llm.ask(same)).toMatchObject({ answer: null, outcome: 'off' });
  await choose({ on: true, useCases: { test: false, other: true }, softYuan: null, hardYuan: 50 });
  expect((await llm.ask(question())).outcome).toBe('off');
  expect((await llm.ask(question({ useCase: 'other' }))).outcome).toBe('answered');
  expect((await llm.ask(question({ useCase: 'new' }))).outcome).toBe('answered');
  expect((await runs()).map(({ outcome }) => outcome)).toEqual(['answered', 'off', 'off', 'answered', 'answered']);
});

test('whoever looks at what the model costs is told that there is more, once for many', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await choose({ on: false, useCases: {}, softYuan: null, hardYuan: 50 });
    const heard: unknown[] = [];
    const live = localLive();
    live.subscribe(['admin'], (event) => heard.push(event));
    const llm = model({}, live);
    await Promise.all([llm.ask(question()), llm.ask(question()), llm.ask(question())]);
    expect(heard).toEqual([]);
    vi.runAllTimers();
    expect(heard).toEqual([{ part: 'usage' }]);
  } finally {
    vi.useRealTimers();
  }
});

test('after five failures in a row nobody asks for 30 s, then one asks for all', async () => {
  fake.does = [{ status: 401 }];
  const llm = model();
  for (let at = 0; at < 5; at += 1) expect((await llm.ask(question())).outcome).toBe('unavailable');
  expect((await llm.ask(question())).outcome).toBe('refused_by_breaker');
  world.clock.advance(29_999);
  expect((await llm.ask(question())).outcome).toBe('refused_by_breaker');
  expect(fake.asked).toHaveLength(5);

  world.clock.advance(1);
  const both = await Promise.all([llm.ask(question()), llm.ask(question())]);
  expect(both.map(({ outcome }) => outcome).sort()).toEqual(['refused_by_breaker', 'unavailable']);
  fake.does = [{ say: '{"word":"yes"}' }];
  world.clock.advance(30_000);
  expect((await llm.ask(question())).outcome).toBe('answered');
  expect((await llm.ask(question())).outcome).toBe('answered');
});

test('a question the endpoint does not like does not close the door for others', async () => {
  fake.does = [{ status: 400 }];
  const llm = model();
  for (let at = 0; at < 6; at += 1) expect((await llm.ask(question())).outcome).toBe('unavailable');
});

test('what was dropped from an answer is noted with its run', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  const llm = model();
  const { runId } = await llm.ask(question());
  await llm.noteDropped(runId ?? '', 'test', 3);
  expect((await runs())[0]?.droppedCount).toBe(3);
});

test('a process that ends does not wait for a model', async () => {
  fake.does = ['hangs'];
  const llm = model();
  const told = llm.ask(question());
  await expect.poll(() => fake.asked).toHaveLength(1);
  llm.close();
  expect(await told).toMatchObject({ answer: null, outcome: 'unavailable' });
});

test('an answer is kept for three days, its cost for good', async () => {
  fake.does = [{ say: '{"word":"yes"}' }];
  await model().ask(question());
  const { answer: _, ...kept } = (await runs())[0] ?? {};
  world.clock.advance(2 * 86_400_000);
  await forgetModelAnswers(world.deps);
  expect((await runs())[0]?.answer).not.toBeNull();
  world.clock.advance(2 * 86_400_000);
  await forgetModelAnswers(world.deps);
  expect(await runs()).toEqual([{ ...kept, answer: null }]);
});
