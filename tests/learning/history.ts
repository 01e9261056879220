import { seeded } from '#server/learning/seeded.ts';
import { sigmoid } from '#server/learning/odds.ts';
import { categoryColumn, makeTable, numberColumn, type Table } from '#server/learning/table.ts';

/** What moves the log odds in the generated history, the strongest first, and two columns that move nothing. */
export const drivers = ['replies', 'source', 'silentDays', 'quoteAsked', 'budget'] as const;
export const bystanders = ['luckyNumber', 'zodiac'] as const;

/** A history whose law is known: nobody has to believe the reasons, they can be compared. */
export function generatedHistory(rows: number, seed: number): Table {
  const random = seeded(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const sources = ['广告', '展会', '转介绍', '官网'];
  const sourceWorth = [-1.1, -0.4, 1.2, 0.3];
  const replies = new Float64Array(rows);
  const silentDays = new Float64Array(rows);
  const quoteAsked = new Float64Array(rows);
  const budget = new Float64Array(rows);
  const luckyNumber = new Float64Array(rows);
  const source: (string | null)[] = [];
  const zodiac: string[] = [];
  const label = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = Math.floor(random() * sources.length);
    const r = normal();
    replies[row] = Math.round(10 + 4 * r);
    source.push(sources[at] ?? null);
    const s = normal();
    silentDays[row] = 20 + 6 * s;
    const asked = random() < 0.3 ? 1 : 0;
    quoteAsked[row] = asked;
    const b = normal();
    budget[row] = random() < 0.1 ? Number.NaN : 50_000 + 20_000 * b;
    luckyNumber[row] = random();
    zodiac.push(['鼠', '牛', '虎', '兔'][Math.floor(random() * 4)] ?? '鼠');
    const margin =
      -1 +
      1.6 * r +
      (sourceWorth[at] ?? 0) -
      0.65 * s +
      0.8 * (asked - 0.3) +
      0.15 * (Number.isNaN(budget[row]) ? 0 : b);
    label[row] = random() < sigmoid(margin) ? 1 : 0;
  }
  return makeTable(
    [
      numberColumn('budget', budget),
      numberColumn('luckyNumber', luckyNumber),
      numberColumn('quoteAsked', quoteAsked),
      categoryColumn('zodiac', zodiac),
      numberColumn('replies', replies),
      categoryColumn('source', source),
      numberColumn('silentDays', silentDays),
    ],
    label,
  );
}
