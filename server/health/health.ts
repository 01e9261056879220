import { DAY_MS } from '#server/base/duration.ts';
import { sumUp, type Factor } from '#server/scoring/factor.ts';
import { inYuan } from '#server/scoring/features.ts';
import { said } from '#server/scoring/said.ts';
import { recentQuotes, signalFactor, type SignalPoints } from '#server/scoring/signal-factor.ts';
import type { SignalKind } from '#server/summary/summary-answer.ts';
import type { StoredSignal } from '#server/summary/summary.ts';
import type { healthLevels } from './health-api.ts';

export type HealthLevel = (typeof healthLevels)[number];

/** Kept with every judgement: which table of points made it. */
export const METHOD = 'rules@1';

/** What is known of the relation with one contact, at one moment. */
export interface HealthFacts {
  /** Of opportunities won with the customers the contact is bound to; the sums are of 180 days. */
  deals: { count: number; lastAt: Date | null; fen: number; fenBefore: number };
  hasOpenOpportunity: boolean;
  /** Members the contact still has, and when it last deleted one. */
  follows: { active: number; deletedAt: Date | null };
  /** What the contact wrote: in 30 days, in the 60 before, and how many days usually lie between two days it wrote on. */
  theirs: { count: number; lastAt: Date | null; recent: number; before: number; usualGapDays: number | null };
  /** Since when its last word is unanswered, and how often in 30 days it waited for over a day. */
  waiting: { since: Date | null; slow: number };
  signals: readonly StoredSignal[];
}

export interface Health {
  level: HealthLevel;
  /** Null while too little is known. */
  risk: number | null;
  factors: Factor[];
}

const START = 10;
/** Who has written less and bought nothing is no customer to be lost yet. */
export const KNOWN_MESSAGES = 6;
/** Nobody is called silent sooner. */
const SILENT_DAYS = 14;
/**
 * From which risk on it is watched, and told. A model's number is a probability where nine stay for one who goes: four
 * in ten are many then, while the points of the table are no probability.
 */
const lines = { rules: { watch: 35, risk: 60 }, model: { watch: 20, risk: 40 } } as const;

/** How near a customer is to being lost. */
export function healthOf(facts: HealthFacts, now: Date): Health {
  const isKnown = facts.theirs.count >= KNOWN_MESSAGES || facts.deals.count > 0;
  if (!isKnown) return { level: 'unknown', risk: null, factors: [] };
  const { value: risk, factors } = sumUp('health', START, [
    ...leavingFactors(facts),
    ...silenceFactors(facts, now),
    ...moodFactors(facts.signals, now),
    ...valueFactors(facts, now),
  ]);
  return { level: levelOf(risk), risk, factors };
}

export function levelOf(risk: number | null, basis: keyof typeof lines = 'rules'): HealthLevel {
  if (risk === null) return 'unknown';
  if (risk >= lines[basis].risk) return 'risk';
  return risk >= lines[basis].watch ? 'watch' : 'good';
}

function leavingFactors({ follows }: HealthFacts): Factor[] {
  if (!follows.deletedAt) return [];
  const isGone = follows.active === 0;
  return [
    {
      key: 'deleted',
      points: isGone ? 60 : 20,
      ...(isGone ? said('deleted.all', '已删除我们的全部成员') : said('deleted', '删除了一位成员')),
      pointer: { field: 'follow.state' },
    },
  ];
}

/** Silence is measured by how often this contact used to write, not by a calendar. */
function silenceFactors({ theirs, waiting }: HealthFacts, now: Date): Factor[] {
  const factors: Factor[] = [];
  const daysSince = (at: Date) => (now.getTime() - at.getTime()) / DAY_MS;
  if (theirs.lastAt) {
    const silent = Math.floor(daysSince(theirs.lastAt));
    const usual = Math.max(theirs.usualGapDays ?? SILENT_DAYS / 2, 1);
    const times = silent / usual;
    if (silent >= SILENT_DAYS && times >= 2)
      factors.push({
        key: 'silent',
        points: times >= 6 ? 30 : times >= 4 ? 22 : 12,
        ...said('silent', `${silent} 天没有消息，平时约 ${Math.round(usual)} 天一次`, {
          n: silent,
          usual: Math.round(usual),
        }),
        pointer: { field: 'conversation.lastMessageAt' },
      });
    else if (silent <= 3)
      factors.push({
        key: 'recent',
        points: -10,
        ...said('heard', '3 天内有消息', { n: 3 }),
        pointer: { field: 'conversation.lastMessageAt' },
      });
  }
  const usualRecent = theirs.before / 2;
  if (usualRecent >= 4 && theirs.recent < usualRecent / 2)
    factors.push({
      key: 'quieter',
      points: theirs.recent < usualRecent / 4 ? 14 : 8,
      ...said('quieter', `近 30 天 ${theirs.recent} 条消息，此前每 30 天约 ${Math.round(usualRecent)} 条`, {
        n: theirs.recent,
        usual: Math.round(usualRecent),
      }),
      pointer: { field: 'conversation.messages' },
    });
  if (waiting.since && daysSince(waiting.since) >= 2) {
    const days = Math.floor(daysSince(waiting.since));
    factors.push({
      key: 'unanswered',
      points: days >= 5 ? 18 : 12,
      ...said('unanswered', `${days} 天没有回复客户`, { n: days }),
      pointer: { field: 'conversation.unanswered' },
    });
  }
  if (waiting.slow >= 2)
    factors.push({
      key: 'slow_answers',
      points: Math.min(4 * waiting.slow, 12),
      ...said('slow_answers', `30 天内 ${waiting.slow} 次超过一天才回复`, { n: waiting.slow }),
      pointer: { field: 'conversation.unanswered' },
    });
  return factors;
}

