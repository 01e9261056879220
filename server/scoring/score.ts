import type { z } from 'zod';
import type { SignalKind } from '#server/summary/summary-answer.ts';
import type { StoredSignal } from '#server/summary/summary.ts';
import { said, saidOften, type Said } from './said.ts';
import type { factorView } from './scoring-api.ts';

export type Factor = z.infer<typeof factorView>;

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
const DAY_MS = 86_400_000;
/** What was said longer ago says nothing about now. */
const SIGNAL_DAYS = 60;

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

/** `more`: for each further message that says the same, twice at most. */
const signalPoints: Record<SignalKind, { points: number; more: number; text: string }> = {
  asks_contract: { points: 12, more: 2, text: '谈合同付款' },
  asks_price: { points: 8, more: 2, text: '询价' },
  names_budget: { points: 8, more: 0, text: '说出预算' },
  agrees_to_meet: { points: 8, more: 1, text: '同意见面' },
  asks_trial: { points: 7, more: 1, text: '要试用或演示' },
  asks_delivery: { points: 6, more: 1, text: '问交期' },
  positive: { points: 6, more: 1, text: '明确肯定' },
  names_quantity: { points: 5, more: 0, text: '说出数量' },
  names_decision_maker: { points: 5, more: 0, text: '说出决策人' },
  compares_competitor: { points: 3, more: 0, text: '在比较竞品' },
  postpones: { points: -10, more: -2, text: '推迟' },
  negative: { points: -12, more: -3, text: '不满或拒绝' },
};

/** The score of a contact. Its factors add up to its value, always: what the bounds take or give is a factor too. */
export function scoreOf(facts: ScoreFacts, now: Date): { value: number; factors: Factor[] } {
  const factors = [
    { key: 'start', points: START, ...said('start', '起点'), pointer: { field: 'contact' } },
    ...profileFactors(facts),
    ...behaviourFactors(facts, now),
    ...signalFactors(facts, now),
  ];
  const sum = factors.reduce((total, { points }) => total + points, 0);
  const value = Math.min(100, Math.max(0, sum));
  if (sum > 100)
    factors.push({ key: 'ceiling', points: value - sum, ...said('ceiling', '封顶 100'), pointer: { field: 'score' } });
  if (sum < 0)
    factors.push({ key: 'floor', points: value - sum, ...said('floor', '保底 0'), pointer: { field: 'score' } });
  return { value, factors };
}

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

interface Quote {
  signal: SignalKind;
  messageId: string;
  quote: string;
  at: string;
  manner?: 'claimed' | 'dictated' | undefined;
}

/** One factor a kind, however often the model repeats it: it points at the newest message that says so. */
function signalFactors({ signals, messages }: ScoreFacts, now: Date): Factor[] {
  const recent = signals.flatMap(({ signal, quotes }) =>
    quotes
      .filter(({ at }) => now.getTime() - Date.parse(at) < SIGNAL_DAYS * DAY_MS)
      .map((quote): Quote => ({ signal, ...quote })),
  );
  const byKind = [...Map.groupBy(recent, ({ signal }) => signal)];
  const replies = messages.filter(({ sender }) => sender === 'member').map(({ at }) => at.getTime());
  const factors = byKind.map(([signal, quotes]): Factor => {
    const { text } = signalPoints[signal];
    const count = countOf(quotes);
    return {
      key: `signal.${signal}`,
      points: pointsOf(signal, quotes),
      ...saidOften(`signal.${signal}`, text, count),
      pointer: pointerOf(quotes),
    };
  });
  return [
    ...factors.sort((a, b) => Math.abs(b.points) - Math.abs(a.points) || (a.key < b.key ? -1 : 1)),
    ...withheld(byKind, replies),
  ];
}

const countOf = (quotes: readonly Quote[]) => new Set(quotes.map(({ messageId }) => messageId)).size;

function pointsOf(signal: SignalKind, quotes: readonly Quote[]): number {
  const { points, more } = signalPoints[signal];
  return quotes.length === 0 ? 0 : points + more * Math.min(countOf(quotes) - 1, 2);
}

function pointerOf(quotes: readonly Quote[]): Factor['pointer'] {
  const { messageId, quote } = quotes.reduce((latest, one) => (one.at > latest.at ? one : latest));
  return { messageId, quote };
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
    const points = pointsOf(signal, quotes) - pointsOf(signal, proven);
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
