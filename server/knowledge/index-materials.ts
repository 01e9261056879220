import type { Deps } from '#server/base/deps.ts';
import { listMaterialContents } from '#server/material/material-store.ts';
import { blocksOfMaterial, kindsWithWords } from './knowledge.ts';
import { listStaleMaterials, lockStaleMaterial, replacePassages } from './passage-store.ts';
import { passagesOf } from './passage.ts';

const BATCH = 500;

/** Takes over what the material library says now: a text saved a moment ago is found. */
export async function indexMaterials(deps: Deps): Promise<void> {
  const ids = await listStaleMaterials(deps.db, kindsWithWords, BATCH);
  for (const id of ids) {
    await deps.db.$transaction(async (tx) => {
      const version = await lockStaleMaterial(tx, id);
      if (version === null) return;
      const material = (await listMaterialContents(tx, [id])).get(id);
      const blocks = material && blocksOfMaterial(material.content);
      if (!material || !blocks) return;
      const passages = passagesOf(blocks);
      // One that says nothing in words still has to be known as read.
      const kept = passages.length > 0 ? passages : [{ headings: [], text: material.title }];
      await replacePassages(tx, { materialId: id, materialVersion: version }, material.title, kept);
    });
  }
}
