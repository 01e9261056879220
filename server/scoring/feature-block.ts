import { categoryColumn, numberColumn, type Column, type RawRow } from '#server/learning/table.ts';
import { features, STRANGE, type Feature } from './features.ts';

/**
 * Contacts and what they are known by, compactly: a million go through in blocks of these. `values` holds the vectors one
 * after the other, as Score keeps them: numbers as they are, words as their place in a list, NaN where nothing is known.
 */
export interface FeatureBlock {
  rows: number;
  /** 16 bytes each. */
  ids: Buffer;
  values: Float32Array;
  lexicon: Lexicon;
}

/** The words of the open features, each feature's own. */
export type Lexicon = Readonly<Record<string, readonly string[]>>;

export const width = features.length;
export const vectorBytes = 4 * width;
export const openFeatures = features.filter(({ kind }) => kind === 'open');

/** Words take the next free place, or, in a lexicon that is closed, all the same place behind the last. */
export class LexiconWriter {
  readonly places: Map<string, Map<string, number>>;
  readonly closed: Lexicon | null;

  constructor(closed: Lexicon | null = null) {
    this.closed = closed;
    this.places = new Map(
      openFeatures.map(({ key }) => [key, new Map((closed?.[key] ?? []).map((word, place) => [word, place]))]),
    );
  }

  placeOf(key: string, word: string): number {
    const places = this.places.get(key);
    if (!places) throw new Error(`${key} is no feature of open words.`);
    const place = places.get(word) ?? places.size;
    if (!this.closed) places.set(word, place);
    return place;
  }

  lexicon(): Lexicon {
    if (this.closed) return this.closed;
    return Object.fromEntries([...this.places].map(([key, places]) => [key, [...places.keys()]]));
  }
}

/** What learning reads of a block. */
export function columnsOf({ rows, values, lexicon }: Pick<FeatureBlock, 'rows' | 'values' | 'lexicon'>): Column[] {
  return features.map((feature, place): Column => {
    if (feature.kind === 'number') {
      const column = numberColumn(feature.key, []);
      column.values = new Float64Array(rows);
      for (let row = 0, at = place; row < rows; row++, at += width) column.values[row] = values[at] ?? Number.NaN;
      return column;
    }
    const column = categoryColumn(feature.key, []);
    column.words = [...wordsOf(feature, lexicon), STRANGE];
    column.codes = new Int32Array(rows);
    for (let row = 0, at = place; row < rows; row++, at += width) {
      const code = values[at] ?? Number.NaN;
      column.codes[row] = Number.isNaN(code) ? -1 : code;
    }
    return column;
  });
}

/** One vector in words and numbers. */
export function rawRowOf(vector: ArrayLike<number>, lexicon: Lexicon): RawRow {
  return Object.fromEntries(
    features.map((feature, place) => {
      const value = vector[place] ?? Number.NaN;
      if (Number.isNaN(value)) return [feature.key, null];
      return [feature.key, feature.kind === 'number' ? value : (wordsOf(feature, lexicon)[value] ?? STRANGE)];
    }),
  );
}

export const vectorOf = (block: FeatureBlock, row: number): Float32Array =>
  block.values.subarray(row * width, (row + 1) * width);

/** As it is kept; numbers are written lowest byte first on every machine that runs this. */
export const bytesOf = (vector: Float32Array): Buffer =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);

export function vectorFrom(bytes: Uint8Array): Float32Array {
  const copy = new Uint8Array(bytes);
  return new Float32Array(copy.buffer, 0, Math.floor(copy.byteLength / 4));
}

export const idAt = ({ ids }: FeatureBlock, row: number): string => uuidOf(ids.subarray(16 * row, 16 * row + 16));

export function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function wordsOf(feature: Feature, lexicon: Lexicon): readonly string[] {
  if (feature.kind === 'word') return feature.words;
  return lexicon[feature.key] ?? [];
}
