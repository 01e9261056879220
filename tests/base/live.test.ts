import { expect, test } from 'vitest';
import { localLive, type LiveEvent } from '#server/base/live.ts';

const about = (part: LiveEvent['part']): LiveEvent => ({ part });

function heardBy(live: ReturnType<typeof localLive>, topics: Parameters<typeof live.subscribe>[0]) {
  const parts: string[] = [];
  const stop = live.subscribe(topics, ({ part }) => parts.push(part));
  return { parts, stop };
}

test('a screen hears what changed between its reading and its listening, and nothing older', () => {
  let now = 0;
  const live = localLive(() => now);
  live.publish('contact.a', about('score'));
  now = 8000;
  live.publish('contact.a', about('summary'));
  live.publish('contact.b', about('tasks'));
  now = 12_000;
  const { parts } = heardBy(live, ['contact.a']);
  expect(parts).toEqual(['summary']);
  live.publish('contact.a', about('messages'));
  expect(parts).toEqual(['summary', 'messages']);
});

test('who stopped listening hears nothing, and a part that changed often is told once to who comes late', () => {
  let now = 0;
  const live = localLive(() => now);
  const { parts, stop } = heardBy(live, ['desk']);
  stop();
  for (let told = 0; told < 50_000; told += 1) {
    now += 0.01;
    live.publish('desk', about('usage'));
  }
  expect(parts).toEqual([]);
  expect(heardBy(live, ['desk']).parts).toEqual(['usage']);
  now += 60_000;
  expect(heardBy(live, ['desk']).parts).toEqual([]);
});
