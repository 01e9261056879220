import { randomBytes } from 'node:crypto';
import { agreeRecord, append, plainOf, recallRecord } from './archive.ts';
import type { Act, ActResult, act, sendActs } from './sandbox-api.ts';
import { alphanumeric } from './seed-world.ts';
import {
  followOf,
  pairOf,
  seconds,
  type ChatMessage,
  type Contact,
  type Follow,
  type Member,
  type Stage,
} from './stage.ts';
import type { z } from 'zod';

/** What a person asked of the sandbox that cannot be done now, and why. */
export class DeedRefused extends Error {
  override readonly name = 'DeedRefused';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 409) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

type Deed<Kind extends Act['kind']> = Extract<z.output<typeof act>, { kind: Kind }>;

/** Deeds that a platform's own part of the sandbox knows more about. */
type DeedElsewhere = 'card_pressed' | 'transfer_settles' | z.output<(typeof sendActs)[number]>['kind'];

/** Whatever people do in their clients and in the admin console; each tells the product what the platform would. */
export function perform(stage: Stage, deed: Exclude<z.output<typeof act>, { kind: DeedElsewhere }>): ActResult {
  switch (deed.kind) {
    case 'customer_adds':
      return customerAdds(stage, deed);
    case 'member_confirms':
      return memberConfirms(stage, deed);
    case 'customer_writes':
      return { message: customerWrites(stage, deed.member, deed.contact, deed.text) };
    case 'member_writes':
      return { message: memberWrites(stage, deed.member, deed.contact, { text: deed.text }) };
    case 'recall':
      return { message: recall(stage, deed.message) };
    case 'customer_removes':
      return part(stage, deed, 'deleted_by_contact', 'del_follow_user');
    case 'member_removes':
      return part(stage, deed, 'deleted_by_member', 'del_external_contact');
    case 'customer_consents':
      consents(stage, getFollow(stage, deed), deed.agree);
      return {};
    case 'member_edits':
      return memberEdits(stage, deed);
    case 'console_adds_tag':
      return { tag: consoleAddsTag(stage, deed.group, deed.name) };
    case 'console_removes_tag':
      return consoleRemovesTag(stage, deed.tag);
    case 'member_joins':
      return { member: memberJoins(stage, deed) };
    case 'member_leaves':
      return memberLeaves(stage, deed.member);
    case 'member_tells_app':
      stage.push({
        event: 'message',
        msgType: 'text',
        from: getMember(stage, deed.member).userid,
        fields: {
          Content: deed.text,
          MsgId: String(randomBytes(8).readBigUInt64BE() >> 1n),
          AgentID: Number(stage.world.company.agentId),
        },
      });
      return {};
    case 'unknown_event':
      stage.push({ event: deed.name, fields: { Note: '沙盒' } });
      return {};
  }
}

function getMember(stage: Stage, userid: string): Member {
  const member = stage.world.members[userid];
  if (!member?.active) throw new DeedRefused('sandbox.member_unknown', '没有这位在职成员。', 404);
  return member;
}

function getFollow(stage: Stage, pair: { member: string; contact: string }): Follow {
  const follow = followOf(stage.world, pair.member, pair.contact);
  if (!follow) throw new DeedRefused('sandbox.strangers', '两人还不是好友。', 404);
  return follow;
}

function touched(stage: Stage, follow: Follow): void {
  stage.changed();
  stage.tell({ type: 'contact', member: follow.member, contact: follow.contact });
}

export function pushFollow(
  stage: Stage,
  change: string,
  follow: Pick<Follow, 'member' | 'contact'>,
  more: Record<string, string> = {},
): void {
  stage.push({
    event: 'change_external_contact',
    fields: { ChangeType: change, UserID: follow.member, ExternalUserID: follow.contact, ...more },
  });
}

