import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getChannel } from './channel-store.ts';

const BYTES_MAX = 2 * 1024 * 1024;
const TIMEOUT_MS = 8000;

/** What a picture says of itself in its first bytes. */
const kinds = [
  { type: 'image/png', ending: 'png', begins: /^\x89PNG/ },
  { type: 'image/jpeg', ending: 'jpg', begins: /^\xff\xd8\xff/ },
  { type: 'image/svg+xml', ending: 'svg', begins: /^(<\?xml[^>]*>\s*)?<svg[\s>]/ },
];

/**
 * The code's picture, fetched for the page, which may not save what another site shows. The address is the platform's
 * answer and nobody's input; still nothing but a small picture comes back from it, and no redirect is followed.
 */
export async function readPicture(deps: Deps, id: string): Promise<{ bytes: Buffer; type: string; name: string }> {
  const { kind, url, name } = await getChannel(deps.db, id);
  if (kind !== 'code' || url === null || !/^https?:\/\//.test(url))
    throw new Refusal('channel.no_picture', 'There is no code to show, or not yet.', 404);
  const bytes = await fetchBytes(url).catch((err: unknown) => {
    deps.log.warn({ err }, 'a picture was not fetched');
    return null;
  });
  const found = kinds.find(({ begins }) => begins.test(bytes?.subarray(0, 200).toString('latin1') ?? ''));
  if (!bytes || !found)
    throw new Refusal('channel.picture_away', 'The platform does not show the picture now. Try again.', 503);
  return { bytes, type: found.type, name: `${name}.${found.ending}` };
}

async function fetchBytes(url: string): Promise<Buffer | null> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok || !response.body) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
