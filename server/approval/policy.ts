import { HOUR_MS } from '#server/base/duration.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { Approval, Risk } from './approval.ts';
import type { ResolvedLevel, Seat } from './seat.ts';
import { noApprover } from './approval-refusal.ts';
import type { ApprovalKind } from './approval-api.ts';
import type { ApprovalPolicy } from './policy-api.ts';
import { actingFor, isActive, lineAbove, ofRole, type Org } from './org.ts';

type Rule = ApprovalPolicy['bands'][number]['levels'][number]['who'];
type Band = ApprovalPolicy['bands'][number];

/** What holds where the company has set nothing. */
export function builtInPolicy(kind: ApprovalKind): ApprovalPolicy {
  return {
    mode: 'own',
    form: null,
    bands: builtInBands[kind],
    fallback: [],
    copies: [],
    expireAfterHours: 7 * 24,
  };
}

const line = { who: { by: 'line', step: 1 }, of: 'any', escalateAfterMinutes: 240 } as const;
const byRole = (role: 'manager' | 'director') =>
  ({ who: { by: 'role', role }, of: 'any', escalateAfterMinutes: 240 }) as const;

const builtInBands: Record<ApprovalKind, Band[]> = {
  discount: [
    { upTo: 10, risk: 'low', levels: [] },
    { upTo: 15, risk: 'low', levels: [line] },
    { upTo: 20, risk: 'medium', levels: [line] },
    { upTo: null, risk: 'high', levels: [line, byRole('director')] },
  ],
  contract_terms: [{ upTo: null, risk: 'medium', levels: [line, byRole('director')] }],
  customer_transfer: [{ upTo: null, risk: 'medium', levels: [line] }],
  stage_exception: [{ upTo: null, risk: 'medium', levels: [line] }],
  sensitive_reveal: [{ upTo: null, risk: 'low', levels: [line] }],
  broadcast: [
    { upTo: 200, risk: 'low', levels: [byRole('manager')] },
    { upTo: 1000, risk: 'medium', levels: [byRole('manager')] },
    { upTo: null, risk: 'high', levels: [byRole('director')] },
  ],
};

export interface Resolved {
  risk: Risk;
  mode: 'own' | 'form';
  /** Within the rule: nobody is asked. */
  byRule: boolean;
  /** [] where a form decides. */
  levels: ResolvedLevel[];
  expiresAt: Date | null;
}

/** Who decides what this member asks for, as the company stands today. */
export function resolve(
  policy: ApprovalPolicy,
  asked: { requesterId: string; measure: number },
  org: Org,
  now: Date,
): Resolved {
  const band = bandOf(policy, asked.measure);
  const { expireAfterHours, mode } = policy;
  const byRule = band.levels.length === 0;
  const levels = byRule || mode === 'form' ? [] : levelsOf(policy, band, asked.requesterId, org);
  return {
    risk: band.risk,
    mode: byRule ? 'own' : mode,
    byRule,
    levels,
    expiresAt: expireAfterHours === null ? null : new Date(now.getTime() + expireAfterHours * HOUR_MS),
  };
}

function bandOf(policy: ApprovalPolicy, measure: number): Band {
  if (!Number.isFinite(measure) || measure < 0)
    throw new Refusal('approval.measure', 'measure: must be a number of 0 or more.', 400, { field: 'measure' });
  const band = policy.bands.find(({ upTo }) => upTo === null || measure <= upTo);
  if (band) return band;
  const max = policy.bands.at(-1)?.upTo ?? 0;
  throw new Refusal('approval.beyond_bounds', `measure: nobody may approve more than ${max}. Ask for less.`, 400, {
    field: 'measure',
    max,
  });
}

/** Whoever would sit alone on two levels in a row is asked once. */
function levelsOf(policy: ApprovalPolicy, band: Band, requesterId: string, org: Org): ResolvedLevel[] {
  const levels = band.levels.map(({ who, of, escalateAfterMinutes }) => ({
    of,
    escalateAfterMinutes,
    seats: seatsOf(policy, who, requesterId, org),
  }));
  return levels.filter(({ seats: [one, ...more] }, at) => {
    const before = levels[at - 1]?.seats ?? [];
    return !(one && more.length === 0 && before.length === 1 && before[0]?.memberId === one.memberId);
  });
}

function seatsOf(policy: ApprovalPolicy, who: Rule, requesterId: string, org: Org): ResolvedLevel['seats'] {
  const found = seatsFor(membersOf(who, requesterId, org), 'policy', requesterId, org);
  if (found.length > 0) return found;
  const fallback = seatsFor(fallbackOf(policy, requesterId, org), 'fallback', requesterId, org);
  if (fallback.length === 0) throw noApprover();
  return fallback;
}

