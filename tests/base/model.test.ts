import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { readConfig } from '#server/base/config.ts';
import { forgetModelAnswers } from '#server/base/forget-model-answers.ts';
import type { ModelQuestion } from '#server/base/llm.ts';
import { makeModel } from '#server/base/model.ts';
import { useFakeModel } from '#tests/support/fake-model.ts';
import { masked } from '#tests/support/masked.ts';
import { useWorld } from '#tests/support/world.ts';

const fake = useFakeModel();
const world = useWorld();
const answer = z.object({ word: z.string().max(10) });

function model(env: Record<string, string> = {}) {
  const { db, cipher, metrics, log, now } = world.deps;
  const config = readConfig({ NODE_ENV: 'test', SESSION_SECRET: 'x'.repeat(32), ...fake.env(env) });
  return makeModel({ config, db, cipher, metrics, log, now: () => now(), retryPauseMs: 0 });
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

test.each([
  ['prose', { say: 'I would rather not.' }],
  ['half an object', { say: '{"word":"ye' }],
  ['another shape', { say: '{"words":[]}' }],
  ['no choice at all', { body: '{"choices":[]}' }],
  ['a web page', { body: '<html>log in</html>', type: 'text/html' }],
])('%s is dropped after one repair and counted', async (_, behaviour) => {
  fake.does = [behaviour];
  expect(await model().ask(question())).toMatchObject({ answer: null, outcome: 'unusable' });
  expect(fake.asked).toHaveLength(2);
  expect((await runs()).map(({ outcome }) => outcome)).toEqual(['unusable']);
  expect(await world.deps.metrics.registry.getSingleMetricAsString('zhike_model_runs_total')).toContain(
    'zhike_model_runs_total{useCase="test",outcome="unusable"}',
  );
});

test.each([
  ['answers 503', { status: 503 }, 'http 503', 2],
  ['answers 429 for long', { status: 429, headers: { 'retry-after': '60' } }, 'http 429', 1],
  ['does not know the key', { status: 401 }, 'http 401', 1],
  ['hangs', 'hangs' as const, 'timeout', 1],
  ['begins an answer and never ends it', 'drips' as const, 'timeout', 1],
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
  await vi.waitFor(() => expect(fake.asked).toHaveLength(1));
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
