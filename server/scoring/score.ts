import { DAY_MS } from '#server/base/duration.ts';
import type { SignalKind } from '#server/summary/summary-answer.ts';
import type { StoredSignal } from '#server/summary/summary.ts';
import { sumUp, type Factor } from './factor.ts';
import { said, type Said } from './said.ts';
import { pointerOf, pointsOf, recentQuotes, signalFactor, type Quote, type SignalPoints } from './signal-factor.ts';

/** Kept with every score: which table of points made it. */
export const METHOD = 'rules@2';

/** Everything a score is made of. A summary's signals may be missing: the rest still makes a score. */
export interface ScoreFacts {
  contact: { corpName: string | null };
  bindings: readonly { role: string; grade: string | null }[];
  /** Of all conversations with the contact, in any order. */
  messages: readonly { sender: 'contact' | 'member'; at: Date }[];
  signals: readonly StoredSignal[];
}

const START = 20;

const rolePoints: ReadonlyMap<string, { points: number } & Said> = new Map([
  ['decision_maker', { points: 10, ...said('role.decision_maker', '是决策人') }],
  ['buyer', { points: 6, ...said('role.buyer', '是采购人') }],
  ['influencer', { points: 4, ...said('role.influencer', '是影响者') }],
  ['user', { points: 2, ...said('role.user', '是使用人') }],
]);
const gradePoints: ReadonlyMap<string, number> = new Map([
  ['A', 10],
  ['B', 6],
  ['C', 2],
  ['D', -4],
]);

const signalPoints: Record<SignalKind, SignalPoints> = {
  asks_contract: { points: 12, more: 2 },
  asks_price: { points: 8, more: 2 },
  names_budget: { points: 8, more: 0 },
  agrees_to_meet: { points: 8, more: 1 },
  asks_trial: { points: 7, more: 1 },
  asks_delivery: { points: 6, more: 1 },
  positive: { points: 6, more: 1 },
  names_quantity: { points: 5, more: 0 },
  names_decision_maker: { points: 5, more: 0 },
  compares_competitor: { points: 3, more: 0 },
  postpones: { points: -10, more: -2 },
  negative: { points: -12, more: -3 },
};

/** The score of a contact. */
export const scoreOf = (facts: ScoreFacts, now: Date): { value: number; factors: Factor[] } =>
  sumUp('score', START, [...profileFactors(facts), ...behaviourFactors(facts, now), ...signalFactors(facts, now)]);

function profileFactors({ contact, bindings }: ScoreFacts): Factor[] {
  const factors: Factor[] = [];
  if (bindings.length > 0)
    factors.push({ key: 'bound', points: 10, ...said('bound', '已绑定客户档案'), pointer: { field: 'binding' } });
  const role = best(bindings.flatMap(({ role: name }) => rolePoints.get(name) ?? []));
  if (role) factors.push({ key: 'role', ...role, pointer: { field: 'binding.role' } });
  if (contact.corpName)
    factors.push({ key: 'company', points: 5, ...said('company', '公司已知'), pointer: { field: 'contact.corpName' } });
  const grade = best(
    bindings.flatMap((binding) => {
      const points = gradePoints.get(binding.grade ?? '');
      return points === undefined
        ? []
        : { points, ...said('grade', `客户等级 ${binding.grade}`, { word: binding.grade ?? '' }) };
    }),
  );
  if (grade) factors.push({ key: 'grade', ...grade, pointer: { field: 'customer.grade' } });
  return factors;
}

const best = <T extends { points: number }>(all: readonly T[]): T | undefined =>
  all.toSorted((a, b) => b.points - a.points)[0];

