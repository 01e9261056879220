import { deepStrictEqual as same } from 'node:assert';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { after, effectDone, nothing, type Approval, type HistoryEntry, type Step } from '#server/approval/approval.ts';
import { answer, ask, attach, comment, remind } from '#server/approval/approval-talk.ts';
import { decide } from '#server/approval/approval-verdict.ts';
import { escalate, handOver, lateSeats, replace, transfer } from '#server/approval/approval-seating.ts';
import { expire, withdraw } from '#server/approval/approval-end.ts';
import { mayNow } from '#server/approval/approval-right.ts';
import { open } from '#server/approval/approval-opening.ts';
import { openSeats, ownSeat } from '#server/approval/seat.ts';
import { Refusal } from '#server/base/refusal.ts';
import { above, ReferenceModel, REQUESTER, type Action, type Person, type ReferenceLevel } from './reference-model.ts';

const START = Date.parse('2026-03-01T02:00:00.000Z');
const at = (minute: number) => new Date(START + minute * 60_000);
const idOf = (person: Person) => `person-${person}`;
const personOf = (id: string) => Number(id.slice('person-'.length));

function openFor(levels: ReferenceLevel[], expiresAt: number | null): { approval: Approval; history: HistoryEntry[] } {
  return open(
    {
      id: 'approval-1',
      kind: 'discount',
      mode: 'own',
      requesterId: idOf(REQUESTER),
      customerId: null,
      contactId: null,
      subject: null,
      title: '折扣 15%',
      reason: '本周可签',
      content: {},
      measure: 15,
      amountFen: null,
      risk: 'low',
      expiresAt: expiresAt === null ? null : at(expiresAt),
      names: new Map(),
      byRule: levels.length === 0,
      levels: levels.map(({ all, people, escalateAfter }) => ({
        of: all ? 'all' : 'any',
        escalateAfterMinutes: escalateAfter,
        seats: people.map((person) => ({ memberId: idOf(person), because: 'policy', standsFor: null })),
      })),
    },
    at(0),
  );
}

/** Who is counted by how often their deed was done. */
interface Real {
  approval: Approval;
  history: HistoryEntry[];
  now: number;
  effects: number;
}

function stepOf(real: Real, action: Action): Step {
  const { approval } = real;
  const now = at(real.now);
  switch (action.do) {
    case 'decide':
      return decide(
        approval,
        { memberId: idOf(action.by), via: 'page' },
        {
          decision: action.approve ? 'approve' : 'reject',
          reason: action.reason ? '太多' : null,
          revision: approval.revision - (action.stale ? 1 : 0),
        },
        now,
      );
    case 'withdraw':
      return withdraw(approval, idOf(action.by), now);
    case 'remind':
      return remind(approval, idOf(action.by), now);
    case 'transfer':
      return transfer(
        approval,
        idOf(action.by),
        { memberId: idOf(action.to), reason: null, revision: approval.revision - (action.stale ? 1 : 0) },
        now,
      );
    case 'ask':
      return ask(
        approval,
        idOf(action.by),
        { question: '为什么？', revision: approval.revision - (action.stale ? 1 : 0) },
        now,
      );
    case 'answer':
      return answer(approval, idOf(action.by), { text: '因为', reason: null }, now);
    case 'attach':
      return attach(approval, idOf(action.by), { id: 'file-1', name: '报价.pdf' }, now);
    case 'comment':
      return comment(approval, idOf(action.by), '好', now);
    case 'leave': {
      const seat = ownSeat(approval, idOf(action.who));
      return seat ? replace(approval, seat, [idOf(action.to)], 'transferred', now) : nothing;
    }
    case 'hand over':
      return action.from === action.to ? nothing : handOver(approval, idOf(action.from), idOf(action.to), now);
    case 'clock':
      return clockStep(approval, now);
    case 'effect':
      return approval.effectState === 'waiting' ? effectDone(approval, now) : nothing;
    case 'wait':
      return nothing;
  }
}

function clockStep(approval: Approval, now: Date): Step {
  const end = expire(approval, now);
  if (end) return end;
  let current = approval;
  let history: HistoryEntry[] = [];
  for (const late of approval.state === 'pending' ? lateSeats(approval, now) : []) {
    const step = escalate(current, late, above(personOf(late.memberId)).map(idOf), now);
    history = [...history, ...step.history];
    current = after(current, step);
  }
  return { change: {}, seats: current.seats, history };
}

