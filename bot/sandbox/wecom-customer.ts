import { followsOf, isReadable, seconds, type Contact, type Follow, type Stage } from './stage.ts';
import {
  Errcode,
  friendshipOf,
  get,
  limitOf,
  listOf,
  memberOf,
  optionalText,
  pageOf,
  post,
  records,
  textOf,
  type CallTable,
} from './wecom-call.ts';

export const customerCalls: CallTable = {
  'externalcontact/get_follow_user_list': get(({ stage }) => ({
    follow_user: Object.values(stage.world.members)
      .filter((member) => member.active && member.mayHaveContacts)
      .map((member) => member.userid),
  })),
  'externalcontact/list': get(({ stage, query }) => {
    const userid = query.get('userid');
    if (!userid) throw new Errcode(41009, 'userid missing');
    const follows = followsOf(stage.world, memberOf(stage, userid).userid).filter(isReadable);
    // Commonly so for a member without customers; an empty list is said to come as well.
    if (follows.length === 0) throw new Errcode(84061, 'not external contact');
    return { external_userid: follows.map((follow) => follow.contact) };
  }),
  'externalcontact/get': get(({ stage, query }) => {
    const id = query.get('external_userid');
    if (!id) throw new Errcode(41035, 'external_userid missing');
    const contact = stage.world.contacts[id];
    if (!contact) throw new Errcode(40096, 'invalid external userid');
    const follows = Object.values(stage.world.follows).filter((follow) => follow.contact === id && isReadable(follow));
    if (follows.length === 0) throw new Errcode(84061, 'not external contact');
    // D92114: 500 followers a page.
    const cursor = query.get('cursor');
    const page = pageOf(follows, cursor ? { cursor } : {}, 500);
    return {
      external_contact: contactDetail(contact),
      follow_user: page.items.map((follow) => ({ ...followDetail(follow), tags: tagsOf(stage, follow) })),
      ...(page.nextCursor ? { next_cursor: page.nextCursor } : {}),
    };
  }),
  // D92994: up to 100 members, up to 100 rows, one for each member and customer.
  'externalcontact/batch/get_by_user': post(({ stage, body }) => {
    const userids = listOf(body, 'userid_list');
    if (userids.length === 0) throw new Errcode(40031, 'userid_list is empty');
    if (userids.length > 100) throw new Errcode(40032, 'userid_list is too long');
    const follows = userids.flatMap((userid) =>
      followsOf(stage.world, memberOf(stage, userid).userid).filter(isReadable),
    );
    const page = pageOf(follows, body, limitOf(body, 100, 50));
    return {
      external_contact_list: page.items.flatMap((follow) => {
        const contact = stage.world.contacts[follow.contact];
        if (!contact) return [];
        return [
          {
            external_contact: contactDetail(contact),
            follow_info: { ...followDetail(follow), tag_id: follow.tagIds },
          },
        ];
      }),
      next_cursor: page.nextCursor,
    };
  }),
  'externalcontact/remark': post(({ stage, body }) => {
    const follow = friendshipOf(stage, body);
    const remark = limited(body, 'remark', 20);
    const description = limited(body, 'description', 150);
    const company = limited(body, 'remark_company', 20);
    const phones = body['remark_mobiles'] === undefined ? undefined : listOf(body, 'remark_mobiles');
    const picture = optionalText(body, 'remark_pic_mediaid');
    if ([remark, description, company, phones, picture].every((one) => one === undefined)) {
      throw new Errcode(40058, 'nothing to remark');
    }
    if (company !== undefined && stage.world.contacts[follow.contact]?.type !== 'wechat') {
      throw new Errcode(40058, 'remark_company is for WeChat customers');
    }
    if (remark !== undefined) follow.remark = remark;
    if (description !== undefined) follow.description = description;
    if (company !== undefined) follow.remarkCorpName = company;
    if (phones) follow.remarkPhones = phones.filter((phone) => phone !== '');
    stage.changed();
    stage.tell({ type: 'contact', member: follow.member, contact: follow.contact });
    return {};
  }),
  'msgaudit/get_permit_user_list': post(
    ({ stage }) => ({
      ids: Object.values(stage.world.members)
        .filter((member) => member.active && member.mayHaveContacts)
        .map((member) => member.userid),
    }),
    ['archive'],
  ),
  // D91782: the misspelt key is the platform's. With the archive's own secret.
  'msgaudit/check_single_agree': post(
    ({ stage, body }) => {
      const asked = records(body['info'], 'info');
      if (asked.length > 100) throw new Errcode(301060, 'more than 100 asked');
      return {
        agreeinfo: asked.map((one) => {
          const userid = textOf(one, 'userid', 41009);
          const contact = textOf(one, 'exteranalopenid', 41035);
          const follow = followsOf(stage.world, memberOf(stage, userid).userid).find((f) => f.contact === contact);
          if (!follow) throw new Errcode(301061, 'unknown id');
          return {
            status_change_time: seconds(follow.consentAt ?? follow.createdAt),
            userid,
            exteranalopenid: contact,
            agree_status: follow.consent === 'agreed' ? 'Agree' : 'Disagree',
          };
        }),
      };
    },
    ['archive'],
  ),
};

function limited(body: Record<string, unknown>, key: string, max: number): string | undefined {
  const value = optionalText(body, key);
  if (value !== undefined && [...value].length > max) throw new Errcode(40058, `${key} is too long`);
  return value;
}

function contactDetail(contact: Contact): Record<string, unknown> {
  return {
    external_userid: contact.id,
    name: contact.name,
    ...(contact.position === null ? {} : { position: contact.position }),
    avatar: '',
    ...(contact.corpName === null ? {} : { corp_name: contact.corpName }),
    ...(contact.corpFullName === null ? {} : { corp_full_name: contact.corpFullName }),
    type: contact.type === 'wechat' ? 1 : 2,
    gender: contact.gender,
    ...(contact.unionid === null ? {} : { unionid: contact.unionid }),
  };
}

function followDetail(follow: Follow): Record<string, unknown> {
  return {
    userid: follow.member,
    remark: follow.remark,
    description: follow.description,
    createtime: seconds(follow.createdAt),
    ...(follow.remarkCorpName ? { remark_corp_name: follow.remarkCorpName } : {}),
    remark_mobiles: follow.remarkPhones,
    oper_userid: follow.by,
    add_way: follow.addWay,
    ...(follow.state ? { state: follow.state } : {}),
  };
}

function tagsOf(stage: Stage, follow: Follow): Record<string, unknown>[] {
  const company = stage.world.tagGroups.flatMap((group) =>
    group.tags
      .filter((tag) => follow.tagIds.includes(tag.id))
      .map((tag) => ({ group_name: group.name, tag_name: tag.name, tag_id: tag.id, type: 1 })),
  );
  return [...company, ...follow.personalTags.map((name) => ({ group_name: '', tag_name: name, type: 2 }))];
}
