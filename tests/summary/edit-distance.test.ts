import { expect, test } from 'vitest';
import { editDistance } from '#server/summary/edit-distance.ts';
import { seededRandom } from '#tests/support/random.ts';

test.each([
  ['您好，报价周五发您', '您好，报价周五发您', 0],
  ['您好，报价周五发您', '您好 报价周五发您！', 0],
  ['ＯＫ', 'ok', 0],
  ['报价周五发您', '报价明天发您', 2 / 6],
  ['报价', '', 1],
  ['', '报价', 1],
  ['', '', 0],
  ['【姓名1】您好', '您好', 0],
])('from “%s” to “%s” it is %d', (suggested, made, distance) => {
  expect(editDistance(suggested, made)).toBeCloseTo(distance);
});

test('it is between 0 and 1, the same both ways, and one letter changes it by one letter', () => {
  const random = seededRandom();
  const word = () => Array.from({ length: random.below(30) }, () => random.pick([...'报价周五发您好的'])).join('');
  for (let round = 0; round < 500; round += 1) {
    const [one, other] = [word(), word()];
    const distance = editDistance(one, other);
    expect(distance, `seed ${random.seed}`).toBeGreaterThanOrEqual(0);
    expect(distance, `seed ${random.seed}`).toBeLessThanOrEqual(1);
    expect(editDistance(other, one), `seed ${random.seed}`).toBe(distance);
    expect(editDistance(one, `${one}新`), `seed ${random.seed}`).toBeCloseTo(1 / (one.length + 1));
  }
});
