import { z } from 'zod';
import type { ChatSource } from '#prisma/client/client.ts';
import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { Refusal } from '#server/base/refusal.ts';
import { announceMessages } from './announce-messages.ts';
import { countGaps } from './archive-gap-store.ts';
import { findSource, listSources, saveSource } from './chat-source-store.ts';
import type { chatSourceView } from './conversation-api.ts';
import type { SourceKind } from './conversation.ts';
import { markNewsOfSource } from './conversation-store.ts';

type ChatSourceView = z.infer<typeof chatSourceView>;

/** Once the model may read a source, what was said this lately is summarised; the rest when it goes on. */
const CATCH_UP_DAYS = 14;

export async function listChatSources(deps: Deps): Promise<ChatSourceView[]> {
  const sources = await listSources(deps.db, deps.platforms.all);
  const gaps = await countGaps(deps.db);
  return sources.map((source) => viewOf(source, gaps.get(source.id)));
}

/** What an admin allows is in the audit log, with why. */
export async function editChatSource(
  deps: Deps,
  caller: Caller,
  id: string,
  {
    reason,
    ...change
  }: { enabled?: boolean | undefined; modelAllowed?: boolean | undefined; reason?: string | undefined },
): Promise<ChatSourceView> {
  await listSources(deps.db, deps.platforms.all);
  const source = await deps.db.$transaction(async (tx) => {
    const before = await findSource(tx, id);
    if (!before) throw new Refusal('chat_source.unknown', 'There is no such source of messages.', 404);
    const after = await saveSource(tx, id, change);
    const said = ({ enabled, modelAllowed }: ChatSource) => ({ enabled, modelAllowed });
    const detail = { ...said(after), was: said(before), ...(reason ? { reason } : {}) };
    const subject = `chat-source:${id}`;
    await recordAudit(tx, { memberId: caller.memberId, action: 'chat_source.changed', subject, detail });
    if (after.modelAllowed && !before.modelAllowed)
      await markNewsOfSource(tx, id, new Date(deps.now().getTime() - CATCH_UP_DAYS * DAY_MS));
    return after;
  });
  await announceMessages(deps);
  if (source.kind === 'archive' && source.enabled)
    await deps.jobs.add('pull-archive', { platform: source.platform }, { key: source.platform });
  const gaps = await countGaps(deps.db);
  return viewOf(source, gaps.get(id));
}

const passedOver = z.object({
  group: z.int().default(0),
  internal: z.int().default(0),
  refused: z.int().default(0),
  other: z.int().default(0),
});

function viewOf(source: ChatSource, gaps: { open: number; lost: number } = { open: 0, lost: 0 }): ChatSourceView {
  return {
    id: source.id,
    platform: source.platform,
    kind: source.kind as SourceKind,
    enabled: source.enabled,
    modelAllowed: source.modelAllowed,
    gaps: gaps.open,
    lost: gaps.lost,
    passedOver: passedOver.parse(source.passedOver),
    updatedAt: source.updatedAt.toISOString(),
  };
}
