import type { Role } from '#server/base/caller.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import { normalisePhone } from '#server/base/phone.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { MemberProfile } from '#server/platform/member.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { Member } from './member.ts';
import type { joinReasons } from './member-api.ts';

export type JoinReason = (typeof joinReasons)[number];

/** What a member is on one platform. */
export interface Account {
  platform: string;
  key: PlatformKey;
  memberId: string;
  name: string;
  phoneHash: string | null;
  emailHash: string | null;
  joinedBy: JoinReason;
  cameFrom: string | null;
  syncedAt: Date;
  /** Null while the platform knows it. */
  leftAt: Date | null;
}

export interface Hashes {
  phoneHash: string | null;
  emailHash: string | null;
}

/** What tells that accounts on two platforms are one member's, without keeping it. */
export function hashesOf(cipher: FieldCipher, { mobile, email }: Pick<MemberProfile, 'mobile' | 'email'>): Hashes {
  const [phone, address] = [normalisePhone(mobile ?? ''), (email ?? '').normalize('NFKC').trim().toLowerCase()];
  return {
    phoneHash: phone.length >= 7 ? cipher.hash(`member phone ${phone}`) : null,
    emailHash: address.includes('@') ? cipher.hash(`member email ${address}`) : null,
  };
}

/** A member an account may belong to. */
export interface Candidate extends Hashes {
  memberId: string;
  role: Role;
}

export interface Match {
  memberId: string;
  by: 'mobile' | 'email';
}

/**
 * Which accounts belong to which members: by mobile, else by email, and only where there is one of each. An email is what
 * its owner wrote, so it makes nobody an admin.
 */
export function matchAccounts<Key>(
  accounts: readonly (Hashes & { of: Key })[],
  candidates: readonly Candidate[],
): Map<Key, Match> {
  const matches = new Map<Key, Match>();
  const taken = new Set<string>();
  const phones = new Set(candidates.flatMap(({ phoneHash }) => phoneHash ?? []));
  for (const [by, hash] of [
    ['mobile', 'phoneHash'],
    ['email', 'emailHash'],
  ] as const) {
    const [here, there] = [Map.groupBy(accounts, (one) => one[hash]), Map.groupBy(candidates, (one) => one[hash])];
    for (const [value, [account, ...others]] of here) {
      const found = value === null ? [] : (there.get(value) ?? []);
      const [memberId, ...more] = new Set(found.map((candidate) => candidate.memberId));
      if (!account || others.length > 0 || more.length > 0 || memberId === undefined) continue;
      // Who shares a mobile with several is not told apart by an email either.
      const isOpen = by === 'mobile' || account.phoneHash === null || !phones.has(account.phoneHash);
      const isSafe = by === 'mobile' || found.every(({ role }) => role !== 'admin');
      if (matches.has(account.of) || taken.has(memberId) || !isOpen || !isSafe) continue;
      matches.set(account.of, { memberId, by });
      taken.add(memberId);
    }
  }
  return matches;
}

/**
 * The account whose name and picture are the member's: the one the member came from. Two platforms that spell somebody
 * differently must not rename them to and fro.
 */
export function leads(account: Account, others: readonly Account[]): boolean {
  const isFirst = ({ joinedBy }: Account) => joinedBy === 'own' || joinedBy === 'apart';
  return isFirst(account) || !others.some((other) => isFirst(other) && other.leftAt === null);
}

/**
 * A member has left when no account is left, or when the one with which they follow contacts is gone: whoever is only
 * still listed on another platform cannot answer these contacts, and they must be handed over. An account without contacts
 * that goes takes nothing but its own sessions with it.
 */
export function statusOf(accounts: readonly { isActive: boolean; hasContacts: boolean }[]): Member['status'] {
  if (accounts.some(({ isActive, hasContacts }) => !isActive && hasContacts)) return 'left';
  return accounts.some(({ isActive }) => isActive) ? 'active' : 'left';
}

const ranks: Record<Role, number> = { rep: 0, marketing: 1, manager: 2, director: 3, admin: 4 };

export function higherRole(one: Role, other: Role): Role {
  return ranks[other] > ranks[one] ? other : one;
}

/** Of two members who are one: what an admin said of either counts before what was guessed from a title. */
export function roleOfBoth(kept: { role: Role; isGiven: boolean }, gone: { role: Role; isGiven: boolean }): Role {
  if (kept.isGiven && !gone.isGiven) return kept.role;
  if (gone.isGiven && !kept.isGiven) return gone.role;
  return higherRole(kept.role, gone.role);
}

export const unknownAccount = () =>
  new Refusal('member.unknown_account', 'There is no such account. Reload the list.', 404);

export const hasAccount = () =>
  new Refusal(
    'member.has_account',
    'That member has an account on this platform already. Separate that one first, or choose another member.',
    409,
  );

export const isJoined = () =>
  new Refusal('member.joined_already', 'This account is joined to another member. Separate it first.', 409);

export const notJoined = () =>
  new Refusal('member.not_joined', 'This account was not joined to another: there is nothing to separate.', 409);
