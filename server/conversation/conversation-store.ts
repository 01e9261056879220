import type { Conversation, Message, Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { openJson, sealJson, type FieldCipher } from '#server/base/field-cipher.ts';
import {
  storedMedia,
  type Media,
  type MessageKind,
  type NewMessage,
  type SaidMessage,
  type Sender,
} from './conversation.ts';

/**
 * The newest `limit` messages, oldest first, without the recalled ones. A model is shown only what came from sources an
 * admin has opened to it; `rules` read everything, inside this process.
 */
export async function readConversation(
  deps: Deps,
  conversationId: string,
  limit: number,
  reader: 'model' | 'rules' = 'model',
): Promise<SaidMessage[]> {
  const rows = await deps.db.message.findMany({
    where: {
      conversationId,
      recalledAt: null,
      ...(reader === 'model' ? { sourceId: { in: await sourcesForModel(deps.db) } } : {}),
    },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
    take: limit,
  });
  return rows.reverse().map((row) => saidMessage(deps.cipher, row));
}

const saidMessage = (cipher: FieldCipher, row: Message): SaidMessage => ({
  id: row.id,
  sender: row.sender as Sender,
  at: row.at,
  kind: row.kind as MessageKind,
  text: openText(cipher, row),
  mediaName: openMedia(cipher, row)?.name ?? null,
});

/** Whether a model may read anything of the conversation. */
export async function modelAllowed(deps: Deps, conversationId: string): Promise<boolean> {
  const sourceId = { in: await sourcesForModel(deps.db) };
  return (await deps.db.message.findFirst({ where: { conversationId, sourceId }, select: { id: true } })) !== null;
}

async function sourcesForModel(db: Db): Promise<string[]> {
  const rows = await db.chatSource.findMany({ where: { modelAllowed: true }, select: { id: true } });
  return rows.map(({ id }) => id);
}

/** Null when there is none: a conversation begins with its first message. */
export async function findConversation(db: Db, conversationId: string): Promise<Conversation | null> {
  return db.conversation.findUnique({ where: { id: conversationId } });
}

/** The conversations members in scope have with the contact, the one spoken in last first. */
export async function listConversationsOf(db: Db, scope: Scope, contactId: string): Promise<Conversation[]> {
  return db.conversation.findMany({
    where: { contactId, ...inScope(scope) },
    orderBy: [{ lastMessageAt: { sort: 'desc', nulls: 'last' } }, { id: 'asc' }],
  });
}

/** Which of the messages are there and not recalled, with what they say: quotes are checked against it. */
export async function listMessages(deps: Deps, ids: string[]): Promise<(SaidMessage & { conversationId: string })[]> {
  const rows = await deps.db.message.findMany({ where: { id: { in: ids }, recalledAt: null } });
  return rows.map((row) => ({ ...saidMessage(deps.cipher, row), conversationId: row.conversationId }));
}

/** Which of the messages a model may still be told of: not recalled, and of a source an admin has opened to it. */
export async function listTellable(db: Db, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db.message.findMany({
    where: { id: { in: [...ids] }, recalledAt: null, sourceId: { in: await sourcesForModel(db) } },
    select: { id: true },
  });
  return new Set(rows.map(({ id }) => id));
}

/** Which of the messages may be quoted to someone of this scope: theirs to read, and not recalled. */
export async function listQuotable(db: Db, scope: Scope, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db.message.findMany({
    where: { id: { in: ids }, recalledAt: null, conversation: inScope(scope) },
    select: { id: true },
  });
  return new Set(rows.map(({ id }) => id));
}

export type PagedMessage = Message & { conversation: { memberId: string } };

/**
 * Newest first. Messages of one moment stay on one page, so that the next page, which is asked for by time, misses none:
 * a page may be longer than `limit`.
 */
export async function pageMessages(
  db: Db,
  scope: Scope,
  contactId: string,
  { before, limit }: { before: Date | null; limit: number },
): Promise<PagedMessage[]> {
  const where = { conversation: { contactId, ...inScope(scope) } };
  const page = await db.message.findMany({
    where: { ...where, ...(before ? { at: { lt: before } } : {}) },
    include: withMember,
    orderBy: newestFirst,
    take: limit,
  });
  const last = page.at(-1);
  if (!last || page.length < limit) return page;
  const rest = await db.message.findMany({
    where: { ...where, at: last.at, id: { notIn: page.map(({ id }) => id) } },
    include: withMember,
    orderBy: newestFirst,
  });
  return [...page, ...rest];
}

/** Messages from `from` on, oldest first. */
export async function listMessagesSince(
  db: Db,
  scope: Scope,
  contactId: string,
  { from, limit }: { from: Date; limit: number },
): Promise<PagedMessage[]> {
  return db.message.findMany({
    where: { conversation: { contactId, ...inScope(scope) }, at: { gte: from } },
    include: withMember,
    orderBy: [{ at: 'asc' }, { id: 'asc' }],
    take: limit,
  });
}

/** Null also when the message is outside the scope or of another contact. */
export async function findMessage(db: Db, scope: Scope, contactId: string, id: string): Promise<Message | null> {
  return db.message.findFirst({ where: { id, conversation: { contactId, ...inScope(scope) } } });
}

const withMember = { conversation: { select: { memberId: true } } } as const;
const newestFirst = [{ at: 'desc' }, { id: 'desc' }] satisfies Prisma.MessageOrderByWithRelationInput[];

function inScope(scope: Scope): { memberId?: { in: string[] } } {
  return scope.all ? {} : { memberId: { in: [...scope.memberIds] } };
}

/** '' for a recalled message: who recalls words does not want them read. */
export function openText(cipher: FieldCipher, row: Pick<Message, 'text' | 'recalledAt'>): string {
  return row.text === '' || row.recalledAt ? '' : cipher.decrypt(row.text);
}

export function openMedia(cipher: FieldCipher, row: Pick<Message, 'media' | 'recalledAt'>): Media | null {
  return row.media === null || row.recalledAt ? null : openJson(cipher, storedMedia, row.media);
}

/** Stores what is new and marks its conversations as having news. Takes a transaction. */
export async function insertMessages(
  db: Db,
  cipher: FieldCipher,
  sourceId: string,
  messages: NewMessage[],
): Promise<number> {
  if (messages.length === 0) return 0;
  const conversationIds = await ensureConversations(db, messages);
  const added = await db.message.createManyAndReturn({
    data: messages.map((message) => ({
      conversationId: conversationIds.get(pairOf(message)) ?? '',
      sourceId,
      key: message.key,
      sender: message.sender,
      at: message.at,
      kind: message.kind,
      text: message.text === '' ? '' : cipher.encrypt(message.text),
      media: message.media && sealJson(cipher, message.media),
    })),
    skipDuplicates: true,
    select: { conversationId: true, at: true },
  });
  const touched = Map.groupBy(added, ({ conversationId }) => conversationId);
  for (const [id, rows] of [...touched].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const newest = rows.reduce((latest, { at }) => (at > latest ? at : latest), new Date(0));
    await db.$executeRaw`
      UPDATE "Conversation" SET "messageCount" = "messageCount" + ${rows.length}, "hasNews" = true,
        "lastMessageAt" = greatest("lastMessageAt", ${newest}) WHERE id = ${id}::uuid`;
  }
  return added.length;
}

async function ensureConversations(db: Db, messages: NewMessage[]): Promise<Map<string, string>> {
  const pairs = [...new Map(messages.map((message) => [pairOf(message), message])).values()]
    .map(({ contactId, memberId }) => ({ contactId, memberId }))
    .sort((a, b) => (pairOf(a) < pairOf(b) ? -1 : 1));
  await db.conversation.createMany({ data: pairs, skipDuplicates: true });
  const rows = await db.conversation.findMany({
    where: { OR: pairs },
    select: { id: true, contactId: true, memberId: true },
  });
  return new Map(rows.map((row) => [pairOf(row), row.id]));
}

function pairOf({ contactId, memberId }: { contactId: string; memberId: string }): string {
  return `${contactId} ${memberId}`;
}

/** What member and contact said in a span of time, whatever the source. */
export async function listSaidBetween(
  db: Db,
  cipher: FieldCipher,
  pair: { contactId: string; memberId: string },
  { from, until }: { from: Date; until: Date },
): Promise<Pick<SaidMessage, 'sender' | 'at' | 'text'>[]> {
  const rows = await db.message.findMany({
    where: { conversation: pair, at: { gte: from, lt: until } },
    orderBy: [{ at: 'asc' }, { id: 'asc' }],
  });
  return rows.map((row) => ({ sender: row.sender as Sender, at: row.at, text: openText(cipher, row) }));
}

/** Marks messages as recalled and answers the keys that are not stored. */
export async function recallMessages(
  db: Db,
  sourceId: string,
  recalls: { key: string; at: Date }[],
): Promise<{ key: string; at: Date }[]> {
  const unknown = [];
  for (const { key, at } of recalls) {
    const found = await db.message.findUnique({ where: { sourceId_key: { sourceId, key } } });
    if (!found) unknown.push({ key, at });
    else if (!found.recalledAt) {
      await db.message.update({ where: { id: found.id }, data: { recalledAt: at } });
      await db.conversation.update({ where: { id: found.conversationId }, data: { hasNews: true } });
    }
  }
  return unknown;
}

/** Conversations whose news nobody has been told of. */
export async function listWithNews(db: Db, limit: number): Promise<Conversation[]> {
  return db.conversation.findMany({ where: { hasNews: true }, orderBy: { id: 'asc' }, take: limit });
}

/** When the messages since then were said, by conversation. */
export async function listLatestTimes(db: Db, conversationIds: string[], since: Date): Promise<Map<string, Date[]>> {
  if (conversationIds.length === 0) return new Map();
  const rows = await db.message.findMany({
    where: { conversationId: { in: conversationIds }, at: { gte: since } },
    select: { conversationId: true, at: true },
  });
  const times = Map.groupBy(rows, ({ conversationId }) => conversationId);
  return new Map([...times].map(([id, said]) => [id, said.map(({ at }) => at)]));
}

/** Unless something was said since it was read. */
export async function clearNews(db: Db, { id, messageCount }: Conversation): Promise<void> {
  await db.conversation.updateMany({ where: { id, messageCount }, data: { hasNews: false } });
}

/** Conversations with messages of a source, spoken in since `since`. */
export async function markNewsOfSource(db: Db, sourceId: string, since: Date): Promise<void> {
  await db.conversation.updateMany({
    where: { lastMessageAt: { gte: since }, messages: { some: { sourceId } } },
    data: { hasNews: true },
  });
}
