import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import { signalKinds, type SignalKind } from './summary-answer.ts';
import type { StoredSignal } from './summary.ts';

/**
 * Keeps who said what kind of thing when, apart from the summary that found it, which is encrypted: scores of everybody
 * count these rows. What one summary found stays when the next, which reads later messages, no longer names it.
 */
export async function noteSignals(
  db: Db,
  cipher: FieldCipher,
  conversationId: string,
  signals: readonly StoredSignal[],
): Promise<void> {
  const said = signals.flatMap(({ signal, quotes }) => quotes.map((quote) => ({ signal, ...quote })));
  if (said.length === 0) return;
  // A quote whose message is not of this conversation proves nothing.
  const messages = await db.message.findMany({
    where: { id: { in: said.map(({ messageId }) => messageId) }, conversationId, sender: 'contact' },
    select: { id: true, at: true, conversation: { select: { contactId: true } } },
  });
  const known = new Map(messages.map((message) => [message.id, message]));
  await db.messageSignal.createMany({
    data: said.flatMap(({ signal, messageId, quote, manner }) => {
      const message = known.get(messageId);
      if (!message) return [];
      const { at, conversation } = message;
      return { messageId, kind: signal, contactId: conversation.contactId, at, quote: cipher.encrypt(quote), manner };
    }),
    skipDuplicates: true,
  });
}

export interface SaidSignal {
  kind: SignalKind;
  messageId: string;
  at: Date;
  quote: string;
}

/** What the contact's messages said up to `until`, of each kind the newest that was not recalled. */
export async function listNewestSignals(
  db: Db,
  cipher: FieldCipher,
  contactId: string,
  { since, until }: { since: Date; until: Date },
): Promise<SaidSignal[]> {
  const rows = await db.messageSignal.findMany({
    where: {
      contactId,
      at: { gt: since, lte: until },
      kind: { in: [...signalKinds] },
      manner: { not: 'dictated' },
      message: { recalledAt: null },
    },
    distinct: ['kind'],
    orderBy: [{ at: 'desc' }, { messageId: 'desc' }],
  });
  return rows.map(({ kind, messageId, at, quote }) => ({
    kind: kind as SignalKind,
    messageId,
    at,
    quote: cipher.decrypt(quote),
  }));
}

/** Which of the contacts said anything of that kind since: of the others nothing needs to be read. */
export async function listHeard(db: Db, contactIds: readonly string[], since: Date): Promise<Set<string>> {
  const rows = await db.messageSignal.findMany({
    where: { contactId: { in: [...contactIds] }, at: { gt: since } },
    distinct: ['contactId'],
    select: { contactId: true },
  });
  return new Set(rows.map(({ contactId }) => contactId));
}
