import { isPartSaid, partNamed, partOfYear, partsIn } from './part-of-year.ts';
import { deciding, isKnownPerson, isName, namedPerson, titledPerson } from './person-name.ts';
import { isClaimed, provenNumbers } from './proven-number.ts';
import { quantitiesIn, type Quantity } from './quantity.ts';
import { meansTime, saysTime, timePhrase, weekdayWord } from './time-phrase.ts';

/** A message a statement cites. */
export interface Said {
  text: string;
  at: Date;
}

export interface Proof {
  isProven: boolean;
  /** What no message says letter by letter and code worked out from what they say, as it stands in the text. */
  computed: string[];
}

/**
 * Whether every number, date, amount, share, phone and name in `text` is in what was said, in whatever form: 二十万 and
 * 200,000, 周五 and 3月6日. What can be worked out from what was said (a resolved day, a sum, a product) is told apart.
 * `names` are those the record knows. A suggestion may name a day nobody spoke of (今天答复), as long as it has no number.
 */
export function proveFacts(
  text: string,
  said: readonly Said[],
  { names = [], isSuggestion = false }: { names?: readonly string[]; isSuggestion?: boolean } = {},
): Proof {
  const sources = said.map(({ text: from, at }) => ({ text: from.normalize('NFKC'), at }));
  const all = sources.map((source) => source.text).join('\n');
  const claims = claimsIn(text.normalize('NFKC'));
  const computed: string[] = [];
  const isProven =
    claims.times.every((phrase) => {
      if (isSuggestion && !/[\d一二三四五六七八九十]/.test(phrase.replace(weekdayWord, ''))) return true;
      if (sources.some((source) => saysTime(source.text, phrase))) return true;
      if (!sources.some((source) => meansTime(source, phrase))) return false;
      computed.push(phrase);
      return true;
    }) &&
    claims.parts.every((part) => isPartSaid(part, partsIn(all), computed)) &&
    claims.phones.every((phone) => digitsOf(all).some((run) => run.includes(phone))) &&
    claims.words.every(
      (word) => squeezed(all).includes(squeezed(word)) || names.some((name) => squeezed(name).includes(squeezed(word))),
    ) &&
    claims.persons.every((person) => isKnownPerson(person, all, names)) &&
    provenNumbers(claims.numbers, all, computed);
  return { isProven, computed: isProven ? [...new Set(computed)] : [] };
}

interface Claims {
  times: string[];
  /** Quarters and halves of a year. */
  parts: string[];
  phones: string[];
  /** Names of products, companies and works: whatever must be said as it is. */
  words: string[];
  persons: string[];
  numbers: Quantity[];
}

/** Each kind is taken out of the text before the next is looked for: the 3 of 3月 is no number of its own. */
function claimsIn(text: string): Claims {
  let rest = text;
  const take = (pattern: RegExp, isClaim: (found: string) => boolean = () => true): string[] => {
    const found: string[] = [];
    rest = rest.replace(pattern, (match: string) => {
      if (!isClaim(match)) return match;
      found.push(match.trim());
      return ' '.repeat(match.length);
    });
    return found;
  };
  const works = take(/[《「“"]([^》」”"]{1,40})[》」”"]/g).map((found) => found.slice(1, -1));
  const parts = take(partOfYear, (found) => partNamed(found) !== null);
  const times = take(timePhrase);
  const phones = take(/(?<![\d.,¥$])\+?\d(?:[ -]?\d){6,}(?![\d.]|\s?[元块万美])/g, (found) => !/\d,\d/.test(found)).map(
    (found) => found.replace(/\D/g, ''),
  );
  const words = take(
    /[A-Za-z][A-Za-z0-9+.#_-]*[A-Za-z0-9+#]|\d+[A-Za-z][A-Za-z0-9-]*/g,
    (found) => !/^\d+[kw]$/i.test(found),
  );
  const persons = [...take(titledPerson), ...take(namedPerson, isName), ...take(deciding, isName)];
  const firms = take(/[一-龥]{2}(?:有限公司|集团|股份)/g);
  return {
    times,
    parts,
    phones,
    words: [...works, ...words, ...firms],
    persons,
    numbers: quantitiesIn(rest).filter(isClaimed),
  };
}

const digitsOf = (text: string) => text.replace(/(?<=\d)[ -](?=\d)/g, '').match(/\d{7,}/g) ?? [];
const squeezed = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}]+/gu, '');
