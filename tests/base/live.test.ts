import { expect, test } from 'vitest';
import { localLive, type LiveEvent, type LiveTopic } from '#server/base/live.ts';

const about = (part: LiveEvent['part']): LiveEvent => ({ part });
const recentIn = (live: ReturnType<typeof localLive>, topics: LiveTopic[]) =>
  live.recent(topics).map(({ part }) => part);

test('what changed between the reading of a screen and its listening is known, and nothing older', () => {
  let now = 0;
  const live = localLive(() => now);
  live.publish('contact.a', about('score'));
  now = 8000;
  live.publish('contact.a', about('summary'));
  live.publish('contact.b', about('tasks'));
  now = 12_000;
  expect(recentIn(live, ['contact.a'])).toEqual(['summary']);
  expect(recentIn(live, ['contact.a', 'contact.b'])).toEqual(['summary', 'tasks']);
});

test('a part that changed often is told once, and what is kept goes with time', () => {
  let now = 0;
  const live = localLive(() => now);
  for (let told = 0; told < 50_000; told += 1) {
    now += 0.01;
    live.publish('desk', about('usage'));
  }
  expect(recentIn(live, ['desk'])).toEqual(['usage']);
  now += 60_000;
  expect(recentIn(live, ['desk'])).toEqual([]);
});
