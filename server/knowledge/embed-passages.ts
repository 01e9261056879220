import type { Deps } from '#server/base/deps.ts';
import type { Embedding } from '#server/base/llm.ts';
import { makeMasking } from '#server/base/masking.ts';
import { listUnembedded, openVectors, saveVectors } from './vector-store.ts';

const BATCH = 32;
const CHARS_MAX = 1500;

/** The model that says what texts mean, where there is one, the company allows it and the database keeps vectors. */
export async function findMeanings(deps: Deps, useCase?: string): Promise<Embedding | null> {
  const { embedding } = deps.llm;
  if (!embedding || !(await embedding.isAllowed(useCase))) return null;
  return (await openVectors(deps.pool)) ? embedding : null;
}

/** Has the model say what new passages mean, personal data hidden. What it does not answer now is asked for by the sweep. */
export async function embedPassages(deps: Deps): Promise<void> {
  const embedding = await findMeanings(deps);
  if (!embedding) return;
  for (;;) {
    const passages = await listUnembedded(deps.pool, embedding.model, BATCH);
    if (passages.length === 0) return;
    const texts = passages.map(({ title, headings, text }) =>
      makeMasking([]).mask([title, ...headings, text].join('\n'), CHARS_MAX),
    );
    const vectors = await embedding.embed(texts);
    if (!vectors) return;
    await saveVectors(
      deps.pool,
      embedding.model,
      passages.map(({ id }, at) => ({ passageId: id, vector: vectors[at] ?? [] })),
    );
  }
}
