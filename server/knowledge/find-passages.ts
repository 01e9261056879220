import type { Deps } from '#server/base/deps.ts';
import { indexMaterials } from './index-materials.ts';
import type { PassageView } from './knowledge-api.ts';
import { rankByWords, readPassages } from './passage-store.ts';
import { askedIn } from './token.ts';

const CANDIDATES = 40;
/** Of the best one's score: what is worse is about something else. */
const SHARE_OF_BEST = 0.5;

/** What the company's documents and the texts of its material library say about a question, best first. */
export async function findPassages(deps: Deps, question: string, limit: number): Promise<PassageView[]> {
  await indexMaterials(deps);
  const byWords = await rankByWords(deps.db, askedIn(question), CANDIDATES);
  const best = byWords[0]?.score ?? 0;
  const kept = byWords.filter(({ score }) => score >= best * SHARE_OF_BEST).slice(0, limit);
  const found = await readPassages(
    deps.db,
    kept.map(({ id }) => id),
  );
  return found.map(({ from, ownerId, title, headings, text }) => ({
    from,
    id: ownerId,
    title,
    headings,
    text,
    by: 'words',
  }));
}
