import { setTimeout as sleep } from 'node:timers/promises';
import type { Deps } from '#server/base/deps.ts';
import { HOUR_MS } from '#server/base/duration.ts';
import { withLock } from '#server/base/lock.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { findMediaKey, readFile, saveMedia } from './file-store.ts';

/** A member may take hours to confirm what a key was given for. */
const LEFT_MS_MIN = 6 * HOUR_MS;
/** How often somebody looks whether another process has uploaded what they need. */
const LOOK_EVERY_MS = 150;

const underWay = new WeakMap<Deps['pool'], Map<string, Promise<PlatformKey>>>();

/**
 * The platform's key of a file, uploaded when it has none that lasts. However many ask at once, one uploads and the others
 * wait for it; what goes wrong goes wrong for all who waited in this process.
 */
export function renewMedia(deps: Deps, platform: Platform, fileId: string): Promise<PlatformKey> {
  const uploads = underWay.get(deps.pool) ?? new Map<string, Promise<PlatformKey>>();
  underWay.set(deps.pool, uploads);
  const name = `media:${platform.name}:${fileId}`;
  const started = uploads.get(name) ?? keyOf(deps, platform, fileId, name).finally(() => uploads.delete(name));
  uploads.set(name, started);
  return started;
}

async function keyOf(deps: Deps, platform: Platform, fileId: string, lock: string): Promise<PlatformKey> {
  for (;;) {
    const until = new Date(deps.now().getTime() + LEFT_MS_MIN);
    const find = () => findMediaKey(deps.db, { fileId, platform: platform.name, until });
    const known = await find();
    if (known) return known;
    let key: PlatformKey | null = null;
    await withLock(deps.pool, lock, async () => {
      key = (await find()) ?? (await upload(deps, platform, fileId));
    });
    if (key) return key;
    await sleep(LOOK_EVERY_MS);
  }
}

async function upload(deps: Deps, platform: Platform, fileId: string): Promise<PlatformKey> {
  const file = await readFile(deps.db, fileId);
  if (!file || !platform.media)
    throw new Refusal('material.file_unknown', 'There is no such file, or no files can be sent there.', 404);
  const { kind, name, type, bytes } = file;
  const { key, expiresAt } = await platform.media.upload({ kind, name, type, bytes });
  await saveMedia(deps.db, { fileId, platform: platform.name, key, expiresAt });
  return key;
}
