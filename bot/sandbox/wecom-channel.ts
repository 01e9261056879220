import { alphanumeric } from './alphanumeric.ts';
import { seconds, type AcquisitionLink, type ContactWay, type Stage } from './stage.ts';
import {
  Errcode,
  limitOf,
  listOf,
  memberOf,
  optionalText,
  pageOf,
  post,
  textOf,
  type CallTable,
} from './wecom-call.ts';
import { linkUrl, membersOf, pictureUrl, told } from './wecom-way-in.ts';

const membersMax = 100;
const linkMembersMax = 500;
const listedDays = 90;
const dayMs = 86_400_000;
const family = 'externalcontact/customer_acquisition';

export const channelCalls: CallTable = {
  // D92228. A way into a mini program has no picture.
  'externalcontact/add_contact_way': post(({ stage, body }) => {
    const { type, scene } = body;
    if (type !== 1 && type !== 2) throw new Errcode(type === undefined ? 41037 : 41038, 'invalid type');
    if (scene !== 1 && scene !== 2) throw new Errcode(scene === undefined ? 41039 : 41040, 'invalid scene');
    if (body['is_temp'] === true) throw new Errcode(40058, 'temporary ways are not played here');
    const way: ContactWay = {
      id: alphanumeric(32).toLowerCase(),
      type,
      remark: '',
      state: '',
      skipVerify: true,
      users: [],
      party: [],
      at: stage.now(),
      addedCount: 0,
    };
    change(stage, way, body);
    if (way.users.length + way.party.length === 0) throw new Errcode(40063, 'user and party are empty');
    stage.world.contactWays.push(way);
    told(stage);
    return { config_id: way.id, ...(scene === 2 ? { qr_code: pictureUrl(stage, way) } : {}) };
  }),
  'externalcontact/get_contact_way': post(({ stage, body }) => {
    const way = wayOf(stage, body);
    return {
      contact_way: {
        config_id: way.id,
        type: way.type,
        scene: 2,
        remark: way.remark,
        skip_verify: way.skipVerify,
        state: way.state,
        qr_code: pictureUrl(stage, way),
        user: way.users,
        party: way.party,
        is_temp: false,
        is_exclusive: false,
      },
    };
  }),
  // D92228: of 90 days unless said.
  'externalcontact/list_contact_way': post(({ stage, body }) => {
    const now = seconds(stage.now());
    const from = typeof body['start_time'] === 'number' ? body['start_time'] : now - (listedDays * dayMs) / 1000;
    const to = typeof body['end_time'] === 'number' ? body['end_time'] : now;
    const made = stage.world.contactWays.filter(({ at }) => seconds(at) >= from && seconds(at) <= to);
    const page = pageOf(made, body, limitOf(body, 1000, 100));
    return { contact_way: page.items.map(({ id }) => ({ config_id: id })), next_cursor: page.nextCursor };
  }),
  'externalcontact/update_contact_way': post(({ stage, body }) => {
    change(stage, wayOf(stage, body), body);
    told(stage);
    return {};
  }),
  'externalcontact/del_contact_way': post(({ stage, body }) => {
    const way = wayOf(stage, body);
    stage.world.contactWays = stage.world.contactWays.filter((one) => one !== way);
    told(stage);
    return {};
  }),

  // D97297
  [`${family}/create_link`]: post(({ stage, body }) => {
    const link: AcquisitionLink = {
      id: `ca${alphanumeric(30)}`,
      name: nameIn(body),
      skipVerify: body['skip_verify'] !== false,
      users: rangeIn(stage, body),
      at: stage.now(),
      addedCount: 0,
    };
    stage.world.acquisitionLinks.push(link);
    told(stage);
    return { link: linkDetail(stage, link) };
  }),
  [`${family}/list_link`]: post(({ stage, body }) => {
    const page = pageOf(stage.world.acquisitionLinks.toReversed(), body, limitOf(body, 100, 100));
    return { link_id_list: page.items.map(({ id }) => id), next_cursor: page.nextCursor };
  }),
  [`${family}/get`]: post(({ stage, body }) => {
    const link = linkOf(stage, body);
    return {
      link: linkDetail(stage, link),
      range: { user_list: link.users, department_list: [] },
      priority_option: { priority_type: 0, priority_userid_list: [] },
    };
  }),
  [`${family}/update_link`]: post(({ stage, body }) => {
    const link = linkOf(stage, body);
    if (body['link_name'] !== undefined) link.name = nameIn(body);
    if (body['range'] !== undefined) link.users = rangeIn(stage, body);
    if (body['skip_verify'] !== undefined) link.skipVerify = body['skip_verify'] !== false;
    told(stage);
    return {};
  }),
  [`${family}/delete_link`]: post(({ stage, body }) => {
    const link = linkOf(stage, body);
    stage.world.acquisitionLinks = stage.world.acquisitionLinks.filter((one) => one !== link);
    told(stage);
    return {};
  }),
};

