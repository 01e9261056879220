import { append, plainOf, recallRecord } from './archive.ts';
import { DeedRefused, getFollow, getMember } from './deed-refused.ts';
import { alphanumeric } from './alphanumeric.ts';
import { pairOf, type ChatMessage, type Follow, type Stage } from './stage.ts';

export function customerWrites(stage: Stage, member: string, contact: string, text: string): ChatMessage {
  const follow = getFollow(stage, { member, contact });
  if (follow.relation !== 'friend' && follow.relation !== 'half') {
    throw new DeedRefused('sandbox.not_friends', '两人已不是好友，消息发不出去。');
  }
  return say(stage, follow, { from: contact, by: 'contact', kind: 'text', text, via: 'client' });
}

/** The member writes by hand or by the sidebar's button, or the platform sends a welcome or a group message in their name. */
export function memberWrites(
  stage: Stage,
  member: string,
  contact: string,
  what: Pick<ChatMessage, 'text' | 'card'> & Partial<Pick<ChatMessage, 'kind' | 'via'>>,
): ChatMessage {
  const follow = getFollow(stage, { member: getMember(stage, member).userid, contact });
  const isWelcome = what.via === 'welcome';
  if (follow.relation !== 'friend' && !(isWelcome && follow.relation === 'half')) {
    throw new DeedRefused('sandbox.not_friends', '消息已发出，但被对方拒收了。');
  }
  return say(stage, follow, {
    from: member,
    by: 'member',
    kind: what.kind ?? 'text',
    text: what.text,
    via: what.via ?? 'client',
    ...(what.card ? { card: what.card } : {}),
  });
}

export function notes(stage: Stage, follow: Follow, text: string): void {
  say(stage, follow, { from: '', by: 'system', kind: 'text', text, via: 'client' });
}

function say(
  stage: Stage,
  follow: Follow,
  what: Pick<ChatMessage, 'from' | 'by' | 'kind' | 'text' | 'via' | 'card'>,
): ChatMessage {
  const { world } = stage;
  const chat = (world.chats[pairOf(follow.member, follow.contact)] ??= []);
  const message: ChatMessage = {
    ...what,
    id: `m${alphanumeric(20)}`,
    member: follow.member,
    contact: follow.contact,
    // Two messages of one millisecond would have no order of their own.
    at: Math.max(stage.now(), (chat.at(-1)?.at ?? 0) + 1),
    archived: what.by !== 'system' && follow.consent === 'agreed',
    recalled: false,
  };
  chat.push(message);
  if (message.archived) {
    append(world, message.at, plainOf(message));
    stage.announceArchive();
  }
  stage.changed();
  stage.tell({ type: 'message', member: follow.member, contact: follow.contact, message });
  return message;
}

export function recall(stage: Stage, id: string): ChatMessage {
  const message = Object.values(stage.world.chats)
    .flat()
    .find((one) => one.id === id);
  if (!message || message.by === 'system') throw new DeedRefused('sandbox.message_unknown', '没有这条消息。', 404);
  if (message.recalled || stage.now() - message.at > 120_000) {
    throw new DeedRefused('sandbox.too_late', '超过两分钟的消息不能撤回。');
  }
  message.recalled = true;
  if (message.archived) {
    append(stage.world, stage.now(), recallRecord(`r${alphanumeric(20)}`, stage.now(), message));
    stage.announceArchive();
  }
  stage.changed();
  stage.tell({ type: 'message', member: message.member, contact: message.contact, message });
  return message;
}

export function haveChatted(stage: Stage, pair: { member: string; contact: string }): boolean {
  const chat = stage.world.chats[pairOf(pair.member, pair.contact)] ?? [];
  return chat.some((message) => message.by !== 'system');
}
