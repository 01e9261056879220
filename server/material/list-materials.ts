import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { USES_COUNTED_MS } from './material.ts';
import { searchMaterials, type CountedMaterial, type MaterialSearch, type PagePoint } from './material-store.ts';

export async function listMaterials(
  deps: Deps,
  { after, limit, ...search }: Omit<MaterialSearch, 'usedSince' | 'after'> & { after?: string | undefined },
): Promise<{ materials: CountedMaterial[]; nextAfter: string | null }> {
  const found = await searchMaterials(deps.pool, {
    ...search,
    limit: limit + 1,
    after: after ? readCursor(after) : null,
    usedSince: usedSince(deps),
  });
  const materials = found.slice(0, limit);
  const last = materials.at(-1);
  return { materials, nextAfter: found.length > limit && last ? writeCursor(last) : null };
}

export function usedSince(deps: Deps): Date {
  return new Date(deps.now().getTime() - USES_COUNTED_MS);
}

const writeCursor = ({ uses, updatedAt, id }: PagePoint): string =>
  Buffer.from(`${uses}.${updatedAt.getTime()}.${id}`).toString('base64url');

function readCursor(cursor: string): PagePoint {
  const [, uses, at, id] =
    /^(\d{1,9})\.(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
      Buffer.from(cursor, 'base64url').toString(),
    ) ?? [];
  const updatedAt = new Date(Number(at));
  if (!id || Number.isNaN(updatedAt.getTime()))
    throw new Refusal('material.cursor', 'Pass `after` as the last page gave it, or leave it out.', 400);
  return { uses: Number(uses), updatedAt, id };
}
