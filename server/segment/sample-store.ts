import type { Db } from '#server/base/database.ts';

export type SampleFacts = Awaited<ReturnType<typeof listSampleFacts>>[number];

/** What the samples have that a rule can ask about. Whoever asks was found to see the contacts. */
export async function listSampleFacts(db: Db, ids: readonly string[]) {
  const contactId = { in: [...ids] };
  const [contacts, scores, conversations, promises, recipients, entries] = await Promise.all([
    db.contact.findMany({
      where: { id: contactId },
      include: {
        follows: { include: { tags: { include: { tag: { select: { name: true } } } } } },
        bindings: {
          include: { customer: { include: { opportunities: true } } },
          orderBy: [{ madeAt: 'asc' }, { customerId: 'asc' }],
        },
      },
    }),
    db.score.findMany({
      where: { contactId },
      distinct: ['contactId'],
      orderBy: [{ contactId: 'asc' }, { at: 'desc' }, { id: 'desc' }],
      select: { contactId: true, value: true, override: true },
    }),
    db.conversation.findMany({
      where: { contactId },
      select: {
        contactId: true,
        lastMessageAt: true,
        messages: { where: { sender: 'contact' }, orderBy: { at: 'desc' }, take: 1, select: { at: true } },
      },
    }),
    db.task.findMany({
      where: { contactId, state: 'open', quote: { not: null } },
      select: { contactId: true, dueAt: true },
    }),
    db.broadcastRecipient.findMany({
      where: { contactId, part: 'target' },
      select: { contactId: true, broadcastId: true, state: true, deliveredAt: true, repliedAt: true },
    }),
    db.contactListEntry.findMany({
      where: { contactId },
      select: { contactId: true, listId: true, list: { select: { name: true } } },
    }),
  ]);
  const memberIds = contacts.flatMap(({ follows, bindings }) => [
    ...follows.map(({ memberId }) => memberId),
    ...bindings.flatMap(({ customer }) => customer.ownerId ?? []),
  ]);
  const [members, broadcasts, channels] = await Promise.all([
    db.member.findMany({ where: { id: { in: memberIds } }, select: { id: true, name: true } }),
    db.broadcast.findMany({
      where: { id: { in: recipients.map(({ broadcastId }) => broadcastId) } },
      select: { id: true, name: true },
    }),
    db.channel.findMany({
      where: { state: { in: contacts.flatMap(({ follows }) => follows.flatMap(({ channel }) => channel ?? [])) } },
      select: { state: true, name: true },
    }),
  ]);
  const names = new Map([
    ...[...members, ...broadcasts].map(({ id, name }) => [id, name] as const),
    ...channels.map(({ state, name }) => [state, name] as const),
  ]);
  const of = <Row extends { contactId: string | null }>(rows: Row[], id: string) =>
    rows.filter((row) => row.contactId === id);
  return contacts.map((contact) => ({
    ...contact,
    /** Of members, broadcasts and channels. */
    names,
    score: of(scores, contact.id)[0] ?? null,
    conversations: of(conversations, contact.id),
    promises: of(promises, contact.id),
    recipients: of(recipients, contact.id),
    entries: of(entries, contact.id),
  }));
}
