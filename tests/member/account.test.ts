import { describe, expect, test } from 'vitest';
import { makeFieldCipher } from '#server/base/field-cipher.ts';
import {
  hashesOf,
  higherRole,
  leads,
  matchAccounts,
  roleOfBoth,
  statusOf,
  type Account,
  type Candidate,
} from '#server/member/account.ts';

const cipher = makeFieldCipher('a secret of at least 32 characters for tests');

test('two ways to write a mobile or an email are one, and the hash tells neither', () => {
  const one = hashesOf(cipher, { mobile: '+86 138-0013-8000', email: ' Li.Lei@Example.com' });
  const other = hashesOf(cipher, { mobile: '13800138000', email: 'li.lei@example.com' });
  expect(one).toEqual(other);
  expect(JSON.stringify(one)).not.toMatch(/138|lei/i);
  expect(hashesOf(cipher, { mobile: '', email: 'nobody' })).toEqual({ phoneHash: null, emailHash: null });
});

describe('an account belongs to a member', () => {
  const account = (of: string, phoneHash: string | null, emailHash: string | null = null) => ({
    of,
    phoneHash,
    emailHash,
  });
  const member = (memberId: string, phoneHash: string | null, emailHash: string | null = null): Candidate => ({
    memberId,
    role: 'rep',
    phoneHash,
    emailHash,
  });
  const matched = (...given: Parameters<typeof matchAccounts<string>>) => Object.fromEntries(matchAccounts(...given));

  test('by mobile, else by email', () => {
    expect(
      matched(
        [account('a', 'p1', 'e9'), account('b', null, 'e2')],
        [member('m1', 'p1', 'e1'), member('m2', 'p2', 'e2')],
      ),
    ).toEqual({ a: { memberId: 'm1', by: 'mobile' }, b: { memberId: 'm2', by: 'email' } });
  });

  test('only where there is one of each', () => {
    expect(matched([account('a', 'p1')], [member('m1', 'p1'), member('m2', 'p1')])).toEqual({});
    expect(matched([account('a', 'p1'), account('b', 'p1')], [member('m1', 'p1')])).toEqual({});
    expect(matched([account('a', null)], [member('m1', null)])).toEqual({});
  });

  test('whose mobile is that of several is not told by email either, and no member gets two', () => {
    expect(matched([account('a', 'p1', 'e1')], [member('m1', 'p1', 'e1'), member('m2', 'p1', 'e2')])).toEqual({});
    expect(matched([account('a', 'p1'), account('b', 'p2', 'e1')], [member('m1', 'p1', 'e1')])).toEqual({
      a: { memberId: 'm1', by: 'mobile' },
    });
  });

  test('who is admin is never told by an email', () => {
    expect(matched([account('a', null, 'e1')], [{ ...member('m1', null, 'e1'), role: 'admin' }])).toEqual({});
    expect(matched([account('a', 'p1')], [{ ...member('m1', 'p1'), role: 'admin' }])).toMatchObject({ a: {} });
  });
});

test('a member has left with the last account, or with the one that has the contacts', () => {
  const [here, gone] = [
    { isActive: true, hasContacts: false },
    { isActive: false, hasContacts: false },
  ];
  expect(statusOf([here, gone])).toBe('active');
  expect(statusOf([gone, gone])).toBe('left');
  expect(statusOf([here, { ...gone, hasContacts: true }])).toBe('left');
  expect(statusOf([{ ...here, hasContacts: true }, gone])).toBe('active');
});

test('the account a member came from says the name, until it is gone', () => {
  const of = (joinedBy: Account['joinedBy'], leftAt: Date | null = null): Account => ({
    platform: joinedBy,
    key: joinedBy,
    memberId: 'm',
    name: '',
    phoneHash: null,
    emailHash: null,
    joinedBy,
    cameFrom: null,
    syncedAt: new Date(),
    leftAt,
  });
  expect(leads(of('own'), [of('mobile')])).toBe(true);
  expect(leads(of('mobile'), [of('own')])).toBe(false);
  expect(leads(of('mobile'), [of('own', new Date())])).toBe(true);
});

test('of two roles the higher one counts, unless an admin gave the other', () => {
  expect(higherRole('rep', 'manager')).toBe('manager');
  expect(higherRole('director', 'marketing')).toBe('director');
  expect(roleOfBoth({ role: 'rep', isGiven: true }, { role: 'director', isGiven: false })).toBe('rep');
  expect(roleOfBoth({ role: 'rep', isGiven: false }, { role: 'director', isGiven: false })).toBe('director');
  expect(roleOfBoth({ role: 'director', isGiven: false }, { role: 'rep', isGiven: true })).toBe('rep');
});
