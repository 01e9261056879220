import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calledName, type CustomerKind } from '#server/customer/customer.ts';
import { candidateOf, rankCandidates, type Evidence, type PossibleCustomer } from '#server/binding/rank-candidates.ts';

const customer = (name: string, more: Partial<PossibleCustomer> = {}): PossibleCustomer => ({
  id: name,
  name,
  kind: 'organisation',
  nameCore: calledName((more.kind ?? 'organisation') as CustomerKind, name),
  phoneHash: null,
  owner: null,
  samePerson: [],
  ...more,
});
const evidence = (more: Partial<Evidence['follows'][number]> = {}, corpNames: string[] = []): Evidence => ({
  corpNames,
  follows: [{ memberId: 'lilei', remark: null, phoneHashes: [], ...more }],
});
const rulesOf = (known: Evidence, of: PossibleCustomer) =>
  candidateOf(known, of).reasons.map(({ rule, points }) => [rule, points]);

describe('a customer is proposed because', () => {
  test('the same person is bound to it on another messenger', () => {
    const of = customer('云帆科技有限公司', { samePerson: ['王芳'] });
    expect(candidateOf(evidence(), of)).toMatchObject({
      points: 60,
      reasons: [{ rule: 'union_key', name: '王芳' }],
    });
  });

  test('its phone stands in a remark', () => {
    expect(rulesOf(evidence({ phoneHashes: ['x', 'p'] }), customer('云帆', { phoneHash: 'p' }))).toEqual([
      ['phone', 50],
    ]);
    expect(rulesOf(evidence({ phoneHashes: ['x'] }), customer('云帆', { phoneHash: 'p' }))).toEqual([]);
  });

  test.each([
    ['上海云帆科技有限责任公司', '上海云帆科技有限公司', [['corp_name', 35]]],
    ['云帆科技', '上海云帆科技股份有限公司', [['corp_name_alike', 25]]],
    ['云帆科技上海分公司', '云帆科技有限公司', [['corp_name_alike', 15]]],
    ['云帆软件技术', '云帆软件科技', []],
    ['远航', '云帆科技有限公司', []],
    ['科技', '云帆科技有限公司', []],
  ])('the contact’s company %s is like %s: %s', (corpName, name, rules) => {
    expect(rulesOf(evidence({}, [corpName]), customer(name))).toEqual(rules);
  });

  test('a remark has its name in it', () => {
    const of = customer('上海云帆科技有限公司');
    expect(candidateOf(evidence({ remark: '云帆科技-王总' }), of)).toMatchObject({
      points: 20,
      reasons: [{ rule: 'remark', name: '云帆科技' }],
    });
    expect(rulesOf(evidence({ remark: '王芳 老客户' }), customer('王芳', { kind: 'person' }))).toEqual([
      ['remark', 20],
    ]);
  });

  test('and its owner follows the contact too, which alone proposes nothing', () => {
    const of = customer('云帆科技', { owner: { id: 'lilei', name: '李雷' } });
    expect(rankCandidates(evidence(), [of])).toEqual([]);
    expect(rulesOf(evidence({ remark: '云帆科技王总' }), of)).toEqual([
      ['remark', 20],
      ['same_follower', 10],
    ]);
  });
});

test('a company is not proposed twice for two names of one company', () => {
  expect(rulesOf(evidence({}, ['云帆', '云帆科技有限公司']), customer('云帆科技有限公司'))).toEqual([
    ['corp_name', 35],
  ]);
});

describe('whatever is known', () => {
  const word = fc.constantFrom('云帆科技', '上海云帆科技有限公司', '远航物流', '王芳', '宏图电子', '');
  const hash = fc.constantFrom('p1', 'p2', 'p3');
  const member = fc.constantFrom('lilei', 'hanmei', 'jim');
  const known = fc.record({
    corpNames: fc.array(word, { maxLength: 2 }),
    follows: fc.array(
      fc.record({ memberId: member, remark: fc.option(word), phoneHashes: fc.array(hash, { maxLength: 2 }) }),
      { maxLength: 3 },
    ),
  });
  const possible = fc.uniqueArray(
    fc.record({
      id: fc.uuid(),
      name: word.filter((name) => name !== ''),
      kind: fc.constantFrom('organisation', 'person'),
      phoneHash: fc.option(hash),
      owner: fc.option(member.map((id) => ({ id, name: id }))),
      samePerson: fc.array(fc.constant('王芳'), { maxLength: 1 }),
    }),
    { selector: ({ id }) => id, maxLength: 8 },
  );
  const customers = possible.map((all) =>
    all.map((each) => ({ ...each, nameCore: calledName(each.kind as CustomerKind, each.name) })),
  );

  test('the points of the reasons add up to the candidate’s, and each rule speaks once', () => {
    fc.assert(
      fc.property(known, customers, (evidence, all) => {
        for (const { points, reasons } of rankCandidates(evidence, all)) {
          expect(reasons.reduce((sum, reason) => sum + reason.points, 0)).toBe(points);
          expect(new Set(reasons.map(({ rule }) => rule)).size).toBe(reasons.length);
          expect(reasons.every((reason) => reason.points > 0 && reason.name !== '')).toBe(true);
        }
      }),
    );
  });

  test('the order is best first and does not depend on the order of the records', () => {
    fc.assert(
      fc.property(known, customers, (evidence, all) => {
        const ranked = rankCandidates(evidence, all);
        const points = ranked.map((candidate) => candidate.points);
        expect(points).toEqual(points.toSorted((a, b) => b - a));
        expect(rankCandidates(evidence, all.toReversed())).toEqual(ranked);
      }),
    );
  });

  test('knowing more never speaks against a customer', () => {
    fc.assert(
      fc.property(known, known, customers, (some, more, all) => {
        const both = { corpNames: [...some.corpNames, ...more.corpNames], follows: [...some.follows, ...more.follows] };
        for (const each of all) {
          expect(candidateOf(both, each).points).toBeGreaterThanOrEqual(candidateOf(some, each).points);
        }
      }),
    );
  });
});