function wayOf({ world }: Stage, body: Record<string, unknown>): ContactWay {
  const id = textOf(body, 'config_id', 41043);
  const way = world.contactWays.find((one) => one.id === id);
  if (!way) throw new Errcode(41044, 'invalid config_id');
  return way;
}

/** What is left out stays; lists of members and departments are replaced as a whole. */
function change(stage: Stage, way: ContactWay, body: Record<string, unknown>): void {
  const remark = limited(body, 'remark', 30) ?? way.remark;
  const state = limited(body, 'state', 30) ?? way.state;
  const users = body['user'] === undefined ? way.users : usersIn(stage, listOf(body, 'user'));
  const party = body['party'] === undefined ? way.party : partyIn(stage, body['party']);
  if (way.type === 1 && users.length !== 1) throw new Errcode(40031, 'one user exactly');
  if (membersOf(stage, { users, party }).length > membersMax) throw new Errcode(41041, 'too many members');
  const skipVerify = body['skip_verify'] === undefined ? way.skipVerify : body['skip_verify'] !== false;
  Object.assign(way, { remark, state, users, party, skipVerify });
}

function usersIn(stage: Stage, userids: readonly string[]): string[] {
  const members = userids.map((userid) => memberOf(stage, userid));
  if (members.some((member) => !member.mayHaveContacts)) throw new Errcode(84074, 'no right to external contacts');
  return [...new Set(members.map(({ userid }) => userid))];
}

function partyIn(stage: Stage, value: unknown): number[] {
  const ids = Array.isArray(value) ? (value as unknown[]) : [value];
  return ids.map((id) => {
    const department = stage.world.departments.find((one) => one.id === id);
    if (!department) throw new Errcode(60123, 'invalid party id');
    return department.id;
  });
}

function limited(body: Record<string, unknown>, key: string, lettersMax: number): string | undefined {
  const value = optionalText(body, key);
  if (value !== undefined && [...value].length > lettersMax) throw new Errcode(40058, `${key} is too long`);
  return value;
}

function linkOf({ world }: Stage, body: Record<string, unknown>): AcquisitionLink {
  const id = textOf(body, 'link_id', 40063);
  const link = world.acquisitionLinks.find((one) => one.id === id);
  if (!link) throw new Errcode(40058, 'invalid link_id');
  return link;
}

function nameIn(body: Record<string, unknown>): string {
  textOf(body, 'link_name', 40063);
  return limited(body, 'link_name', 30) ?? '';
}

function rangeIn(stage: Stage, body: Record<string, unknown>): string[] {
  const { range } = body;
  if (typeof range !== 'object' || range === null) throw new Errcode(40063, 'range is empty');
  const users = usersIn(stage, listOf(range as Record<string, unknown>, 'user_list'));
  if (users.length === 0) throw new Errcode(40063, 'range is empty');
  if (users.length > linkMembersMax) throw new Errcode(40032, 'user_list is too long');
  return users;
}

const linkDetail = (stage: Stage, link: AcquisitionLink) => ({
  link_id: link.id,
  link_name: link.name,
  url: linkUrl(stage, link),
  create_time: seconds(link.at),
  skip_verify: link.skipVerify,
  mark_source: true,
});
