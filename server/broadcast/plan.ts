import { exclusionReasons, type ExclusionReason, type VariantKey } from './broadcast-api.ts';
import type { Broadcast } from './broadcast.ts';
import type { Caps, Span } from './caps.ts';

/** All that decides about one contact, beside what is known of them. */
export interface PlanRules {
  broadcast: Pick<Broadcast, 'id' | 'platform' | 'audience'>;
  /** Cumulative, in percent: A 50, B 100. */
  variants: { key: VariantKey; upTo: number }[];
  span: Span;
  caps: Caps;
  /** It would leave in quiet hours. */
  isQuiet: boolean;
  /** Of one call. */
  contactsMax: number;
  /** Its days are kept free from here on. */
  isFreeze: boolean;
}

/** Reasons that come of looking at everybody at once, before anybody is looked at alone. */
export const beforehand = ['duplicate_person', 'person_opted_out'] satisfies ExclusionReason[];

/** Of all reasons that hold, the one in the first place is given. */
export const placeOf = (reason: ExclusionReason): number => exclusionReasons.indexOf(reason);