const moods: Partial<Record<SignalKind, SignalPoints>> = {
  negative: { points: 18, more: 6 },
  postpones: { points: 6, more: 2 },
  compares_competitor: { points: 8, more: 2 },
};

const moodFactors = (signals: readonly StoredSignal[], now: Date): Factor[] =>
  recentQuotes(signals, now).flatMap(([signal, quotes]) => {
    const worth = moods[signal];
    return worth ? [signalFactor(signal, quotes, worth)] : [];
  });

function valueFactors({ deals, hasOpenOpportunity }: HealthFacts, now: Date): Factor[] {
  const factors: Factor[] = [];
  if (deals.fenBefore > 0 && deals.fen < deals.fenBefore / 2)
    factors.push({
      key: 'buys_less',
      points: deals.fen === 0 ? 14 : 8,
      ...said('buys_less', `近半年成交 ${inYuan(deals.fen / 100)} 元，上个半年 ${inYuan(deals.fenBefore / 100)} 元`, {
        now: Math.round(deals.fen / 100),
        before: Math.round(deals.fenBefore / 100),
      }),
      pointer: { field: 'opportunity.won' },
    });
  if (deals.lastAt && now.getTime() - deals.lastAt.getTime() < 30 * DAY_MS)
    factors.push({
      key: 'bought',
      points: -12,
      ...said('bought', '30 天内成交过'),
      pointer: { field: 'opportunity.won' },
    });
  if (hasOpenOpportunity)
    factors.push({
      key: 'open_opportunity',
      points: -8,
      ...said('open_opportunity', '有进行中的商机'),
      pointer: { field: 'opportunity' },
    });
  return factors;
}

/** What stands beside a judgement when it is decided whether somebody is told. */
export interface LastAlert {
  state: 'open' | 'done' | 'dismissed' | 'over';
  at: Date;
  closedAt: Date | null;
}

/** After somebody has dealt with it, or said it was none, it stays quiet this long. */
const QUIET_DAYS = 30;

/**
 * Tells only when sure: two reasons at least that have nothing to do with each other, or the contact deleted us. One alert
 * at a time; it goes away by itself when all is well again. None again soon after a person closed one, unless the contact
 * deleted us since; who is gone by then is told of no more.
 */
export function alertOf(
  { level, factors }: Health,
  facts: Pick<HealthFacts, 'follows'>,
  last: LastAlert | null,
  now: Date,
): 'open' | 'over' | null {
  if (last?.state === 'open') return level === 'good' || level === 'unknown' ? 'over' : null;
  if (level !== 'risk') return null;
  const { deletedAt, active } = facts.follows;
  const isGone = deletedAt !== null && active === 0;
  const worse = new Set(factors.filter(({ key, points }) => points > 0 && !noReasons.has(key)).map(familyOf));
  if (!isGone && worse.size < 2) return null;
  const closedAt = last && last.state !== 'over' ? last.closedAt : null;
  if (!closedAt) return 'open';
  if (isGone) return deletedAt > closedAt ? 'open' : null;
  return now.getTime() - closedAt.getTime() < QUIET_DAYS * DAY_MS ? null : 'open';
}

const noReasons: ReadonlySet<string> = new Set(['start', 'ceiling', 'others']);

/** Reasons that point at one thing say the same twice. */
function familyOf({ pointer }: Factor): string {
  if ('messageId' in pointer) return 'mood';
  const isSilence = pointer.field === 'conversation.lastMessageAt' || pointer.field === 'conversation.messages';
  return isSilence ? 'silence' : pointer.field;
}
