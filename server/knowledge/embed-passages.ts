import type { Deps } from '#server/base/deps.ts';
import type { Embedding } from '#server/base/llm.ts';
import { makeMasking } from '#server/base/masking.ts';
import { listUnembedded, noteUnfit, openVectors, saveVectors, type UnembeddedPassage } from './vector-store.ts';

const BATCH = 32;
const CHARS_MAX = 1500;

/** The model that says what texts mean, where there is one, the company allows it and the database keeps vectors. */
export async function findMeanings(deps: Deps, useCase?: string): Promise<Embedding | null> {
  const { embedding } = deps.llm;
  if (!embedding || !(await embedding.isAllowed(useCase))) return null;
  return (await openVectors(deps.pool)) ? embedding : null;
}

/**
 * Has the model say what new passages mean, personal data hidden. What it does not answer now is asked for by the sweep;
 * a passage for which its answer is no vector is not asked about again: words still find it.
 */
export async function embedPassages(deps: Deps): Promise<void> {
  const embedding = await findMeanings(deps);
  if (!embedding) return;
  for (;;) {
    const passages = await listUnembedded(deps.pool, embedding.model, BATCH);
    if (passages.length === 0 || !(await embed(deps, embedding, passages))) return;
  }
}

/** False when there is no answer to be had now. */
async function embed(deps: Deps, embedding: Embedding, passages: readonly UnembeddedPassage[]): Promise<boolean> {
  const texts = passages.map(({ title, headings, text }) =>
    makeMasking([]).mask([title, ...headings, text].join('\n'), CHARS_MAX),
  );
  const vectors = await embedding.embed(texts);
  if (!vectors) return false;
  if (vectors !== 'unusable') {
    const rows = passages.map(({ id }, at) => ({ passageId: id, vector: vectors[at] ?? [] }));
    await saveVectors(deps.pool, embedding.model, rows);
    return true;
  }
  // One bad passage, or an endpoint that takes fewer at once, costs the others nothing.
  if (passages.length > 1) {
    for (const passage of passages) if (!(await embed(deps, embedding, [passage]))) return false;
    return true;
  }
  const ids = passages.map(({ id }) => id);
  await noteUnfit(deps.pool, embedding.model, ids);
  deps.log.warn({ count: ids.length }, 'a passage has no vector: the model answered with something else');
  return true;
}