/** Each member, or whoever acts for them now; nobody twice, never the requester. */
function seatsFor(
  memberIds: string[],
  because: Seat['because'],
  requesterId: string,
  org: Org,
): ResolvedLevel['seats'] {
  const seats = memberIds
    .filter((memberId) => memberId !== requesterId && isActive(org, memberId))
    .map((memberId): ResolvedLevel['seats'][number] => {
      const acting = actingFor(org, memberId, requesterId);
      return acting === memberId
        ? { memberId, because, standsFor: null }
        : { memberId: acting, because: 'delegate', standsFor: memberId };
    });
  return seats.filter((seat, at) => seats.findIndex(({ memberId }) => memberId === seat.memberId) === at);
}

function membersOf(who: Rule, requesterId: string, org: Org): string[] {
  switch (who.by) {
    case 'line':
      return lineAbove(org, requesterId)[who.step - 1] ?? [];
    case 'role':
      return ofRole(org, [who.role], requesterId);
    case 'members':
      return who.ids;
    default:
      return who satisfies never;
  }
}

/** Whom the admin named; where nobody of them is there, admins and directors. */
function fallbackOf({ fallback }: Pick<ApprovalPolicy, 'fallback'>, requesterId: string, org: Org): string[] {
  const others = (ids: string[]) => ids.filter((id) => id !== requesterId && isActive(org, id));
  const named = others(fallback);
  return named.length > 0 ? named : others(ofRoleAnywhere(org));
}

const ofRoleAnywhere = (org: Org) =>
  [...org.members.values()].filter(({ role }) => role === 'admin' || role === 'director').map(({ id }) => id);

/**
 * Who is asked as well, or instead, where the seat's member does not answer: the next leaders above them who are not
 * asked yet, else directors, else the fallback. [] when there is nobody new.
 */
export function membersAbove(
  policy: Pick<ApprovalPolicy, 'fallback'>,
  approval: Approval,
  seat: Seat,
  org: Org,
): string[] {
  const { requesterId, level } = approval;
  const asked = approval.seats.filter((other) => other.level === level && other.state !== 'passed_on');
  const taken = new Set([requesterId, seat.memberId, ...asked.map(({ memberId }) => memberId)]);
  const tiers = [
    ...lineAbove(org, seat.memberId),
    ofRole(org, ['director'], requesterId),
    fallbackOf(policy, requesterId, org),
  ];
  for (const tier of tiers) {
    const free = seatsFor(tier, 'policy', requesterId, org)
      .map(({ memberId }) => memberId)
      .filter((memberId) => !taken.has(memberId));
    if (free.length > 0) return free;
  }
  return [];
}

/** Says what is wrong with a policy and where; a level that nobody of today's company could decide is wrong. */
export function checkPolicy(policy: ApprovalPolicy, org: Org): void {
  const problems = [
    ...bandProblems(policy.bands),
    ...levelProblems(policy, org),
    ...memberProblems('fallback', policy.fallback, org),
    ...memberProblems('copies', policy.copies, org),
    ...(policy.mode === 'form' && !policy.form
      ? [{ path: 'form', message: 'name the template that decides, or let Zhike decide' }]
      : []),
  ];
  if (problems.length === 0) return;
  const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new Refusal('approval.policy', `Correct these and save again: ${said}.`, 422, { problems });
}

interface Problem {
  path: string;
  message: string;
}

function bandProblems(bands: Band[]): Problem[] {
  return bands.flatMap(({ upTo }, at): Problem[] => {
    const before = bands[at - 1]?.upTo;
    if (upTo === null)
      return at < bands.length - 1 ? [{ path: `bands.${at}.upTo`, message: 'only the last band may be open' }] : [];
    const rises = before === undefined || (before !== null && upTo > before);
    return rises ? [] : [{ path: `bands.${at}.upTo`, message: 'must be more than that of the band before' }];
  });
}

function levelProblems({ bands, mode }: ApprovalPolicy, org: Org): Problem[] {
  if (mode === 'form') return [];
  return bands.flatMap(({ levels }, band) =>
    levels.flatMap(({ who }, level): Problem[] => {
      const path = `bands.${band}.levels.${level}.who`;
      switch (who.by) {
        case 'line':
          return [...org.members.keys()].some((id) => isActive(org, id) && lineAbove(org, id).length >= who.step)
            ? []
            : [{ path, message: `no member has ${who.step === 1 ? 'a leader' : `${who.step} leaders`} above them` }];
        case 'role':
          return ofRole(org, [who.role], '').length > 0
            ? []
            : [{ path, message: `nobody who works here has the role ${who.role}` }];
        case 'members':
          return memberProblems(`${path}.ids`, who.ids, org);
        default:
          return who satisfies never;
      }
    }),
  );
}

function memberProblems(path: string, ids: string[], org: Org): Problem[] {
  return ids.flatMap((id, at) =>
    isActive(org, id)
      ? []
      : [{ path: `${path}.${at}`, message: `${org.members.get(id)?.name ?? 'this member'} does not work here` }],
  );
}
