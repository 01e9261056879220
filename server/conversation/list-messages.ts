import type { Caller } from '#server/base/caller.ts';
import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import type { MessageView } from './conversation-api.ts';
import type { MessageKind, Sender } from './conversation.ts';
import {
  findMessage,
  listMessagesSince,
  openMedia,
  openText,
  pageMessages,
  type PagedMessage,
} from './conversation-store.ts';

export interface MessagePage {
  items: MessageView[];
  nextBefore: string | null;
}

/** Newest first. Reading a colleague's chat is in the audit log. */
export async function listMessages(
  deps: Deps,
  caller: Caller,
  asked: { contactId: string; before: Date | null; around: string | null; limit: number },
): Promise<MessagePage> {
  await getContactByIdInScope(deps.db, caller.scope, asked.contactId);
  const rows = asked.around
    ? await pageAround(deps, caller, asked.contactId, asked.around, asked.limit)
    : await pageMessages(deps.db, caller.scope, asked.contactId, asked);
  await recordReading(deps, caller, asked.contactId, rows);
  const oldest = rows.at(-1);
  const isLast = !oldest || rows.length < asked.limit;
  return { items: rows.map((row) => viewOf(deps, row)), nextBefore: isLast ? null : oldest.at.toISOString() };
}

/** Half a page from the message on, and half a page of what came before it. */
async function pageAround(
  deps: Deps,
  caller: Caller,
  contactId: string,
  messageId: string,
  limit: number,
): Promise<PagedMessage[]> {
  const message = await findMessage(deps.db, caller.scope, contactId, messageId);
  if (!message) throw new Refusal('message.unknown', 'This message is not in a chat you may see.', 404);
  const half = Math.ceil(limit / 2);
  const after = await listMessagesSince(deps.db, caller.scope, contactId, { from: message.at, limit: half });
  const older = { before: message.at, limit: Math.max(limit - after.length, 1) };
  return [...after.reverse(), ...(await pageMessages(deps.db, caller.scope, contactId, older))];
}

async function recordReading(deps: Deps, caller: Caller, contactId: string, rows: PagedMessage[]): Promise<void> {
  const others = new Set(rows.map(({ conversation }) => conversation.memberId));
  others.delete(caller.memberId);
  if (others.size === 0) return;
  await recordAudit(deps.db, {
    memberId: caller.memberId,
    action: 'conversation.read',
    subject: `contact:${contactId}`,
    detail: { of: [...others] },
  });
}

function viewOf(deps: Deps, row: PagedMessage): MessageView {
  const media = openMedia(deps.cipher, row);
  return {
    id: row.id,
    sender: row.sender as Sender,
    memberId: row.conversation.memberId,
    at: row.at.toISOString(),
    kind: row.kind as MessageKind,
    text: openText(deps.cipher, row),
    media: media && { name: media.name, bytes: media.bytes },
    recalledAt: row.recalledAt?.toISOString() ?? null,
  };
}
