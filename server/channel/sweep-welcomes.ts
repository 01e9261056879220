import type { Deps } from '#server/base/deps.ts';
import { DAY_MS, MINUTE_MS } from '#server/base/duration.ts';
import { variables } from '#server/material/material-api.ts';
import { renewMedia } from '#server/material/renew-media.ts';
import { resolveContent } from '#server/material/resolve-content.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { listChannels, type Channel } from './channel-store.ts';
import { deleteWelcomes, settleExpiredWelcomes } from './welcome-store.ts';

/** A call under way when its code ended has had its answer by then. */
const SETTLED_MS = 10 * MINUTE_MS;
const KEPT_MS = 30 * DAY_MS;
export const sweepWelcomesEveryMs = 10 * MINUTE_MS;

/** Keeps files of welcomes ready on the platforms, says of welcomes whose job was lost what became of them, and forgets the old ones. */
export async function sweepWelcomes(deps: Deps): Promise<void> {
  const before = (ms: number) => new Date(deps.now().getTime() - ms);
  await settleExpiredWelcomes(deps.db, before(SETTLED_MS));
  await deleteWelcomes(deps.db, before(KEPT_MS));
  for (const channel of await listChannels(deps.db, { archived: false })) await renewFiles(deps, channel);
}

async function renewFiles(deps: Deps, { platform: name, welcomes }: Channel): Promise<void> {
  const platform = deps.platforms.all.find((candidate) => candidate.name === name);
  if (!platform?.media) return;
  for (const { content } of welcomes) {
    const { resolved } = await resolveContent(deps.db, content, { platform, variables });
    for (const { file } of resolved.attachments) if (file) await renewGently(deps, platform, file.id);
  }
}

/** What the platform does not take now is tried again with the next sweep, and by the welcome itself. */
async function renewGently(deps: Deps, platform: Parameters<typeof renewMedia>[1], fileId: string): Promise<void> {
  try {
    await renewMedia(deps, platform, fileId);
  } catch (err) {
    if (!(err instanceof PlatformError)) throw err;
    deps.log.warn({ err }, 'a file of a welcome is not on the platform');
  }
}
