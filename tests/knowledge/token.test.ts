import fc from 'fast-check';
import { expect, test } from 'vitest';
import { askedIn, normalise, tokensOf, tsvectorOf } from '#server/knowledge/token.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();

test('width and case make no difference, traditional characters do, and a comma in a number is none', () => {
  expect(normalise('ＣＲＭ　１９，８００元')).toBe('crm 19800元');
  expect(tokensOf('價格')).not.toEqual(tokensOf('价格'));
});

test('characters stand alone and in pairs, words and numbers whole', () => {
  expect(tokensOf('50 人版 API v2.0，第1.5期').join(' ')).toBe('50 人 人版 版 api v 2.0 第 1.5 期');
});

test('whatever is written or asked, the database can keep it and look for it', async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
  );
  const texts = fc.sample(fc.record({ above: anything, text: anything }), { seed, numRuns: 100 });
  const hostile = [`'; DROP TABLE "Material"; --`, String.raw`\' <-> ! & | ( ) : *`, '  ', '𠮷野家𠮷'];
  const all = [...texts, ...hostile.map((text) => ({ above: text, text: text.repeat(50) }))];
  const vectors = all.map((each) =>
    tsvectorOf({ above: each.above.replaceAll('\0', ''), text: each.text.replaceAll('\0', '') }),
  );
  const queries = all.flatMap(({ text }) => askedIn(text).map(({ query }) => query));
  const kept = await world.deps.db.$queryRaw<unknown[]>`SELECT v::tsvector::text FROM unnest(${vectors}::text[]) v`;
  expect(kept).toHaveLength(all.length);
  const asked = await world.deps.db.$queryRaw<unknown[]>`SELECT q::tsquery::text FROM unnest(${queries}::text[]) q`;
  expect(asked).toHaveLength(queries.length);
});

test('a long word in letters of an old script is cut between letters, never within one', () => {
  const [token = ''] = tokensOf(`a${'\u{10330}'.repeat(60)}`);
  expect(token.isWellFormed()).toBe(true);
});
