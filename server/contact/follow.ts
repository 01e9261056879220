/** pending: the contact added the member, who has not confirmed yet. */
const followStates = ['pending', 'active', 'removed_by_contact', 'removed_by_member', 'transferred'] as const;
export type FollowState = (typeof followStates)[number];
/** While they stand so, the contact is one of the member's. */
export const followedStates: FollowState[] = ['pending', 'active', 'removed_by_contact'];
export type Consent = 'unknown' | 'agreed' | 'refused';

/** Where a member and a contact stand with each other. */
export interface Standing {
  state: FollowState;
  changedAt: Date;
  addedAt: Date | null;
  channel: string | null;
  channelAt: Date | null;
  archiveConsent: Consent;
  consentAt: Date | null;
}

/** What can be learnt about it. `at` is the platform's own time of it. */
export type Fact =
  | { kind: 'added'; at: Date; half: boolean; channel: string | null }
  | { kind: 'removed'; at: Date; by: 'member' | 'contact'; transferred: boolean }
  | { kind: 'consented'; at: Date; consent: Exclude<Consent, 'unknown'> }
  /** A profile shows the follow, added then. A contact who removed the member is shown still. */
  | { kind: 'shown'; at: Date | null; channel: string | null }
  /** At this moment the platform lists the follow, or no longer does. */
  | { kind: 'listed'; at: Date }
  | { kind: 'unlisted'; at: Date };

const LONG_AGO = new Date(0);

/**
 * Whatever order facts come in, and however often, they end in the same standing: of two claims on the state the later
 * counts, and of two in one second the one further down in `followStates`.
 */
export function learn(standing: Standing | null, fact: Fact): Standing {
  const before = standing ?? unheardOf();
  switch (fact.kind) {
    case 'added': {
      const claimed = claim(before, fact.half ? 'pending' : 'active', fact.at);
      return { ...claimed, ...channelOf(before, fact), addedAt: later(before.addedAt, fact.at) };
    }
    case 'removed':
      return claim(before, removedState(fact), fact.at);
    case 'consented': {
      const isNews = isAfter(fact.at, fact.consent, before.consentAt, before.archiveConsent);
      return isNews ? { ...before, archiveConsent: fact.consent, consentAt: fact.at } : before;
    }
    case 'shown': {
      const claimed = claim(before, 'active', fact.at ?? LONG_AGO);
      const channel = before.channelAt ? before.channel : (fact.channel ?? before.channel);
      return { ...claimed, channel, addedAt: later(before.addedAt, fact.at) };
    }
    case 'listed': {
      const isListedAnyway = before.state === 'active' || before.state === 'removed_by_contact';
      return isListedAnyway && standing ? before : claim(before, 'active', fact.at);
    }
    case 'unlisted':
      // Who has not confirmed yet is never listed.
      return standing?.state === 'active' ? claim(before, 'removed_by_member', fact.at) : before;
  }
}

export function isSameStanding(one: Standing, other: Standing): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

/** Any claim is later than this. */
function unheardOf(): Standing {
  return {
    state: 'active',
    changedAt: LONG_AGO,
    addedAt: null,
    channel: null,
    channelAt: null,
    archiveConsent: 'unknown',
    consentAt: null,
  };
}

function claim(before: Standing, state: FollowState, at: Date): Standing {
  const [rank, rankBefore] = [followStates.indexOf(state), followStates.indexOf(before.state)];
  const difference = at.getTime() - before.changedAt.getTime() || rank - rankBefore;
  return difference > 0 ? { ...before, state, changedAt: at } : before;
}

function removedState(fact: { by: 'member' | 'contact'; transferred: boolean }): FollowState {
  if (fact.transferred) return 'transferred';
  return fact.by === 'member' ? 'removed_by_member' : 'removed_by_contact';
}

function channelOf(before: Standing, added: { at: Date; channel: string | null }): Partial<Standing> {
  const isNews =
    added.channel !== null &&
    isAfter(added.at, added.channel, before.channelAt, before.channelAt ? before.channel : null);
  return isNews ? { channel: added.channel, channelAt: added.at } : {};
}

/** Of the same second, the text that sorts last. */
function isAfter(at: Date, value: string, atBefore: Date | null, valueBefore: string | null): boolean {
  if (!atBefore || valueBefore === null) return true;
  return at.getTime() - atBefore.getTime() > 0 || (at.getTime() === atBefore.getTime() && value > valueBefore);
}

function later(one: Date | null, other: Date | null): Date | null {
  if (!one || !other) return one ?? other;
  return one > other ? one : other;
}

function sorted(standing: Standing): unknown[] {
  const { state, changedAt, addedAt, channel, channelAt, archiveConsent, consentAt } = standing;
  return [state, changedAt, addedAt, channel, channelAt, archiveConsent, consentAt];
}
