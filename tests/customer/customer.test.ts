import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Caller } from '#server/base/caller.ts';
import { customerStages } from '#server/customer/customer-api.ts';
import { checkCodes, checkNewOwner, checkStageMove, nameCore, nameKey, sameAs } from '#server/customer/customer.ts';

describe('two ways of writing one company are one company', () => {
  test.each([
    ['上海云帆科技有限公司', '上海云帆科技有限责任公司'],
    ['上海云帆科技有限公司', '上海云帆科技'],
    ['华为（上海）有限公司', '华为(上海)有限公司'],
    ['华为（上海）有限公司', ' 华为 ( 上海 ) 有限公司 '],
    ['ＡＢＣ电子有限公司', 'abc 电子有限公司'],
    ['Acme Trading Co., Ltd.', 'ACME TRADING CO LTD'],
    ['Acme Trading Company Limited', 'Acme Trading Ltd'],
    ['北京·中科院', '北京中科院'],
  ])('%s = %s', (one, other) => {
    expect(nameKey(one)).toBe(nameKey(other));
  });

  test.each([
    ['云帆科技有限公司', '云帆科技股份有限公司'],
    ['华为（上海）有限公司', '华为有限公司'],
    ['华为（上海）有限公司', '华为（北京）有限公司'],
    ['云帆科技集团有限公司', '云帆科技有限公司'],
    ['云帆科技有限公司上海分公司', '云帆科技有限公司'],
    ['Acme Inc', 'Acme Ltd'],
  ])('%s ≠ %s', (one, other) => {
    expect(nameKey(one)).not.toBe(nameKey(other));
  });

  test('a name that is nothing but its legal form still has a key', () => {
    expect(nameKey('有限公司')).toBe('有限公司');
  });

  test('spaces and width never make another company', () => {
    const character = fc.constantFrom(...'云帆科技有限责任公司股份集团上海北京(（ABCａｂ12 ');
    fc.assert(
      fc.property(fc.string({ unit: character, minLength: 1, maxLength: 20 }), (name) => {
        const spaced = [...name].join(' ');
        expect(nameKey(spaced)).toBe(nameKey(name));
        expect(nameKey(name.normalize('NFKC'))).toBe(nameKey(name));
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['上海云帆科技集团股份有限公司', '云帆科技'],
  ['浙江省杭州市云帆科技有限公司', '云帆科技'],
  ['杭州云帆科技有限公司', '云帆科技'],
  ['华为（上海）有限公司', '华为'],
  ['三一重工(中国)有限公司', '三一重工'],
  ['上海机电', '机电'],
  ['上海', '上海'],
])('people call %s %s', (name, core) => {
  expect(nameCore(name)).toBe(core);
});

test('an organisation is known by its name, a person by the phone or not at all', () => {
  expect(sameAs('organisation', '云帆科技有限公司', null)).toBe('org:云帆科技');
  expect(sameAs('person', '王芳', 'hash')).toBe('person:hash');
  expect(sameAs('person', '王芳', null)).toBeNull();
});

test('a deal is won only after it was qualified, and nothing becomes new again', () => {
  expect(() => checkStageMove('new', 'won')).toThrow(expect.objectContaining({ code: 'customer.stage', status: 422 }));
  for (const stage of customerStages.filter((each) => each !== 'new'))
    expect(() => checkStageMove(stage, 'new')).toThrow();
  expect(() => checkStageMove('quoted', 'won')).not.toThrow();
  expect(() => checkStageMove('lost', 'contacted')).not.toThrow();
  for (const stage of customerStages) expect(() => checkStageMove(stage, stage)).not.toThrow();
});

test('codes of no place and no industry are refused', () => {
  expect(() => checkCodes({ regionCode: '330106', industryCode: 'I6511' })).not.toThrow();
  expect(() => checkCodes({ regionCode: null, industryCode: undefined })).not.toThrow();
  expect(() => checkCodes({ regionCode: '999999' })).toThrow(expect.objectContaining({ code: 'customer.region' }));
  expect(() => checkCodes({ industryCode: 'I97' })).toThrow(expect.objectContaining({ code: 'customer.industry' }));
});

describe('the owner of a customer is changed', () => {
  const me = 'me';
  const caller = (role: Caller['role'], memberIds = [me, 'colleague']): Caller => ({
    memberId: me,
    name: '我',
    role,
    platform: 'wecom',
    scope: { all: false, memberIds },
  });

  test('by a manager, a director or the owner, to a member they can see', () => {
    expect(() => checkNewOwner(caller('manager'), 'colleague', me)).not.toThrow();
    expect(() => checkNewOwner(caller('director'), null, 'colleague')).not.toThrow();
    expect(() => checkNewOwner(caller('rep'), me, 'colleague')).not.toThrow();
  });

  test('by no rep who does not own it, and to nobody outside the scope', () => {
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => checkNewOwner(caller('rep'), 'colleague', me)).toThrow(refused('customer.owner'));
    expect(() => checkNewOwner(caller('marketing'), 'colleague', me)).toThrow(refused('customer.owner'));
    expect(() => checkNewOwner(caller('manager'), me, 'stranger')).toThrow(refused('customer.owner_outside'));
    expect(() => checkNewOwner(caller('rep', [me]), me, 'colleague')).toThrow(refused('customer.owner_outside'));
    expect(() => checkNewOwner(caller('rep', [me]), me, null)).toThrow(refused('customer.owner'));
  });
});
