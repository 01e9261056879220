import table from './industries.json' with { type: 'json' };

/** GB/T 4754-2017: the 20 sections and 97 divisions. Groups and classes are taken by the division they begin with. */
const names: Record<string, string> = table;
const codes = Object.keys(names);

export interface Industry {
  code: string;
  name: string;
}

/** A section (`I`), division (`I65`), group (`I651`) or class (`I6511`). */
export function isIndustry(code: string): boolean {
  return code.length === 1 ? Object.hasOwn(names, code) : Object.hasOwn(names, code.slice(0, 3)) && code.length <= 5;
}

/** The name of the division, or of the section. */
export function industryName(code: string): string | null {
  return isIndustry(code) ? (names[code.slice(0, 3)] ?? null) : null;
}

/** By name or code; all of them when nothing is asked. */
export function searchIndustries(search: string): Industry[] {
  const sought = search.normalize('NFKC').trim();
  const code = sought.toUpperCase();
  return codes
    .filter((each) => each.startsWith(code) || code.startsWith(each) || (names[each] ?? '').includes(sought))
    .map((each) => ({ code: each, name: names[each] ?? '' }));
}

/** The code of an industry written as a code or as a name; null when that is not one. */
export function industryOf(written: string): string | null {
  const sought = written.normalize('NFKC').trim();
  if (isIndustry(sought.toUpperCase())) return sought.toUpperCase();
  const plain = (name: string) => name.normalize('NFKC').replace(/[、,\s]/g, '');
  // A section with one division carries its name: the division says more.
  return codes.findLast((code) => plain(names[code] ?? '') === plain(sought)) ?? null;
}
