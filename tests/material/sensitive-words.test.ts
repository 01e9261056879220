import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '#server/base/caller.ts';
import { findWords, findWordsIn, saveWords, viewWords } from '#server/material/find-words.ts';
import { builtIn, makeFinder, plainWord, type Word } from '#server/material/sensitive-words.ts';
import { callerOf, makeMember } from '#tests/support/factories.ts';
import { seededRandom } from '#tests/support/random.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
let caller: Caller;

beforeEach(async () => {
  caller = await callerOf(world.deps, await makeMember(world.deps, { role: 'marketing' }));
});

const find = (text: string) => findWords(world.deps.db, text);
const forbid = (...forbidden: string[]) => saveWords(world.deps, caller, { forbidden, allowed: [] });

test('absolute terms are warned of with the law that knows them, before anybody wrote a list', async () => {
  expect(await find('我们是国家级的，价格最优惠')).toEqual([
    { word: '国家级', level: 'warn', source: '《中华人民共和国广告法》第九条第三项', at: 3 },
    { word: '最优惠', level: 'warn', source: '《中华人民共和国广告法》第九条第三项', at: 10 },
  ]);
});

test('a word is found through blanks, width, case and what is not seen, at its place in the text as written', async () => {
  await forbid('VIP专享', '竞品');
  const found = await find('😀 Ｖ i\u200Bp 专\n享，竞　品');
  expect(found.map(({ word, level, at }) => [word, level, at])).toEqual([
    ['VIP专享', 'forbid', 3],
    ['竞品', 'forbid', 13],
  ]);
});

test('of words that begin alike the longest is named; a risky word does not hide a forbidden one within it', async () => {
  await forbid('返现', '返现红包', '家级');
  expect((await find('返现红包')).map(({ word }) => word)).toEqual(['返现红包']);
  expect((await find('国家级')).map(({ word, level }) => [word, level])).toEqual([['家级', 'forbid']]);
});

test('a built-in word the company allows is not warned of; one it forbids is', async () => {
  await saveWords(world.deps, caller, { forbidden: ['最佳'], allowed: ['首选', 'no.1'] });
  expect((await find('首选最佳，NO.1')).map(({ word, level }) => [word, level])).toEqual([['最佳', 'forbid']]);
});

test('what a contact reads of an attachment is looked through: a link’s title, a file’s name, but no picture’s name', async () => {
  await forbid('内部价');
  const file = { id: randomUUID(), type: 'application/pdf', size: 1, sha256: '0'.repeat(64), name: '内部价.pdf' };
  const found = await findWordsIn(world.deps.db, {
    text: '报价见附件',
    attachments: [
      { materialId: null, content: { kind: 'file', fileId: file.id }, file: { ...file, kind: 'file' } },
      { materialId: null, content: { kind: 'image', fileId: file.id }, file: { ...file, kind: 'image' } },
      {
        materialId: null,
        content: { kind: 'link', title: '内部价', description: '', url: 'https://a.cn', pictureUrl: null },
        file: null,
      },
    ],
  });
  expect(found.map(({ path, word, level }) => [path, word, level])).toEqual([
    ['attachments.0', '内部价', 'forbid'],
    ['attachments.2', '内部价', 'forbid'],
  ]);
});

test('the list says each word once, and who changed it is in the audit log', async () => {
  await forbid('返现', ' 返 现', 'ABC', 'ａｂｃ', '\u200B');
  expect((await viewWords(world.deps.db)).forbidden).toHaveLength(2);
  expect(await world.deps.db.auditEntry.findMany()).toMatchObject([
    { memberId: caller.memberId, action: 'sensitive_words.changed' },
  ]);
});

test('no built-in word says nothing', () => {
  expect(builtIn.every(({ word }) => plainWord(word).length > 1)).toBe(true);
});

const random = seededRandom();

test(`the same words are found as by looking at every place for every word (seed ${random.seed})`, () => {
  for (let round = 0; round < 300; round++) {
    const letters = random.pick(['ab', '甲乙丙', 'aＡ b甲']);
    const say = (length: number) => Array.from({ length }, () => random.pick([...letters])).join('');
    const words: Word[] = Array.from({ length: random.below(12) }, () => ({
      word: say(1 + random.below(5)),
      level: random.pick(['forbid', 'warn'] as const),
      source: null,
    }));
    const text = say(random.below(60));
    expect(makeFinder(words)(text), `${JSON.stringify(words)} in ${text}`).toEqual(searchEverywhere(words, text));
  }
});

test('two thousand words are looked for in the longest text there is', () => {
  const words = Array.from({ length: 2000 }, (_, n): Word => ({ word: `甲乙丙丁${n}`, level: 'forbid', source: null }));
  const text = `${'甲乙丙'.repeat(6000)}甲乙丙丁1999`;
  expect(makeFinder(words)(text)).toMatchObject([{ word: '甲乙丙丁1999', at: 18_000 }]);
});

/** Of every place the longest word that begins there, from the left. */
function searchEverywhere(words: Word[], text: string) {
  const units = [...text]
    .map((letter, at) => ({ plain: letter.normalize('NFKC').toLowerCase(), at }))
    .filter(({ plain }) => plain.trim() !== '');
  const plain = units.map((unit) => unit.plain).join('');
  const hitsOf = (level: Word['level']) => {
    const hits: { from: number; to: number; word: Word }[] = [];
    for (let from = 0; from < plain.length; from++) {
      const fitting = words
        .filter((word) => word.level === level && plainWord(word.word) !== '')
        .filter((word) => plain.startsWith(plainWord(word.word), from))
        .sort((one, other) => plainWord(other.word).length - plainWord(one.word).length);
      const word = fitting[0];
      if (!word || from < (hits.at(-1)?.to ?? 0)) continue;
      hits.push({ from, to: from + plainWord(word.word).length, word });
    }
    return hits;
  };
  const forbidden = hitsOf('forbid');
  const risky = hitsOf('warn').filter((hit) => !forbidden.some(({ from, to }) => from < hit.to && hit.from < to));
  return [...forbidden, ...risky]
    .sort((one, other) => one.from - other.from)
    .map(({ word, from }) => ({ ...word, at: units[from]?.at ?? 0 }));
}
