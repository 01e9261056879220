import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateOf, dayOn, weekdayOf, type Day } from '#server/base/shanghai.ts';
import {
  confirmDeadline,
  mayTouch,
  quietUntil,
  spanOf,
  type Caps,
  type Span,
  type Touch,
} from '#server/broadcast/caps.ts';

const day = (year: number, month: number, date: number): Day => dayOn({ year, month, date }) ?? NaN;
const none: Caps = { perDay: null, perWeek: null, perMonth: null, fatigue: null };
const on = (at: Day): Touch => ({ fromDay: at, untilDay: at, state: 'delivered' });

describe('caps', () => {
  it('takes a contact whom another broadcast may still reach on these days for taken', () => {
    const span = { fromDay: 100, untilDay: 105 };
    expect(mayTouch([{ fromDay: 105, untilDay: 110, state: 'reserved' }], span, none)).toBe('overlapping');
    expect(mayTouch([{ fromDay: 106, untilDay: 110, state: 'reserved' }], span, none)).toBeNull();
    expect(mayTouch([on(102)], span, none)).toBeNull();
  });

  it('counts Monday to Sunday as a week, and a month by the calendar', () => {
    const sunday = day(2026, 3, 1);
    expect(weekdayOf(sunday)).toBe(7);
    const span = { fromDay: sunday, untilDay: sunday };
    expect(mayTouch([on(sunday + 1)], span, { ...none, perWeek: 1 })).toBeNull();
    expect(mayTouch([on(sunday - 6)], span, { ...none, perWeek: 1 })).toBe('cap_week');
    expect(mayTouch([on(sunday - 1)], span, { ...none, perMonth: 1 })).toBeNull();
    expect(mayTouch([on(day(2026, 3, 31))], span, { ...none, perMonth: 1 })).toBe('cap_month');
  });

  it('counts as many a month as the month has days where the company says so', () => {
    const february = Array.from({ length: 28 }, (_, at) => on(day(2026, 2, at + 1)));
    const span = { fromDay: day(2026, 2, 10), untilDay: day(2026, 2, 10) };
    expect(mayTouch(february, span, { ...none, perMonth: 'days' })).toBe('cap_month');
    expect(mayTouch(february.slice(1), span, { ...none, perMonth: 'days' })).toBeNull();
  });

  it('counts any days in a row for fatigue, before and after', () => {
    const span = { fromDay: 100, untilDay: 100 };
    const rules = { ...none, fatigue: { max: 2, days: 7 } };
    expect(mayTouch([on(94), on(97)], span, rules)).toBe('fatigue');
    expect(mayTouch([on(93), on(97)], span, rules)).toBeNull();
    expect(mayTouch([on(97), on(103)], span, rules)).toBe('fatigue');
    expect(mayTouch([on(97), on(104)], span, rules)).toBeNull();
  });

  it('never lets a window go above its cap, and refuses nothing that could not', () => {
    const window = fc.record({ from: fc.integer({ min: -25, max: 25 }), days: fc.integer({ min: 0, max: 5 }) });
    const touch = fc.oneof(
      window.map(({ from, days }): Touch => ({
        fromDay: base + from,
        untilDay: base + from + days,
        state: 'reserved',
      })),
      fc.integer({ min: -25, max: 25 }).map((at) => on(base + at)),
    );
    const cap = fc.option(fc.integer({ min: 1, max: 3 }), { nil: null });
    const caps = fc.record({
      perDay: cap,
      perWeek: cap,
      perMonth: fc.oneof(cap, fc.constant('days' as const)),
      fatigue: fc.option(fc.record({ max: fc.integer({ min: 1, max: 3 }), days: fc.integer({ min: 1, max: 12 }) }), {
        nil: null,
      }),
    });
    const base = day(2026, 2, 26);
    fc.assert(
      fc.property(fc.array(touch, { maxLength: 4 }), window, caps, (touches, { from, days }, rules) => {
        const span = { fromDay: base + from, untilDay: base + from + days };
        const reason = mayTouch(touches, span, rules);
        if (reason === 'overlapping') return;
        expect(reason !== null).toBe(canBreak(touches, span, rules));
      }),
      { numRuns: 400 },
    );
  });

  it('gives members their days to confirm, and no longer than was reserved', () => {
    const span = spanOf(100, { confirmDays: 3 });
    expect(span).toEqual({ fromDay: 100, untilDay: 105 });
    const at = (days: number) => new Date(days * 86_400_000);
    expect(confirmDeadline(at(100), { confirmDays: 3 }, span)).toEqual(at(103));
    expect(confirmDeadline(at(104), { confirmDays: 3 }, span).getTime()).toBe(at(106).getTime() - 8 * 3_600_000 - 1);
  });

  it('knows when quiet hours end, over midnight too', () => {
    const night = { from: '21:00', to: '09:00' };
    expect(quietUntil(night, new Date('2026-03-01T14:00:00Z'))).toEqual(new Date('2026-03-02T01:00:00Z'));
    expect(quietUntil(night, new Date('2026-03-01T18:00:00Z'))).toEqual(new Date('2026-03-02T01:00:00Z'));
    expect(quietUntil(night, new Date('2026-03-02T01:00:00Z'))).toBeNull();
    expect(quietUntil({ from: '12:00', to: '13:30' }, new Date('2026-03-01T05:00:00Z'))).toEqual(
      new Date('2026-03-01T05:30:00Z'),
    );
    expect(quietUntil(null, new Date('2026-03-01T14:00:00Z'))).toBeNull();
  });
});

/** Lets every touch, and the new one, land on each of its days in turn, and counts days, weeks, months and days in a row. */
function canBreak(touches: readonly Touch[], span: Span, caps: Caps): boolean {
  for (const landed of landings([...touches, span])) {
    const fresh = landed.at(-1) ?? NaN;
    const isFull = (inside: (at: Day) => boolean, cap: number) => inside(fresh) && landed.filter(inside).length > cap;
    if (caps.perDay !== null && isFull((at) => at === fresh, caps.perDay)) return true;
    const week = (at: Day) => Math.floor((at + 3) / 7);
    if (caps.perWeek !== null && isFull((at) => week(at) === week(fresh), caps.perWeek)) return true;
    const month = (at: Day) => `${dateOf(at).year}-${dateOf(at).month}`;
    const days = new Date(Date.UTC(dateOf(fresh).year, dateOf(fresh).month, 0)).getUTCDate();
    const perMonth = caps.perMonth === 'days' ? days : caps.perMonth;
    if (perMonth !== null && isFull((at) => month(at) === month(fresh), perMonth)) return true;
    if (caps.fatigue) {
      const { max, days: length } = caps.fatigue;
      for (let from = fresh - length + 1; from <= fresh; from++)
        if (isFull((at) => at >= from && at < from + length, max)) return true;
    }
  }
  return false;
}

function* landings(spans: readonly Span[]): Generator<Day[]> {
  const [first, ...rest] = spans;
  if (!first) return yield [];
  for (const others of landings(rest)) {
    for (let at = first.fromDay; at <= first.untilDay; at++) yield [at, ...others];
  }
}
