import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calibrator, chooseCalibration, fitCalibration, type CalibrationKind } from '#server/learning/calibration.ts';
import { aucInterval, compareAuc, compareLogLoss, isBetter } from '#server/learning/compare.ts';
import { stabilityIndex } from '#server/learning/drift.ts';
import { areaUnderCurve, measure } from '#server/learning/metrics.ts';
import { logOddsOf, sigmoid } from '#server/learning/odds.ts';
import { rollingRefresh } from '#server/learning/rolling-refresh.ts';
import { seeded } from '#server/learning/seeded.ts';

test('the area under the curve is the share of pairs that stand the right way round', () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { minLength: 2, maxLength: 30 });
  fc.assert(
    fc.property(rows, (given) => {
      let [pairs, right] = [0, 0];
      for (const [a, wasA] of given)
        for (const [b, wasB] of given) {
          if (!wasA || wasB) continue;
          pairs++;
          right += a > b ? 1 : a === b ? 0.5 : 0;
        }
      const auc = areaUnderCurve(
        Float64Array.from(given, ([value]) => value),
        Uint8Array.from(given, ([, was]) => Number(was)),
      );
      expect(auc === null ? null : auc.toFixed(9)).toBe(pairs === 0 ? null : (right / pairs).toFixed(9));
    }),
  );
});

test('figures of a table small enough to be counted by hand', () => {
  const said = Float64Array.of(0.9, 0.8, 0.7, 0.6, 0.55, 0.45, 0.4, 0.3, 0.2, 0.1);
  const label = Uint8Array.of(1, 1, 0, 1, 0, 1, 0, 0, 0, 0);
  const found = measure(said, label);
  expect(found.auc).toBeCloseTo(21 / 24, 12);
  expect(found.precisionTop10).toBe(1);
  expect(found.lift.map((each) => Number(each.toFixed(2)))).toEqual([2.5, 2.5, 0, 2.5, 0, 2.5, 0, 0, 0, 0]);
  expect(found.ece).toBeCloseTo((0.1 + 0.2 + 0.7 + 0.4 + 0.55 + 0.55 + 0.4 + 0.3 + 0.2 + 0.1) / 10, 12);
  expect(found.eceWidth).toBeCloseTo((0.1 + 0.2 + 0.7 + 0.4 + 0.55 + 0.15 + 0.3 + 0.2 + 0.1) / 10, 12);
  const brier = 0.01 + 0.04 + 0.49 + 0.16 + 0.3025 + 0.3025 + 0.16 + 0.09 + 0.04 + 0.01;
  expect(found.brier).toBeCloseTo(brier / 10, 12);
  expect(measure(Float64Array.of(0.5, 0.5), Uint8Array.of(1, 1)).auc).toBeNull();
  expect(measure(new Float64Array(), new Uint8Array()).rows).toBe(0);
});

test('rows that all have the same score share the best tenth alike, in whatever order they come', () => {
  const label = Uint8Array.from({ length: 100 }, (_, row) => (row < 30 ? 1 : 0));
  expect(measure(new Float64Array(100).fill(0.3), label).precisionTop10).toBeCloseTo(0.3, 12);
});

const kinds: CalibrationKind[] = ['platt', 'beta', 'isotonic'];

test.each(kinds)('%s puts right probabilities that were too sure, and never turns two rows round', (kind) => {
  const { margins, label } = tooSure(4000, 9);
  const map = calibrator(fitCalibration(kind, margins.subarray(0, 2000), label.subarray(0, 2000)));
  const said = margins.subarray(2000).map(map);
  expect(measure(said, label.subarray(2000)).ece).toBeLessThan(0.04);
  expect(measure(margins.subarray(2000).map(sigmoid), label.subarray(2000)).ece).toBeGreaterThan(0.08);
  const rising = Float64Array.from({ length: 400 }, (_, i) => map(-20 + i / 10));
  expect(rising.every((p, i) => p >= 0 && p <= 1 && p >= (rising[i - 1] ?? 0))).toBe(true);
});