export function customerAdds(
  stage: Stage,
  deed: Omit<Deed<'customer_adds'>, 'kind'>,
  addWay = deed.channel ? 1 : 2,
): ActResult {
  const { world } = stage;
  const member = getMember(stage, deed.member);
  if (!member.mayHaveContacts) throw new DeedRefused('sandbox.no_contacts', '这位成员没有客户联系功能。');
  const contact = deed.contact === null ? newContact(stage, deed) : world.contacts[deed.contact];
  if (!contact) throw new DeedRefused('sandbox.contact_unknown', '没有这位客户。', 404);
  const before = followOf(world, member.userid, contact.id);
  if (before?.relation === 'friend' || (before?.relation === 'half' && deed.half)) {
    throw new DeedRefused('sandbox.already_friends', '两人已经是好友。');
  }
  const follow: Follow = {
    member: member.userid,
    contact: contact.id,
    relation: deed.half ? 'half' : 'friend',
    consent: before?.consent ?? 'unknown',
    consentAt: before?.consentAt ?? null,
    // A member who deleted the contact starts anew; one who was deleted kept the remark.
    remark: before?.relation === 'deleted_by_contact' ? before.remark : contact.name,
    description: before?.relation === 'deleted_by_contact' ? before.description : '',
    remarkCorpName: before?.remarkCorpName ?? '',
    remarkPhones: before?.remarkPhones ?? [],
    tagIds: before?.relation === 'deleted_by_contact' ? before.tagIds : [],
    personalTags: before?.personalTags ?? [],
    addWay,
    state: deed.channel ?? '',
    createdAt: stage.now(),
    by: contact.id,
  };
  world.follows[pairOf(member.userid, contact.id)] = follow;
  stage.tell({ type: 'contact', member: follow.member, contact: follow.contact });
  notes(stage, follow, `${contact.name} 添加了 ${member.name}，现在可以开始聊天了。`);
  pushFollow(stage, deed.half ? 'add_half_external_contact' : 'add_external_contact', follow, {
    ...(follow.state ? { State: follow.state } : {}),
    ...welcomeCode(stage, follow, contact),
  });
  stage.changed();
  if (deed.agree && follow.consent !== 'agreed') consents(stage, follow, true);
  return { contact: contact.id, member: member.userid, relation: follow.relation };
}

function newContact(stage: Stage, about: { name?: string; corpName?: string }): Contact {
  const contact: Contact = {
    id: `${about.corpName ? 'wo' : 'wm'}${alphanumeric(30)}`,
    name: about.name?.trim() || '新客户',
    type: about.corpName ? 'wecom' : 'wechat',
    gender: 0,
    corpName: about.corpName ?? null,
    corpFullName: about.corpName ?? null,
    position: null,
    unionid: about.corpName ? null : `o${alphanumeric(27)}`,
  };
  stage.world.contacts[contact.id] = contact;
  return contact;
}

/** None for those who chatted before, for members of other WeCom companies, nor beside the console's own (D92130). */
function welcomeCode(stage: Stage, follow: Follow, contact: Contact): { WelcomeCode?: string } {
  const { world } = stage;
  if (contact.type === 'wecom' || haveChatted(stage, follow) || world.settings.consoleWelcome) return {};
  const code = alphanumeric(43);
  world.welcomes.push({
    code,
    member: follow.member,
    contact: follow.contact,
    issuedAt: stage.now(),
    used: false,
  });
  world.welcomes.splice(0, world.welcomes.length - 500);
  return { WelcomeCode: code };
}

export function haveChatted(stage: Stage, pair: { member: string; contact: string }): boolean {
  const chat = stage.world.chats[pairOf(pair.member, pair.contact)] ?? [];
  return chat.some((message) => message.by !== 'system');
}

function memberConfirms(stage: Stage, deed: Deed<'member_confirms'>): ActResult {
  const follow = getFollow(stage, deed);
  if (follow.relation !== 'half') throw new DeedRefused('sandbox.nothing_to_confirm', '没有待通过的好友申请。');
  follow.relation = 'friend';
  const contact = stage.world.contacts[follow.contact];
  const wasWelcomed = stage.world.welcomes.some(
    (one) => one.member === follow.member && one.contact === follow.contact && one.used,
  );
  touched(stage, follow);
  pushFollow(stage, 'add_external_contact', follow, {
    ...(follow.state ? { State: follow.state } : {}),
    ...(contact && !wasWelcomed ? welcomeCode(stage, follow, contact) : {}),
  });
  return { contact: follow.contact, relation: follow.relation };
}

