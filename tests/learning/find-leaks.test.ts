import { expect, test } from 'vitest';
import { findLeaks } from '#server/learning/find-leaks.ts';
import { seeded } from '#server/learning/seeded.ts';
import { categoryColumn, numberColumn, type Column } from '#server/learning/table.ts';
import { generatedHistory } from './history.ts';

/** Without its strongest driver, which would rightly be asked after. */
const whole = generatedHistory(2000, 17);
const history = { ...whole, columns: whole.columns.filter(({ name }) => name !== 'replies') };
const leaksWith = (column: Column) =>
  findLeaks({ ...history, columns: [...history.columns, column] }).map(({ feature, kind }) => ({ feature, kind }));
const perRow = <T>(make: (was: number, row: number) => T) => Array.from(history.label, (was, row) => make(was, row));
const random = seeded(18);

test('an honest history raises no suspicion', () => {
  expect(findLeaks(history)).toEqual([]);
});

test('a column that alone tells the outcome is named', () => {
  const commission = numberColumn(
    'commission',
    perRow((was) => was * 100 + random() * 20),
  );
  expect(leaksWith(commission)).toContainEqual({ feature: 'commission', kind: 'predicts_alone' });
});

test('a column that alone is worth more than all others together is asked after', () => {
  const callSeconds = numberColumn(
    'callSeconds',
    perRow((was) => was * 1.6 + 2 * (random() + random() + random())),
  );
  expect(leaksWith(callSeconds)).toEqual([{ feature: 'callSeconds', kind: 'worth_more_than_others' }]);
});

test('a column that is filled in only after the outcome is named, whatever it holds', () => {
  const lostReason = categoryColumn(
    'lostReason',
    perRow((was) => (was ? null : '价格')),
  );
  expect(leaksWith(lostReason)).toContainEqual({ feature: 'lostReason', kind: 'filled_after' });
  const contractDay = numberColumn(
    'contractDay',
    perRow((was) => (was && random() < 0.2 ? random() * 30 : null)),
  );
  expect(leaksWith(contractDay)).toEqual([{ feature: 'contractDay', kind: 'filled_after' }]);
});

test('a word that stands beside one outcome only is named', () => {
  const stage = categoryColumn(
    'stage',
    perRow((was) => (was && random() < 0.3 ? '已开票' : '跟进中')),
  );
  expect(leaksWith(stage)).toEqual([{ feature: 'stage', kind: 'one_outcome_only' }]);
});

test('ids are named, of words and of numbers', () => {
  const contactKey = categoryColumn(
    'contactKey',
    perRow((_, row) => `wm${row}`),
  );
  expect(leaksWith(contactKey)).toEqual([{ feature: 'contactKey', kind: 'like_an_id' }]);
  const serial = numberColumn(
    'serial',
    perRow((_, row) => (row * 7919) % 104_729),
  );
  expect(leaksWith(serial)).toEqual([{ feature: 'serial', kind: 'like_an_id' }]);
});