test('the plainest calibration is taken unless another is better by more than chance', () => {
  const { margins, label } = tooSure(3000, 10);
  expect(chooseCalibration(margins, label).chosen.kind).toBe('platt');
  // A bent curve: nothing a slope and a shift could follow.
  const random = seeded(12);
  const bent = Float64Array.from({ length: 4000 }, () => random() * 8 - 4);
  const stepped = Uint8Array.from(bent, (margin) => (random() < (margin < 0 ? 0.05 : margin < 2 ? 0.1 : 0.9) ? 1 : 0));
  expect(chooseCalibration(bent, stepped).chosen.kind).toBe('isotonic');
});

test('a challenger that is better by chance alone does not take the place; one that is truly better does', () => {
  const { truth, label } = outcomes(2000, 21);
  const random = seeded(22);
  const blur = (strength: number) => truth.map((p) => sigmoid(logOddsOf(p) + strength * (random() - 0.5)));
  const [champion, equal, worse] = [blur(1), blur(1), blur(6)];
  expect(isBetter(champion, equal, label)).toBe(false);
  expect(isBetter(worse, champion, label)).toBe(true);
  expect(isBetter(champion, worse, label)).toBe(false);
  expect(compareLogLoss(worse, champion, label).from).toBeGreaterThan(0);
  expect(compareAuc(worse, champion, label)?.from).toBeGreaterThan(0);
  // So few outcomes prove nothing, however large the difference.
  expect(isBetter(worse.subarray(0, 40), champion.subarray(0, 40), label.subarray(0, 40))).toBe(false);
});

test('the interval of an area under the curve holds the truth about 19 times of 20', () => {
  const whole = outcomes(40_000, 31);
  const truth = areaUnderCurve(whole.truth, whole.label) ?? 0;
  let holds = 0;
  for (let draw = 0; draw < 100; draw++) {
    const from = draw * 400;
    const found = aucInterval(whole.truth.subarray(from, from + 400), whole.label.subarray(from, from + 400));
    if (found && found.from <= truth && truth <= found.to) holds++;
  }
  expect(holds).toBeGreaterThanOrEqual(88);
});

test('stability is 0 where nothing moved and grows with what did', () => {
  expect(stabilityIndex([0.5, 0.5], [0.5, 0.5])).toBe(0);
  expect(stabilityIndex([0.5, 0.5], [0.6, 0.4])).toBeCloseTo(0.0405, 3);
  expect(stabilityIndex([0.5, 0.5], [1, 0])).toBeGreaterThan(1);
});

test('a calibration that follows looks at no outcome of the rows it is about to score, nor of later ones', () => {
  const { truth, label } = outcomes(600, 41);
  const asked = { from: 300, every: 50, newest: 200 };
  const said = rollingRefresh(truth, label, asked);
  const otherwise = label.map((was, row) => (row >= 400 ? 1 - was : was));
  const saidOtherwise = rollingRefresh(truth, otherwise, asked);
  expect(saidOtherwise.subarray(0, 100)).toEqual(said.subarray(0, 100));
  expect(saidOtherwise.subarray(150)).not.toEqual(said.subarray(150));
  const late = { ...asked, late: 100 };
  expect(rollingRefresh(truth, otherwise, late).subarray(0, 200)).toEqual(
    rollingRefresh(truth, label, late).subarray(0, 200),
  );
});

function outcomes(rows: number, seed: number): { truth: Float64Array; label: Uint8Array } {
  const random = seeded(seed);
  const truth = Float64Array.from({ length: rows }, () => sigmoid(4 * random() - 2.5));
  return { truth, label: Uint8Array.from(truth, (p) => (random() < p ? 1 : 0)) };
}

function tooSure(rows: number, seed: number): { margins: Float64Array; label: Uint8Array } {
  const { truth, label } = outcomes(rows, seed);
  return { margins: truth.map((p) => 3 * logOddsOf(p) + 1), label };
}
