import type { Deps } from '#server/base/deps.ts';
import { makeMasking } from '#server/base/masking.ts';
import { findMeanings } from './embed-passages.ts';
import { indexMaterials } from './index-materials.ts';
import type { PassageView } from './knowledge-api.ts';
import { rankByWords, readPassages } from './passage-store.ts';
import { askedIn } from './token.ts';
import { rankByMeaning } from './vector-store.ts';

const CANDIDATES = 40;
/** Of the best one's: what is worse is about something else. */
const SHARE_OF_BEST = 0.5;
const LIKENESS_SHARE = 0.85;
const LIKENESS_MIN = 0.3;
const ASKED_CHARS_MAX = 600;

/** Whom a question is about: their names are hidden from the model that says what it means. */
interface About {
  names?: readonly (string | null)[];
  contactId?: string;
  /** What is asked for: while it is switched off, no model is asked. */
  useCase?: string;
  /** Somebody waits for the answer. */
  isUrgent?: boolean;
}

/**
 * What the company's documents and the texts of its material library say about a question, best first: by its words, and
 * by its meaning where that can be had.
 */
export async function findPassages(
  deps: Deps,
  question: string,
  limit: number,
  about: About = {},
): Promise<PassageView[]> {
  await indexMaterials(deps);
  const asked = askedIn(question);
  // A greeting means something too, but asks for nothing.
  if (!asked.some(({ finds }) => finds)) return [];
  const [byWords, byMeaning] = await Promise.all([
    rankByWords(deps.db, asked, CANDIDATES),
    nearest(deps, question, about),
  ]);
  const best = byWords[0]?.score ?? 0;
  const inWords = byWords.filter(({ score }) => score >= best * SHARE_OF_BEST).map(({ id }) => id);
  const ids = fused([inWords, byMeaning]).slice(0, limit);
  const found = await readPassages(deps.db, ids);
  return found.map(({ id, from, ownerId, title, headings, text }) => ({
    from,
    id: ownerId,
    title,
    headings,
    text,
    by: !byMeaning.includes(id) ? 'words' : inWords.includes(id) ? 'both' : 'meaning',
  }));
}

/** [] where nothing is found by meaning, for whatever reason: the words still find. */
async function nearest(deps: Deps, question: string, { names = [], useCase, ...about }: About): Promise<string[]> {
  const embedding = await findMeanings(deps, useCase);
  if (!embedding) return [];
  const text = makeMasking(names).mask(question, ASKED_CHARS_MAX);
  const vectors = await embedding.embed([text], about);
  const vector = vectors === 'unusable' ? null : vectors?.[0];
  if (!vector) return [];
  const near = await rankByMeaning(deps.pool, embedding.model, vector, CANDIDATES);
  const best = near[0]?.likeness ?? 0;
  return near
    .filter(({ likeness }) => likeness >= LIKENESS_MIN && likeness >= best * LIKENESS_SHARE)
    .map(({ id }) => id);
}

const FUSION = 60;

/** Reciprocal rank fusion: what stands high in both lists stands above what is first in one. */
export function fused(lists: readonly (readonly string[])[]): string[] {
  const scores = new Map<string, number>();
  for (const list of lists)
    for (const [at, id] of list.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (FUSION + at + 1));
  return [...scores].sort(([, a], [, b]) => b - a).map(([id]) => id);
}
