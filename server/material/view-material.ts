import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { listFiles, type FileRow } from './file-store.ts';
import { usedSince } from './list-materials.ts';
import type { FileView, MaterialView } from './material-api.ts';
import { countMaterialUses, type CountedMaterial, type Material } from './material-store.ts';

export async function viewMaterials(deps: Deps, materials: readonly CountedMaterial[]): Promise<MaterialView[]> {
  const names = await listMemberNames(
    deps.db,
    materials.map(({ createdBy }) => createdBy),
  );
  const files = await listFiles(
    deps.db,
    materials.flatMap(({ fileId }) => (fileId ? [fileId] : [])),
  );
  return materials.map(({ fileId, createdBy, updatedAt, archivedAt, ...material }) => {
    const file = (fileId && files.get(fileId)) || null;
    return {
      ...material,
      file: file && viewFile(file),
      createdBy: { id: createdBy, name: names.get(createdBy) ?? '' },
      updatedAt: updatedAt.toISOString(),
      archivedAt: archivedAt?.toISOString() ?? null,
    };
  });
}

export async function viewMaterial(deps: Deps, material: Material): Promise<MaterialView> {
  const uses = await countMaterialUses(deps.db, material.id, usedSince(deps));
  const [view] = await viewMaterials(deps, [{ ...material, uses }]);
  if (!view) throw new Error('One material is one view.');
  return view;
}

export function viewFile({ id, kind, name, type, size }: FileRow): FileView {
  return { id, kind, name, type, size };
}