function customerWrites(stage: Stage, member: string, contact: string, text: string): ChatMessage {
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

function notes(stage: Stage, follow: Follow, text: string): void {
  say(stage, follow, { from: '', by: 'system', kind: 'text', text, via: 'client' });
}

function recall(stage: Stage, id: string): ChatMessage {
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

function part(
  stage: Stage,
  pair: { member: string; contact: string },
  relation: 'deleted_by_member' | 'deleted_by_contact',
  change: string,
): ActResult {
  const follow = getFollow(stage, pair);
  if (follow.relation === relation || follow.relation === 'deleted_by_member') {
    throw new DeedRefused('sandbox.already_parted', '已经删除过了。');
  }
  follow.relation = relation;
  touched(stage, follow);
  pushFollow(stage, change, follow);
  return { contact: follow.contact, relation };
}

function consents(stage: Stage, follow: Follow, agree: boolean): void {
  const at = stage.now();
  follow.consent = agree ? 'agreed' : 'refused';
  follow.consentAt = at;
  append(stage.world, at, agreeRecord(`a${alphanumeric(20)}`, at, follow.member, follow.contact, agree));
  touched(stage, follow);
  if (agree) pushFollow(stage, 'msg_audit_approved', follow);
  stage.announceArchive();
}

function memberEdits(stage: Stage, deed: Deed<'member_edits'>): ActResult {
  const follow = getFollow(stage, deed);
  const known = new Set(stage.world.tagGroups.flatMap((group) => group.tags.map((tag) => tag.id)));
  if (deed.addTags?.some((tag) => !known.has(tag))) throw new DeedRefused('sandbox.tag_unknown', '没有这个标签。', 404);
  if (deed.remark !== undefined) follow.remark = deed.remark;
  if (deed.description !== undefined) follow.description = deed.description;
  if (deed.corpName !== undefined) follow.remarkCorpName = deed.corpName;
  if (deed.phones) follow.remarkPhones = deed.phones;
  markTags(follow, deed.addTags ?? [], deed.removeTags ?? []);
  touched(stage, follow);
  pushFollow(stage, 'edit_external_contact', follow);
  return {};
}

export function markTags(follow: Follow, add: readonly string[], remove: readonly string[]): void {
  follow.tagIds = [...new Set([...follow.tagIds.filter((tag) => !remove.includes(tag)), ...add])];
}

function pushTag(stage: Stage, change: string, id: string, type: 'tag' | 'tag_group'): void {
  stage.push({ event: 'change_external_tag', fields: { Id: id, TagType: type, ChangeType: change } });
}

function consoleAddsTag(stage: Stage, groupName: string, name: string): string {
  const { tagGroups } = stage.world;
  const createdAt = stage.now();
  let group = tagGroups.find((one) => one.name === groupName);
  if (group?.tags.some((tag) => tag.name === name)) throw new DeedRefused('sandbox.tag_exists', '标签已存在。');
  if (!group) {
    group = { id: `et${alphanumeric(30)}`, name: groupName, order: 0, createdAt, byApp: false, tags: [] };
    tagGroups.push(group);
    pushTag(stage, 'create', group.id, 'tag_group');
  }
  const tag = { id: `et${alphanumeric(30)}`, name, order: 0, createdAt };
  group.tags.push(tag);
  pushTag(stage, 'create', tag.id, 'tag');
  stage.changed();
  return tag.id;
}

function consoleRemovesTag(stage: Stage, id: string): ActResult {
  const group = stage.world.tagGroups.find((one) => one.tags.some((tag) => tag.id === id));
  if (!group) throw new DeedRefused('sandbox.tag_unknown', '没有这个标签。', 404);
  removeTags(stage, [id], []);
  pushTag(stage, 'delete', id, 'tag');
  if (group.tags.length === 0) pushTag(stage, 'delete', group.id, 'tag_group');
  return {};
}

/** A group goes with its last tag, a tag goes from every customer. */
export function removeTags(stage: Stage, tagIds: readonly string[], groupIds: readonly string[]): void {
  const { world } = stage;
  const gone = new Set([
    ...tagIds,
    ...world.tagGroups.filter((group) => groupIds.includes(group.id)).flatMap((group) => group.tags.map((t) => t.id)),
  ]);
  for (const group of world.tagGroups) group.tags = group.tags.filter((tag) => !gone.has(tag.id));
  world.tagGroups = world.tagGroups.filter((group) => group.tags.length > 0);
  for (const follow of Object.values(world.follows)) {
    if (follow.tagIds.some((tag) => gone.has(tag))) follow.tagIds = follow.tagIds.filter((tag) => !gone.has(tag));
  }
  stage.changed();
}

function memberJoins(stage: Stage, deed: Deed<'member_joins'>): string {
  const { world } = stage;
  const department = world.departments.find((one) => String(one.id) === deed.department);
  if (!department) throw new DeedRefused('sandbox.department_unknown', '没有这个部门。', 404);
  const userid = `zh${1001 + Object.keys(world.members).length}`;
  const sells = Object.values(world.members).some(
    (one) => one.mayHaveContacts && one.departments.includes(department.id),
  );
  world.members[userid] = {
    userid,
    name: deed.name,
    position: deed.position,
    departments: [department.id],
    leaderOf: [],
    mobile: '',
    email: '',
    gender: 1,
    active: true,
    mayHaveContacts: sells,
  };
  stage.changed();
  // Addresses configured after 2022-08-15 are told the id and the department only (D90970).
  stage.push({
    event: 'change_contact',
    fields: { ChangeType: 'create_user', UserID: userid, Department: String(department.id) },
  });
  return userid;
}

function memberLeaves(stage: Stage, userid: string): ActResult {
  const member = getMember(stage, userid);
  member.active = false;
  member.leftAt = stage.now();
  for (const login of stage.world.logins) if (login.member === member.userid) login.used = true;
  stage.changed();
  stage.push({
    event: 'change_contact',
    fields: { ChangeType: 'delete_user', UserID: member.userid },
  });
  return {};
}

/** Unix seconds now, as replies of the API carry them. */
export const nowSeconds = (stage: Stage): number => seconds(stage.now());
