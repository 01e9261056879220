import type { Contact, Member } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { getSource, saveSource } from '#server/conversation/chat-source-store.ts';
import { insertMessages } from '#server/conversation/conversation-store.ts';
import { makeContact, makeMember } from './factories.ts';

export interface Chat {
  member: Member;
  contact: Contact;
  conversationId: string;
  /** Stores a message and answers its id; each is a minute after the one before. */
  say(sender: 'contact' | 'member', text: string, at?: Date): Promise<string>;
}

let made = 0;

/** A member and a contact in a chat whose source the model may read. */
export async function makeChat(
  deps: Deps,
  given: { member?: Member; contactName?: string; modelAllowed?: boolean; corpName?: string } = {},
): Promise<Chat> {
  const member = given.member ?? (await makeMember(deps, { name: '王明' }));
  const contact = await makeContact(deps, {
    name: given.contactName ?? '陈丽华',
    corpName: given.corpName ?? null,
    followedBy: [member],
  });
  const { id: sourceId } = await getSource(deps.db, 'wecom', 'archive');
  await saveSource(deps.db, sourceId, { modelAllowed: given.modelAllowed ?? true });
  const conversation = await deps.db.conversation.create({ data: { contactId: contact.id, memberId: member.id } });
  let minute = 0;
  return {
    member,
    contact,
    conversationId: conversation.id,
    async say(sender, text, at = new Date(deps.now().getTime() - 3_600_000 + (minute += 1) * 60_000)) {
      const key = `said-${(made += 1)}`;
      const message = {
        contactId: contact.id,
        memberId: member.id,
        key,
        sender,
        at,
        kind: 'text' as const,
        text,
        media: null,
      };
      await insertMessages(deps.db, deps.cipher, sourceId, [message]);
      return (await deps.db.message.findUniqueOrThrow({ where: { sourceId_key: { sourceId, key } } })).id;
    },
  };
}
