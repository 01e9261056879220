import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApprovalPolicy } from '#server/approval/policy-api.ts';
import { after, type Approval } from '#server/approval/approval.ts';
import { open } from '#server/approval/approval-opening.ts';
import { openSeats } from '#server/approval/seat.ts';
import { attend } from '#server/approval/attend.ts';
import { makeOrg, type Org, type OrgMember } from '#server/approval/org.ts';
import { builtInPolicy, checkPolicy, resolve } from '#server/approval/policy.ts';
import { roles } from '#server/base/caller.ts';
import { Refusal } from '#server/base/refusal.ts';

const now = new Date('2026-03-01T02:00:00.000Z');

interface Drawn {
  people: {
    role: OrgMember['role'];
    isActive: boolean;
    department: string | null;
    isLeader: boolean;
    actsFor: string;
  }[];
  /** Of each department the one above; anything may be drawn, circles as well. */
  parents: (string | null)[];
}

const departments = ['d0', 'd1', 'd2', 'd3'];
const people = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6'];
const drawn: fc.Arbitrary<Drawn> = fc.record({
  people: fc.tuple(
    ...people.map(() =>
      fc.record({
        role: fc.constantFrom(...roles),
        isActive: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
        department: fc.constantFrom(null, ...departments),
        isLeader: fc.boolean(),
        actsFor: fc.constantFrom('', '', ...people),
      }),
    ),
  ),
  parents: fc.tuple(...departments.map(() => fc.constantFrom(null, ...departments))),
});

function orgOf({ people: drawnPeople, parents }: Drawn): Org {
  return makeOrg({
    members: drawnPeople.map(({ role, isActive }, at) => ({ id: `p${at}`, name: `成员${at}`, role, isActive })),
    departments: parents.map((parentId, at) => ({ id: `d${at}`, parentId })),
    places: drawnPeople.flatMap(({ department, isLeader }, at) =>
      department === null ? [] : [{ memberId: `p${at}`, departmentId: department, isLeader }],
    ),
    delegates: drawnPeople.flatMap(({ actsFor }, at) =>
      actsFor === '' || actsFor === `p${at}` ? [] : [{ memberId: actsFor, toMemberId: `p${at}` }],
    ),
  });
}

