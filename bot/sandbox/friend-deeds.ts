import { agreeRecord, append } from './archive.ts';
import { haveChatted, notes } from './chat-deeds.ts';
import { DeedRefused, getFollow, getMember } from './deed-refused.ts';
import type { ActResult, Deed } from './sandbox-api.ts';
import { alphanumeric } from './alphanumeric.ts';
import { followOf, pairOf, type Contact, type Follow, type Stage } from './stage.ts';

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

export function memberConfirms(stage: Stage, deed: Deed<'member_confirms'>): ActResult {
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

export function part(
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

export function consents(stage: Stage, follow: Follow, agree: boolean): void {
  const at = stage.now();
  follow.consent = agree ? 'agreed' : 'refused';
  follow.consentAt = at;
  append(stage.world, at, agreeRecord(`a${alphanumeric(20)}`, at, follow.member, follow.contact, agree));
  touched(stage, follow);
  if (agree) pushFollow(stage, 'msg_audit_approved', follow);
  stage.announceArchive();
}

export function memberEdits(stage: Stage, deed: Deed<'member_edits'>): ActResult {
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

export function touched(stage: Stage, follow: Follow): void {
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
