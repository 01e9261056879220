import { z } from 'zod';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ContactProfile, FollowKey, FollowProfile, RemarkEdit } from '#server/platform/contact.ts';
import type { Page } from '#server/platform/page.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { done, type WecomApi } from './wecom-api.ts';
import { refuse } from './wecom-error.ts';
import { key, listOf, number, seconds, text } from '#bot/shared/field.ts';

export const contactOwnersMax = 100;
export const remarkLengthMax = 20;
const descriptionLengthMax = 150;
const corpNameLengthMax = 20;

/** D92571: members with the customer feature. */
export async function listContactOwners(api: WecomApi): Promise<PlatformKey[]> {
  const answer = z.object({ follow_user: listOf(key) });
  return (await api({ path: 'externalcontact/get_follow_user_list', answer })).follow_user;
}

const externalContact = z.object({
  external_userid: key,
  name: z.string().catch(''),
  avatar: text,
  type: number,
  gender: z.coerce
    .number()
    .pipe(z.literal([0, 1, 2]))
    .catch(0),
  unionid: text,
  corp_name: text,
  corp_full_name: text,
  position: text,
});

const follow = z.object({
  userid: key,
  remark: text,
  description: text,
  createtime: seconds,
  remark_corp_name: text,
  remark_mobiles: listOf(z.string()),
  add_way: number.nullish(),
  state: text,
});

const contactAnswer = z.object({
  external_contact: externalContact,
  // Personal tags have no id and are not the corp's.
  follow_user: listOf(follow.extend({ tags: listOf(z.object({ tag_id: text })) })),
  next_cursor: text,
});

/** D92114: 500 followers a page. A contact who deleted the member stays readable, one the member deleted does not. */
export async function getContact(api: WecomApi, contact: PlatformKey): Promise<ContactProfile> {
  const path = 'externalcontact/get';
  const fetchPage = (cursor: string) =>
    api({ path, query: { external_userid: contact, ...(cursor && { cursor }) }, answer: contactAnswer });

  const first = await fetchPage('');
  const followers = [...first.follow_user];
  for (let cursor = first.next_cursor; cursor;) {
    const page = await fetchPage(cursor);
    followers.push(...page.follow_user);
    if (page.next_cursor === cursor) throw stuck(path);
    cursor = page.next_cursor;
  }
  const follows = followers.map((one) =>
    followOf(
      one,
      one.tags.flatMap((tag) => tag.tag_id ?? []),
    ),
  );
  return profileOf(first.external_contact, follows);
}

const contactsAnswer = z.object({
  external_contact_list: listOf(
    z.object({ external_contact: externalContact, follow_info: follow.extend({ tag_id: listOf(key) }) }),
  ),
  next_cursor: text,
});

/** D92994: at most 100 members and 100 contacts a page. */
export async function listContacts(
  api: WecomApi,
  owners: PlatformKey[],
  cursor: string,
): Promise<Page<ContactProfile>> {
  const path = 'externalcontact/batch/get_by_user';
  if (owners.length === 0) return { items: [], nextCursor: '' };
  if (owners.length > contactOwnersMax) throw refuse(path, 'too_many', `At most ${contactOwnersMax} members at once.`);
  const body = { userid_list: owners, cursor, limit: 100 };
  const page = await api({ path, body, answer: contactsAnswer });
  if (cursor !== '' && page.next_cursor === cursor) throw stuck(path);
  return {
    items: page.external_contact_list.map((one) =>
      profileOf(one.external_contact, [followOf(one.follow_info, one.follow_info.tag_id)]),
    ),
    nextCursor: page.next_cursor ?? '',
  };
}

/** D92113: a member who has no contacts is refused with 84061. */
export async function listContactKeys(api: WecomApi, owner: PlatformKey): Promise<PlatformKey[]> {
  const answer = z.object({ external_userid: listOf(key) });
  try {
    return (await api({ path: 'externalcontact/list', query: { userid: owner }, answer })).external_userid;
  } catch (error) {
    if (error instanceof PlatformError && error.code === '84061') return [];
    throw error;
  }
}

/** D92115: remark ≤ 20, description ≤ 150, company ≤ 20 characters; phones as a whole, `[""]` for none. No callback. */
export async function saveRemark(api: WecomApi, of: FollowKey, edit: RemarkEdit): Promise<void> {
  const path = 'externalcontact/remark';
  const change = {
    ...limited(path, 'remark', edit.remark, remarkLengthMax),
    ...limited(path, 'description', edit.description, descriptionLengthMax),
    ...limited(path, 'remark_company', edit.corpName, corpNameLengthMax),
    ...(edit.phones && { remark_mobiles: edit.phones.length > 0 ? edit.phones : [''] }),
  };
  if (Object.keys(change).length === 0) return;
  await api({
    path,
    body: { userid: of.member, external_userid: of.contact, ...change },
    changes: true,
    answer: done,
  });
}

function limited(path: string, name: string, value: string | undefined, lengthMax: number): Record<string, string> {
  if (value === undefined) return {};
  if ([...value].length > lengthMax) throw refuse(path, 'too_long', `${name} has more than ${lengthMax} characters.`);
  return { [name]: value };
}

function profileOf(contact: z.infer<typeof externalContact>, follows: FollowProfile[]): ContactProfile {
  return {
    key: contact.external_userid,
    name: contact.name,
    avatar: contact.avatar,
    // 1 WeChat, 2 a member of another corp on WeCom
    type: contact.type === 2 ? 'colleague' : 'messenger',
    gender: contact.gender,
    unionKey: contact.unionid,
    corpName: contact.corp_name,
    corpFullName: contact.corp_full_name,
    position: contact.position,
    follows,
  };
}

function followOf(one: z.infer<typeof follow>, tagKeys: PlatformKey[]): FollowProfile {
  return {
    member: one.userid,
    remark: one.remark,
    description: one.description,
    remarkCorpName: one.remark_corp_name,
    remarkPhones: one.remark_mobiles.filter(Boolean),
    tagKeys,
    addWay: one.add_way ?? null,
    channel: one.state,
    addedAt: one.createtime,
  };
}

function stuck(path: string): PlatformError {
  return new PlatformError('unavailable', { platform: 'wecom', call: path, message: 'The same page came again.' });
}
