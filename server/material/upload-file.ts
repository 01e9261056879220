import type { IncomingMessage } from 'node:http';
import getRawBody from 'raw-body';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import type { MediaKind } from '#server/platform/media.ts';
import { insertFile, type FileRow } from './file-store.ts';
import { checkBytes, checkFileType, limitsOf, sha256Of, tooLarge } from './material.ts';

/** Takes a file in; what is too large or of a wrong type is refused before it is read. */
export async function uploadFile(
  deps: Deps,
  caller: Caller,
  { kind, name, request }: { kind: MediaKind; name: string; request: IncomingMessage },
): Promise<FileRow> {
  const limit = limitsOf(deps.platforms.all)[kind];
  const type = checkFileType(kind, request.headers['content-type'] ?? '', limit);
  if (Number(request.headers['content-length'] ?? 0) > limit.bytesMax) throw tooLarge(kind, limit.bytesMax);
  const bytes = await getRawBody(request, { limit: limit.bytesMax }).catch((error: unknown) => {
    if ((error as { type?: string }).type === 'entity.too.large') throw tooLarge(kind, limit.bytesMax);
    throw error;
  });
  checkBytes(kind, type, bytes, limit);
  const about = { kind, name: plainName(name), type, size: bytes.length, sha256: sha256Of(bytes) };
  return insertFile(deps.db, { ...about, bytes, createdBy: caller.memberId, createdAt: deps.now() });
}

/** No path, and nothing that is not seen. */
function plainName(name: string): string {
  return (
    name
      .split(/[/\\]/)
      .at(-1)
      ?.replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
      .trim() || 'file'
  );
}