function behaviourFactors({ messages }: ScoreFacts, now: Date): Factor[] {
  const theirs = messages.filter(({ sender }) => sender === 'contact');
  const lastOf = (all: readonly { at: Date }[]) => all.reduce((latest, { at }) => Math.max(latest, at.getTime()), 0);
  const lastTheirs = lastOf(theirs);
  if (lastTheirs === 0) return [];
  const factors: Factor[] = [];

  const inWeek = theirs.filter(({ at }) => now.getTime() - at.getTime() < 7 * DAY_MS).length;
  const points = inWeek >= 10 ? 10 : inWeek >= 5 ? 7 : inWeek >= 1 ? 4 : 0;
  if (points > 0)
    factors.push({
      key: 'active_week',
      points,
      ...(inWeek >= 10
        ? said('active_week.many', '7 天内 10 条以上消息')
        : said('active_week', `7 天内 ${inWeek} 条消息`, { n: inWeek })),
      pointer: { field: 'conversation.messages' },
    });

  const days = (now.getTime() - lastTheirs) / DAY_MS;
  const recency = recencyOf(days);
  if (recency) factors.push({ key: 'recency', ...recency, pointer: { field: 'conversation.lastMessageAt' } });

  const lastOurs = lastOf(messages.filter(({ sender }) => sender === 'member'));
  if (lastTheirs > lastOurs && days >= 2)
    factors.push({
      key: 'unanswered',
      points: -6,
      ...said('unanswered.long', '48 小时以上未回复客户'),
      pointer: { field: 'conversation.unanswered' },
    });
  return factors;
}

function recencyOf(days: number): ({ points: number } & Said) | null {
  if (days <= 1) return { points: 6, ...said('heard', '1 天内有消息', { n: 1 }) };
  if (days <= 3) return { points: 3, ...said('heard', '3 天内有消息', { n: 3 }) };
  if (days > 30) return { points: -15, ...said('unheard', '30 天以上没有消息', { n: 30 }) };
  if (days > 14) return { points: -8, ...said('unheard', '14 天以上没有消息', { n: 14 }) };
  return null;
}

function signalFactors({ signals, messages }: ScoreFacts, now: Date): Factor[] {
  const byKind = recentQuotes(signals, now);
  const replies = messages.filter(({ sender }) => sender === 'member').map(({ at }) => at.getTime());
  const factors = byKind.map(([signal, quotes]) => signalFactor(signal, quotes, signalPoints[signal]));
  return [
    ...factors.sort((a, b) => Math.abs(b.points) - Math.abs(a.points) || (a.key < b.key ? -1 : 1)),
    ...withheld(byKind, replies),
  ];
}

/** What a turn merely claims moves the score by so much, until it is said again after a reply. */
const CLAIM_POINTS_MAX = 5;

/**
 * What is taken back of the points above, since nothing but a claim speaks for them. All that was dictated shares one
 * bound, whenever it was: it is no proof of anything, also not of what was said before.
 */
function withheld(byKind: readonly (readonly [SignalKind, readonly Quote[]])[], replies: readonly number[]): Factor[] {
  const turnOf = ({ at }: Quote) => replies.filter((reply) => reply < Date.parse(at)).length;
  const open = byKind.flatMap(([signal, quotes]) => {
    const plain = quotes.filter(({ manner }) => manner === undefined);
    const claimed = quotes.filter(({ manner }) => manner === 'claimed');
    const turns = new Set(claimed.map(turnOf));
    const proven = plain.length === 0 && turns.size > 1 ? claimed : plain;
    const points = pointsOf(quotes, signalPoints[signal]) - pointsOf(proven, signalPoints[signal]);
    const turn = proven === claimed || turns.size === 0 ? 'dictated' : Math.max(...turns);
    return points === 0 ? [] : [{ points, turn, quotes }];
  });
  return ([1, -1] as const).flatMap((sign): Factor[] => {
    const claims = open.filter(({ points }) => points * sign > 0);
    const beyond = [...Map.groupBy(claims, ({ turn }) => turn).values()]
      .map((turn) => turn.reduce((sum, { points }) => sum + Math.abs(points), 0) - CLAIM_POINTS_MAX)
      .reduce((sum, over) => sum + Math.max(0, over), 0);
    if (beyond === 0) return [];
    return [
      {
        key: sign > 0 ? 'signal.unconfirmed' : 'signal.unconfirmed.against',
        points: -sign * beyond,
        ...said('signal.unconfirmed', `只是自称，再次说到前最多计 ${CLAIM_POINTS_MAX} 分`, { n: CLAIM_POINTS_MAX }),
        pointer: pointerOf(claims.flatMap(({ quotes }) => quotes)),
      },
    ];
  });
}

export function levelOf(value: number): 'high' | 'medium' | 'low' {
  if (value >= 70) return 'high';
  return value >= 40 ? 'medium' : 'low';
}