const person = fc.integer({ min: 0, max: 5 });
const rarely = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);
const often = fc.integer({ min: 0, max: 9 }).map((n) => n > 1);
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      by: person,
      approve: often,
      reason: often,
      stale: rarely,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('transfer' as const), by: person, to: person, stale: rarely }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(1, 29, 30, 60, 100) }),
  },
  { weight: 4, arbitrary: fc.constant<Action>({ do: 'clock' }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), who: person, to: person }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), by: person, stale: rarely }) },
  { weight: 2, arbitrary: fc.constant<Action>({ do: 'effect' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hand over' as const), from: person, to: person }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'withdraw' as const,
        'remind' as const,
        'answer' as const,
        'attach' as const,
        'comment' as const,
      ),
      by: fc.oneof({ weight: 3, arbitrary: fc.constant(REQUESTER) }, { weight: 2, arbitrary: person }),
    }),
  },
);
const levels = fc.array(
  fc.record({
    all: fc.boolean(),
    people: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    escalateAfter: fc.constantFrom(null, 60, 90),
  }),
  { maxLength: 3 },
);

test('whatever people do in whatever order, an approval does what the rules say, and each step has one decision', () => {
  const report = fc.check(
    fc.property(
      levels,
      fc.constantFrom(null, 300),
      fc.array(anyAction, { maxLength: 25 }),
      (asked, expiresAt, actions) => {
        const model = new ReferenceModel(asked, expiresAt);
        const opened = openFor(asked, expiresAt);
        const real: Real = { ...opened, now: 0, effects: 0 };
        for (const action of actions) {
          if (action.do === 'hand over' && action.from === action.to) continue;
          const before = real.approval;
          const expected = model.apply(action);
          if (action.do === 'wait') real.now += action.minutes;
          let refused: string | null = null;
          try {
            const step = stepOf(real, action);
            if (before.effectState === 'waiting' && step.change.effectState === 'done') real.effects += 1;
            real.approval = after(before, step);
            real.history = [...real.history, ...step.history];
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            refused = error.code;
          }
          same({ action, refused }, { action, refused: expected });
          same(looksOf(real), looksOfModel(model));
          mustHold(before, real);
        }
      },
    ),
    { numRuns: 12_000 },
  );
  expect(report.failed ? fc.defaultReportMessage(report) : 'as the rules say').toBe('as the rules say');
});

function looksOf({ approval, effects }: Real) {
  const isPending = approval.state === 'pending';
  return {
    state: approval.state,
    asked: openSeats(approval)
      .map(({ memberId }) => personOf(memberId))
      .sort(),
    level: isPending ? approval.level : null,
    revision: approval.revision,
    isQuestioned: approval.question !== null,
    effects,
    decisions: approval.seats
      .filter(({ state }) => state === 'approved' || state === 'rejected')
      .map(({ memberId, level }) => `${level}:${personOf(memberId)}`)
      .sort(),
  };
}

function looksOfModel(model: ReferenceModel): ReturnType<typeof looksOf> {
  return {
    state: model.ended ?? 'pending',
    asked: [...model.asked.keys()].sort(),
    level: model.ended ? null : model.at,
    revision: model.revision,
    isQuestioned: model.isQuestioned,
    effects: model.effects,
    decisions: model.decisions.map(({ by, level }) => `${level}:${by}`).sort(),
  };
}

/** What holds whatever the rules are. */
function mustHold(before: Approval, { approval, history, effects, now }: Real): void {
  const verdicts = history.filter(({ action }) => action === 'approved' || action === 'rejected');
  const decided = approval.seats.filter(({ state }) => state === 'approved' || state === 'rejected');
  const asked = openSeats(approval);
  const { requesterId, state } = approval;
  same(decided.length, verdicts.length);
  same(new Set(decided.map(placeOf)).size, decided.length);
  same(
    [...decided, ...asked].some(({ memberId }) => memberId === requesterId),
    false,
  );
  same(mayNow(approval, requesterId, at(now)).decide, false);
  if (before.state !== 'pending') same({ ...approval, effectState: before.effectState }, before);
  if (state === 'pending') same(asked.length > 0, true);
  else
    same(
      approval.seats.some((seat) => seat.state === 'open' || seat.state === 'waiting'),
      false,
    );
  same(effects <= (state === 'approved' ? 1 : 0), true);
}

const placeOf = ({ level, memberId }: { level: number; memberId: string }) => `${level} ${memberId}`;
