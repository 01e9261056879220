export interface Word {
  word: string;
  level: 'forbid' | 'warn';
  source: string | null;
}

export interface Finding extends Word {
  /** In the text as it was written, in UTF-16 units. */
  at: number;
}

const article = '《中华人民共和国广告法》第九条第三项';

/** Absolute terms: the law names the first three “and such” and leaves it to a person whether one is meant so. */
const absolute = `
国家级 最高级 最佳 世界级 宇宙级 顶级 极品 极致 终极 之王 王牌 领袖品牌 领导品牌 第一品牌 全国第一 全网第一 行业第一
销量第一 排名第一 遥遥领先 独一无二 绝无仅有 史无前例 前所未有 空前绝后 万能 最低价 全网最低 史上最低 最便宜 最优惠
最好 最优 最大 最高 最新科技 最先进 最先 最受欢迎 最强 最具 最专业 最权威 唯一 首选 独家 绝对 永久 百分之百有效 NO.1 TOP1
`
  .trim()
  .split(/\s+/);

export const builtIn: readonly Word[] = absolute.map((word) => ({ word, level: 'warn', source: article }));

/** A word as it is compared, or '' when nothing of it is left. */
export function plainWord(word: string): string {
  return plainOf(word).plain;
}

/** Ready for many texts: 2,000 words cost a few milliseconds here and nothing each time. */
export function makeFinder(words: readonly Word[]): (text: string) => Finding[] {
  const [forbid, warn] = (['forbid', 'warn'] as const).map((level) => treeOf(words.filter((w) => w.level === level)));
  return (text) => {
    const { plain, origins } = plainOf(text);
    const forbidden = longestIn(plain, forbid);
    const isForbidden = ({ from, to }: Hit) => forbidden.some((hit) => hit.from < to && from < hit.to);
    const risky = longestIn(plain, warn).filter((hit) => !isForbidden(hit));
    return [...forbidden, ...risky]
      .toSorted((one, other) => one.from - other.from)
      .map(({ word, from }) => ({ ...word, at: origins[from] ?? 0 }));
  };
}

interface Node {
  next: Map<string, Node>;
  ends: Word | null;
}

interface Hit {
  from: number;
  to: number;
  word: Word;
}

function treeOf(words: readonly Word[]): Node {
  const root: Node = { next: new Map(), ends: null };
  for (const word of words) {
    const letters = plainWord(word.word);
    if (letters === '') continue;
    let node = root;
    for (const letter of letters.split('')) {
      const known: Node = node.next.get(letter) ?? { next: new Map(), ends: null };
      node.next.set(letter, known);
      node = known;
    }
    node.ends ??= word;
  }
  return root;
}

/** From left to right, of words that begin at one place the longest; what it covers is not looked at again. */
function longestIn(plain: string, root: Node | undefined): Hit[] {
  const hits: Hit[] = [];
  for (let from = 0; from < plain.length;) {
    let hit: Hit | null = null;
    let node = root;
    for (let at = from; node && at < plain.length; at++) {
      node = node.next.get(plain.charAt(at));
      if (node?.ends) hit = { from, to: at + 1, word: node.ends };
    }
    if (hit) hits.push(hit);
    from = hit?.to ?? from + 1;
  }
  return hits;
}

/** Whoever writes 国 家 级, ＮＯ.１ or no.1 means the same: blanks, what is not seen, width and case do not count. */
const unseen = /[\s\p{Cf}\p{Mn}]/u;

function plainOf(text: string): { plain: string; origins: number[] } {
  let plain = '';
  const origins: number[] = [];
  let at = 0;
  for (const letter of text) {
    for (const unit of letter.normalize('NFKC').toLowerCase()) {
      if (unseen.test(unit)) continue;
      plain += unit;
      for (let i = 0; i < unit.length; i++) origins.push(at);
    }
    at += letter.length;
  }
  return { plain, origins };
}