const somebody = fc.constantFrom(...people);
const policies: fc.Arbitrary<ApprovalPolicy> = fc.record({
  mode: fc.constant('own' as const),
  form: fc.constant(null),
  bands: fc.array(
    fc.record({
      upTo: fc.constantFrom(null, 5, 10, 20),
      risk: fc.constantFrom('low' as const, 'high' as const),
      levels: fc.array(
        fc.record({
          who: fc.oneof(
            fc.record({ by: fc.constant('line' as const), step: fc.integer({ min: 1, max: 3 }) }),
            fc.record({ by: fc.constant('role' as const), role: fc.constantFrom(...roles) }),
            fc.record({
              by: fc.constant('members' as const),
              ids: fc.uniqueArray(somebody, { minLength: 1, maxLength: 3 }),
            }),
          ),
          of: fc.constantFrom('any' as const, 'all' as const),
          escalateAfterMinutes: fc.constantFrom(null, 60),
        }),
        { maxLength: 3 },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  fallback: fc.uniqueArray(somebody, { maxLength: 2 }),
  copies: fc.constant([]),
  expireAfterHours: fc.constantFrom(null, 24),
});

function opened(policy: ApprovalPolicy, requesterId: string, measure: number, org: Org): Approval | string {
  try {
    const resolved = resolve(policy, { requesterId, measure }, org, now);
    return open(
      {
        ...resolved,
        id: 'a',
        kind: 'discount',
        requesterId,
        customerId: null,
        contactId: null,
        subject: null,
        title: '折扣',
        reason: '本周可签',
        content: {},
        measure,
        amountFen: null,
        names: new Map(),
      },
      now,
    ).approval;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

function holds<Drawn>(property: fc.IProperty<Drawn>): string {
  const report = fc.check(property, { numRuns: 3000 });
  return report.failed ? (fc.defaultReportMessage(report) ?? 'fails') : 'holds';
}

describe('whatever the company and the policy are', () => {
  test('a request is asked of somebody who works here and is not the requester, or it is refused', () => {
    const property = fc.property(
      drawn,
      policies,
      somebody,
      fc.constantFrom(0, 7, 15, 30),
      (company, policy, requester, measure) => {
        const org = orgOf(company);
        const approval = opened(policy, requester, measure, org);
        if (typeof approval === 'string') return ['approval.no_approver', 'approval.beyond_bounds'].includes(approval);
        const ids = approval.seats.map(({ memberId }) => memberId);
        const isAsked = approval.state === 'approved' ? ids.length === 0 : openSeats(approval).length > 0;
        return isAsked && ids.every((id) => id !== requester && org.members.get(id)?.isActive);
      },
    );
    expect(holds(property)).toBe('holds');
  });

  test('nobody is refused for want of an approver while another admin or director works here', () => {
    const property = fc.property(drawn, policies, somebody, (company, policy, requester) => {
      const org = orgOf(company);
      const others = [...org.members.values()].filter(({ id, isActive }) => isActive && id !== requester);
      const hasOne = others.some(({ role }) => role === 'admin' || role === 'director');
      return !hasOne || opened(policy, requester, 3, org) !== 'approval.no_approver';
    });
    expect(holds(property)).toBe('holds');
  });

  test('by the clock nobody is asked twice, nor the requester, nor anybody who left; and it comes to rest', () => {
    const property = fc.property(drawn, policies, somebody, drawn, (company, policy, requester, later) => {
      const approval = opened({ ...policy, expireAfterHours: null }, requester, 3, orgOf(company));
      if (typeof approval === 'string') return true;
      const org = orgOf(later);
      let current = approval;
      let at = now.getTime();
      for (let round = 0; round < 12; round += 1) {
        at += 61 * 60_000;
        const before = current;
        current = after(current, attend(current, policy, org, new Date(at)));
        const asked = openSeats(current).filter(
          (seat) => !openSeats(before).some((one) => one.memberId === seat.memberId),
        );
        if (asked.some(({ memberId }) => memberId === requester || !org.members.get(memberId)?.isActive)) return false;
      }
      return attend(current, policy, org, new Date(at + 61 * 60_000)).seats.length === 0;
    });
    expect(holds(property)).toBe('holds');
  });
});

describe('a policy that cannot work is refused when it is saved', () => {
  const org = makeOrg({
    members: [
      { id: 'rep', name: '小周', role: 'rep', isActive: true },
      { id: 'leader', name: '李经理', role: 'manager', isActive: true },
      { id: 'gone', name: '老王', role: 'director', isActive: false },
    ],
    departments: [{ id: 'sales', parentId: null }],
    places: [
      { memberId: 'rep', departmentId: 'sales', isLeader: false },
      { memberId: 'leader', departmentId: 'sales', isLeader: true },
    ],
    delegates: [],
  });
  const level = (who: ApprovalPolicy['bands'][number]['levels'][number]['who']) => ({
    who,
    of: 'any' as const,
    escalateAfterMinutes: null,
  });
  const withBands = (...bands: ApprovalPolicy['bands']): ApprovalPolicy => ({ ...builtInPolicy('discount'), bands });
  const low = { risk: 'low' as const, levels: [] };

  test.each<[string, ApprovalPolicy, string]>([
    [
      'a role nobody has any more',
      withBands({ ...low, upTo: 10 }, { upTo: null, risk: 'high', levels: [level({ by: 'role', role: 'director' })] }),
      'bands.1.levels.0.who: nobody who works here has the role director',
    ],
    [
      'a line nobody leads that far up',
      withBands({ upTo: null, risk: 'low', levels: [level({ by: 'line', step: 2 })] }),
      'bands.0.levels.0.who: no member has 2 leaders above them',
    ],
    [
      'somebody who left',
      withBands({ upTo: null, risk: 'low', levels: [level({ by: 'members', ids: ['leader', 'gone'] })] }),
      'bands.0.levels.0.who.ids.1: 老王 does not work here',
    ],
    [
      'bands that do not rise',
      withBands({ ...low, upTo: 10 }, { ...low, upTo: 10 }),
      'bands.1.upTo: must be more than that of the band before',
    ],
    [
      'bands behind an open one',
      withBands({ ...low, upTo: null }, { ...low, upTo: 10 }),
      'bands.0.upTo: only the last band may be open',
    ],
    [
      'a fallback who left',
      { ...withBands({ ...low, upTo: null }), fallback: ['gone'] },
      'fallback.0: 老王 does not work here',
    ],
    [
      'a form without a template',
      { ...withBands({ ...low, upTo: null }), mode: 'form' },
      'form: name the template that decides, or let Zhike decide',
    ],
  ])('%s', (_, policy, said) => {
    expect(() => checkPolicy(policy, org)).toThrow(expect.objectContaining({ code: 'approval.policy', status: 422 }));
    expect(() => checkPolicy(policy, org)).toThrow(said);
  });

  test('what names people who are there is not', () => {
    const policy = withBands({ ...low, upTo: 10 }, { upTo: 20, risk: 'low', levels: [level({ by: 'line', step: 1 })] });
    expect(() => checkPolicy({ ...policy, fallback: ['leader'] }, org)).not.toThrow();
  });
});

describe('who is asked', () => {
  const member = (id: string, role: OrgMember['role'] = 'rep', isActive = true): OrgMember => ({
    id,
    name: id,
    role,
    isActive,
  });
  const company = (given: { delegates?: { memberId: string; toMemberId: string }[]; gone?: string[] } = {}) =>
    makeOrg({
      members: [
        member('rep'),
        member('leader', 'manager'),
        member('head', 'director'),
        member('other head', 'director'),
        member('admin', 'admin'),
      ].map((one) => ({ ...one, isActive: !given.gone?.includes(one.id) })),
      departments: [
        { id: 'company', parentId: null },
        { id: 'east', parentId: 'company' },
        { id: 'sales', parentId: 'east' },
        { id: 'west', parentId: 'company' },
      ],
      places: [
        { memberId: 'rep', departmentId: 'sales', isLeader: false },
        { memberId: 'leader', departmentId: 'sales', isLeader: true },
        { memberId: 'head', departmentId: 'east', isLeader: true },
        { memberId: 'other head', departmentId: 'west', isLeader: true },
      ],
      delegates: given.delegates ?? [],
    });
  const askedFor = (requesterId: string, measure: number, org: Org) => {
    const { byRule, risk, levels } = resolve(builtInPolicy('discount'), { requesterId, measure }, org, now);
    return {
      byRule,
      risk,
      levels: levels.map(({ seats }) => seats.map(({ memberId, because }) => `${memberId} (${because})`).join(', ')),
    };
  };

  test.each<[string, string, number, Org, ReturnType<typeof askedFor>]>([
    ['10 % is within the rule', 'rep', 10, company(), { byRule: true, risk: 'low', levels: [] }],
    [
      '15 % is the line leader’s, low risk',
      'rep',
      15,
      company(),
      { byRule: false, risk: 'low', levels: ['leader (policy)'] },
    ],
    [
      '20 % is no longer low risk',
      'rep',
      20,
      company(),
      { byRule: false, risk: 'medium', levels: ['leader (policy)'] },
    ],
    [
      'beyond, the director of the own line as well',
      'rep',
      25,
      company(),
      { byRule: false, risk: 'high', levels: ['leader (policy)', 'head (policy)'] },
    ],
    [
      'a leader’s own request goes one up',
      'leader',
      15,
      company(),
      { byRule: false, risk: 'low', levels: ['head (policy)'] },
    ],
    [
      'where the leader left, the next one up; and whoever would sit alone twice in a row is asked once',
      'rep',
      25,
      company({ gone: ['leader'] }),
      { byRule: false, risk: 'high', levels: ['head (policy)'] },
    ],
    [
      'at the top, other directors and admins',
      'head',
      15,
      company(),
      { byRule: false, risk: 'low', levels: ['other head (fallback), admin (fallback)'] },
    ],
    [
      'an absent leader’s stand-in',
      'rep',
      15,
      company({ delegates: [{ memberId: 'leader', toMemberId: 'other head' }] }),
      { byRule: false, risk: 'low', levels: ['other head (delegate)'] },
    ],
    [
      'never the requester as stand-in',
      'rep',
      15,
      company({ delegates: [{ memberId: 'leader', toMemberId: 'rep' }] }),
      { byRule: false, risk: 'low', levels: ['leader (policy)'] },
    ],
  ])('%s', (_, requester, measure, org, expected) => {
    expect(askedFor(requester, measure, org)).toEqual(expected);
  });

  test('where nobody else works here, it is said at once', () => {
    const alone = company({ gone: ['leader', 'head', 'other head', 'admin'] });
    expect(() => askedFor('rep', 15, alone)).toThrow(expect.objectContaining({ code: 'approval.no_approver' }));
  });

  test.each([
    ['no number', Number.NaN, 'approval.measure'],
    ['endless', Number.POSITIVE_INFINITY, 'approval.measure'],
    ['negative', -1, 'approval.measure'],
    ['more than anybody may approve', 31, 'approval.beyond_bounds'],
  ])('a measure that is %s is refused with its field', (_, measure, code) => {
    const policy = { ...builtInPolicy('discount'), bands: [{ upTo: 30, risk: 'low' as const, levels: [] }] };
    expect(() => resolve(policy, { requesterId: 'rep', measure }, company(), now)).toThrow(
      expect.objectContaining({ code, status: 400, detail: expect.objectContaining({ field: 'measure' }) }),
    );
  });
});
