import { findAddresses } from './addresses.ts';
import { findBankCards } from './bank-cards.ts';
import type { PersonalData } from './finding.ts';
import { findIdentityPapers } from './identity-papers.ts';
import { findOnlineNames } from './online-names.ts';
import { findPersonNames, type KnownNames } from './person-names.ts';
import { findPhoneNumbers } from './phone-numbers.ts';
import { readPlain } from './plain-text.ts';
import { findPlates } from './plates.ts';

/** From left to right; what overlapped is one. */
export function findPersonalData(text: string, names: KnownNames): PersonalData[] {
  const read = readPlain(text);
  return merged([
    ...findIdentityPapers(read),
    ...findBankCards(read),
    ...findPhoneNumbers(read),
    ...findOnlineNames(read),
    ...findPlates(read),
    ...findAddresses(read),
    ...findPersonNames(read, names),
  ]);
}

/** Half a hidden number is no hidden number. Of two at one place the longer, then the earlier of the list, says what it is. */
function merged(found: PersonalData[]): PersonalData[] {
  const result: PersonalData[] = [];
  for (const one of found.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (!last || one.start >= last.end) result.push(one);
    else if (one.end > last.end) {
      const widest = one.end - one.start > last.end - last.start ? one : last;
      result[result.length - 1] = { ...widest, start: last.start, end: one.end, value: `${last.value} ${one.value}` };
    }
  }
  return result;
}
