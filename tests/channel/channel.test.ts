import { expect, test } from 'vitest';
import { faceOf, isWithin, linkName, newState, onDuty, welcomeAt, type Hours } from '#server/channel/channel.ts';
import { seededRandom } from '#tests/support/random.ts';

/** Monday 2 March 2026 in Shanghai, plus days. */
const at = (day: number, clock: string) => new Date(`2026-03-0${2 + day}T${clock}:00+08:00`);
const everyDay = [1, 2, 3, 4, 5, 6, 7];

test.each<[string, Hours, Date, boolean]>([
  ['at its first minute', { days: [1], from: '09:00', to: '18:00' }, at(0, '09:00'), true],
  ['not a minute before', { days: [1], from: '09:00', to: '18:00' }, at(0, '08:59'), false],
  ['not at its end', { days: [1], from: '09:00', to: '18:00' }, at(0, '18:00'), false],
  ['not on another day', { days: [1], from: '09:00', to: '18:00' }, at(1, '10:00'), false],
  ['until midnight', { days: [1], from: '18:00', to: '00:00' }, at(0, '23:59'), true],
  ['not after midnight', { days: [1], from: '18:00', to: '00:00' }, at(1, '00:00'), false],
  ['over midnight into the next day', { days: [1], from: '22:00', to: '06:00' }, at(1, '05:59'), true],
  ['not the night before', { days: [1], from: '22:00', to: '06:00' }, at(0, '05:59'), false],
  ['over the end of the week', { days: [7], from: '22:00', to: '06:00' }, at(0, '01:00'), true],
  ['always', { days: everyDay, from: '00:00', to: '00:00' }, at(3, '04:30'), true],
  ['a day round from where it begins', { days: [1], from: '09:00', to: '09:00' }, at(1, '08:59'), true],
])('a shift is on %s', (_, hours, moment, isOn) => {
  expect(isWithin(hours, moment)).toBe(isOn);
});

const random = seededRandom();
const two = (n: number) => String(n).padStart(2, '0');

test(`shifts are on exactly in the minutes one would mark in a calendar (seed ${random.seed})`, () => {
  const week = 7 * 24 * 60;
  for (let round = 0; round < 60; round++) {
    const [from, to] = [random.below(1440), random.below(1440)];
    const days = everyDay.filter(() => random.chance(0.4));
    const clock = (minute: number) => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
    const hours = { days, from: clock(from), to: clock(to) };
    const marked = new Set<number>();
    const length = (to === 0 ? 1440 : to) > from ? (to === 0 ? 1440 : to) - from : 1440 - from + to;
    for (const day of days)
      for (let minute = 0; minute < length; minute++) marked.add(((day - 1) * 1440 + from + minute) % week);
    for (let look = 0; look < 200; look++) {
      const minute = random.below(week);
      const moment = new Date(at(0, '00:00').getTime() + minute * 60_000 + random.below(60_000));
      expect(isWithin(hours, moment), `${JSON.stringify(hours)} at ${moment.toISOString()}`).toBe(marked.has(minute));
    }
  }
});

const staffOf = (counts: Record<string, number>) => ({
  isThere: (id: string) => id in counts,
  today: (id: string) => counts[id] ?? 0,
});
const duty = {
  shifts: [
    { days: [1], from: '09:00', to: '18:00', memberIds: ['lin', 'wu'] },
    { days: [1], from: '12:00', to: '14:00', memberIds: ['wu', 'he'] },
  ],
  spareIds: ['spare'],
};
const whoAt = (clock: string, counts: Record<string, number>, more: { dailyMax?: number; membersMax?: number } = {}) =>
  onDuty(duty, {
    at: at(0, clock),
    dailyMax: more.dailyMax ?? null,
    membersMax: more.membersMax ?? 100,
    staff: staffOf(counts),
  });

test('everyone whose shift it is receives contacts, the spare members when it is nobody’s', () => {
  const all = { lin: 0, wu: 0, he: 0, spare: 0 };
  expect(whoAt('10:00', all)).toEqual(['lin', 'wu']);
  expect(whoAt('13:00', all)).toEqual(['lin', 'wu', 'he']);
  expect(whoAt('20:00', all)).toEqual(['spare']);
});

test('who has had enough today, or is gone, receives no more; when that is everybody, the spare members do', () => {
  expect(whoAt('10:00', { lin: 3, wu: 2, spare: 9 }, { dailyMax: 3 })).toEqual(['wu']);
  expect(whoAt('10:00', { lin: 3, wu: 3, spare: 9 }, { dailyMax: 3 })).toEqual(['spare']);
  expect(whoAt('10:00', { wu: 0, spare: 0 })).toEqual(['wu']);
  expect(whoAt('10:00', { spare: 0 })).toEqual(['spare']);
});

test('a code never leads to nobody while anybody is left: the maximum gives way, then the hours', () => {
  expect(whoAt('10:00', { lin: 3, wu: 3 }, { dailyMax: 3 })).toEqual(['lin', 'wu']);
  expect(whoAt('20:00', { lin: 0, he: 0 })).toEqual(['lin', 'he']);
  expect(whoAt('10:00', {})).toEqual([]);
});

test('of more than the platform takes, those with the fewest contacts today', () => {
  expect(whoAt('13:00', { lin: 5, wu: 1, he: 2 }, { membersMax: 2 })).toEqual(['wu', 'he']);
});

test('who has a channel’s code cannot guess another’s, and its state fits every platform', () => {
  const states = Array.from({ length: 1000 }, newState);
  expect(new Set(states).size).toBe(1000);
  expect(states.every((state) => /^zk[\w-]{16}$/.test(state))).toBe(true);
});

test('links of one name are told apart, and no name is too long', () => {
  const [one, other] = [newState(), newState()];
  const name = '国'.repeat(30);
  expect(linkName({ name, state: one })).not.toBe(linkName({ name, state: other }));
  expect([...linkName({ name, state: one })].length).toBeLessThanOrEqual(30);
});

test('the platform is told when something it shows changes, and only then', () => {
  const wanted = { name: '展会', skipVerify: true, memberIds: ['a', 'b'], members: ['lin', 'wu'] };
  const face = faceOf(wanted);
  expect(faceOf({ ...wanted, members: ['wu', 'lin'] })).toBe(face);
  expect(faceOf({ ...wanted, members: ['wu'] })).not.toBe(face);
  expect(faceOf({ ...wanted, name: '展会2' })).not.toBe(face);
  expect(faceOf({ ...wanted, skipVerify: false })).not.toBe(face);
  expect(faceOf(null)).toBe('');
});

test('of welcomes, the first whose hours it is', () => {
  const say = (text: string) => ({ text, attachments: [] });
  const welcomes = [
    { hours: { days: everyDay, from: '22:00', to: '08:00' }, content: say('夜里') },
    { hours: { days: [6, 7], from: '00:00', to: '00:00' }, content: say('周末') },
  ];
  expect(welcomeAt(welcomes, at(5, '23:00'))).toEqual(say('夜里'));
  expect(welcomeAt(welcomes, at(5, '12:00'))).toEqual(say('周末'));
  expect(welcomeAt(welcomes, at(0, '12:00'))).toBeNull();
  expect(welcomeAt([...welcomes, { hours: null, content: say('平时') }], at(0, '12:00'))).toEqual(say('平时'));
});
