import { expect, test } from 'vitest';
import { renderText } from '#server/material/message-content.ts';
import {
  afterError,
  afterLook,
  isMadeOf,
  lateDrop,
  mayRemind,
  pollAt,
  type Reached,
} from '#server/broadcast/delivery.ts';
import { seededRandom } from '#tests/support/random.ts';

const MINUTE_MS = 60_000;
const now = new Date('2026-03-01T02:00:00.000Z');
const after = (ms: number) => new Date(now.getTime() + ms);

test('an attempt that failed goes on only where it is certain that nothing left', () => {
  const has = { files: false, lookAfterMs: 5 * MINUTE_MS };
  const state = (kind: Parameters<typeof afterError>[1]['kind'], attempts = 1) =>
    afterError({ attempts }, { kind, code: '' }, has, now).state;
  expect(state('unknown')).toBe('unknown');
  expect(state('rate_limited')).toBe('due');
  expect(state('unavailable', 50)).toBe('due');
  expect(state('forbidden')).toBe('due');
  expect(state('forbidden', 10)).toBe('refused');
  expect(state('rejected')).toBe('refused');
  expect(state('not_found')).toBe('refused');
});

test('a file the platform no longer has is brought again, a few times', () => {
  const has = { files: true, lookAfterMs: 0 };
  const state = (attempts: number) => afterError({ attempts }, { kind: 'not_found', code: '' }, has, now).state;
  expect([1, 2, 3].map(state)).toEqual(['due', 'due', 'refused']);
});

test('a lost call has certainly not left only when it was missing twice, both times long after', () => {
  const look = (atMs: number, lastLookMs: number | null) =>
    afterLook({ claimedAt: now, syncedAt: lastLookMs === null ? null : after(lastLookMs) }, 5 * MINUTE_MS, after(atMs))
      .neverLeft;
  expect(look(MINUTE_MS, null)).toBe(false);
  expect(look(5 * MINUTE_MS, null)).toBe(false);
  expect(look(6 * MINUTE_MS, 4 * MINUTE_MS)).toBe(false);
  expect(look(8 * MINUTE_MS, 5 * MINUTE_MS)).toBe(true);
});

test('the text at the platform is known again, whatever names were put into it, and no other is', () => {
  const random = seededRandom();
  console.log(`delivery: SEED=${random.seed}`);
  const words = ['您好', '，', '{member}', '为您', '\n', 'A', ' ', '{member}', '!'];
  for (let round = 0; round < 2000; round++) {
    const template = Array.from({ length: 1 + random.below(8) }, () => random.pick(words)).join('');
    const parts = renderText(template, { member: '\u0000' }).trim().split('\u0000');
    const name = random.pick(['李明', 'A', 'Li Ming!', '您好', '']);
    const sent = renderText(template, { member: name }).trim();
    expect(isMadeOf(sent, parts), `${template} of ${name}`).toBe(true);
    const endsOpen = template.trim().endsWith('{member}');
    expect(isMadeOf(`${sent}。`, parts), `more than ${template}`).toBe(endsOpen);
  }
  expect(isMadeOf('您好，李明', ['您好，', '为您'])).toBe(false);
  expect(isMadeOf('您好', ['您好好', ''])).toBe(false);
});

test('who may no longer be written to is left out, with the first reason that holds', () => {
  const reached: Reached = { contactId: '', key: '', optedOutAt: null, followState: 'active' };
  expect(lateDrop(reached, true)).toBeNull();
  expect(lateDrop({ ...reached, optedOutAt: now, followState: null }, false)).toBe('opted_out');
  expect(lateDrop({ ...reached, followState: 'removed_by_contact' }, false)).toBe('removed_us');
  for (const followState of [null, 'removed_by_member', 'transferred', 'pending'])
    expect(lateDrop({ ...reached, followState }, true)).toBe('sender_unready');
  expect(lateDrop(reached, false)).toBe('sender_unready');
});

test('a reminder counts for a day after the last one, and one asked for within half an hour is the same one', () => {
  expect(mayRemind({ remindedAt: null, reminders: 0 }, 3, now)).toBe(true);
  expect(mayRemind({ remindedAt: after(-MINUTE_MS), reminders: 1 }, 3, now)).toBe(false);
  expect(mayRemind({ remindedAt: after(-30 * MINUTE_MS), reminders: 2 }, 3, now)).toBe(true);
  expect(mayRemind({ remindedAt: after(-30 * MINUTE_MS), reminders: 3 }, 3, now)).toBe(false);
  expect(mayRemind({ remindedAt: after(-25 * 60 * MINUTE_MS), reminders: 3 }, 3, now)).toBe(true);
});

test('the platform is asked in growing intervals, and often again once a member has confirmed', () => {
  const waitOf = (sentAgoMs: number, confirmedAgoMs: number | null = null) =>
    pollAt(
      { sentAt: after(-sentAgoMs), confirmedAt: confirmedAgoMs === null ? null : after(-confirmedAgoMs) },
      now,
    ).getTime() - now.getTime();
  const waits = [0, 5, 60, 600, 2000].map((minutes) => waitOf(minutes * MINUTE_MS));
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(waits.at(-1)).toBe(60 * MINUTE_MS);
  expect(waitOf(2000 * MINUTE_MS, MINUTE_MS)).toBe(waits[0]);
});
