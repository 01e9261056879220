import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { agreeRecord, append, plainOf } from './archive.ts';
import { emptyDingtalk, foundDingtalkApp, seedDingtalk } from './dingtalk-seed.ts';
import type { DingtalkApp } from './dingtalk-world.ts';
import type { Settings } from './sandbox-api.ts';
import * as names from './seed-names.ts';
import { demoTalks, talks } from './seed-talk.ts';
import { pairOf, type ChatMessage, type Company, type Contact, type Follow, type Member, type World } from './stage.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const memberCount = 40;
const contactCount = 300;
const talkCount = 40;

export const defaultSettings: Settings = {
  callsPerMinuteMax: 10_000,
  archiveNotifyMs: 1500,
  // An app of before 2022-06-20: with mobiles, members are told to be the same on both platforms.
  memberDetails: true,
  consoleWelcome: false,
  theme: 'light',
  transferWaitMs: dayMs,
  sendDispatchMs: 1500,
  sendStepMs: 400,
  sendListDelayMs: 0,
  sendsPerDayMax: null,
  sendsPerWeekMax: null,
  sendsPerMonthMax: 30,
};

/** Keys and secrets as the admin console would show them. Not from the seed: nobody shall guess them. */
export function foundCompany(): Company {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    name: '知合软件（杭州）有限公司',
    corpId: 'ww5a1dbc0de7fa9e21',
    agentId: '1000002',
    secret: alphanumeric(43),
    archiveSecret: alphanumeric(43),
    contactSyncSecret: alphanumeric(43),
    callbackToken: alphanumeric(32),
    // 43 characters carry 258 bits of which the last two must be nought to be plain base64: 'A' is.
    callbackAesKey: `${alphanumeric(42)}A`,
    modelKey: `sk-sandbox-${alphanumeric(24)}`,
    archiveKeys: [{ version: 1, privateKey, publicKey }],
  };
}

export function alphanumeric(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join('');
}

/**
 * Same seed, same people and talks; their times are told back from `now`. A world that follows another has ids of its own
 * (`round`): the product must not take one world's customer for the other's. What the product made for itself goes on: its
 * files, and the codes and links it gave out, which lead to the same members.
 */
export function seedWorld(
  seed: number,
  company: Company,
  now: number,
  after?: World,
  app: DingtalkApp = after?.dingtalk.app ?? foundDingtalkApp(),
): World {
  const round = after ? after.round + 1 : 0;
  const chance = dice(seed, round);
  const world: World = {
    version: 1,
    seed,
    round,
    lastSeq: after?.lastSeq ?? 1000,
    company,
    departments: [{ id: 1, name: company.name, parentId: 0, order: 100_000_000 }],
    members: {},
    contacts: {},
    follows: {},
    chats: {},
    tagGroups: [],
    archive: [],
    notices: [],
    credentials: [],
    logins: [],
    welcomes: [],
    cards: [],
    cardCodes: [],
    transfers: [],
    groupSends: [],
    contactWays: after?.contactWays ?? [],
    acquisitionLinks: after?.acquisitionLinks ?? [],
    uploads: after?.uploads ?? [],
    media: [],
    dingtalk: emptyDingtalk(app),
    demo: { member: 'wanglei', contact: '', secondContact: '', stranger: '' },
    faults: noFaults(),
    settings: { ...defaultSettings },
  };
  hire(world, chance);
  world.dingtalk = seedDingtalk(world, now, app);
  nameTags(world, chance, now);
  meet(world, chance, now);
  tellDemo(world, chance, now);
  talk(world, chance, now);
  archiveAll(world, chance);
  return world;
}

const noFaults = (): World['faults'] => ({
  api: [],
  callbacks: { duplicate: false, reorder: false, lose: false },
  model: { mode: 'up', delayMs: 8000 },
  bridge: {},
});

type Dice = ReturnType<typeof dice>;

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function dice(seed: number, round: number) {
  const next = randomFrom(seed);
  const nextOfId = randomFrom(seed ^ Math.imul(round + 1, 0x9e3779b9));
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    below,
    happens: (share: number) => next() < share,
    between: (low: number, high: number) => low + below(high - low + 1),
    pick: <T>(list: readonly T[]): T => {
      const item = list[below(list.length)];
      if (item === undefined) throw new Error('There is nothing to pick from.');
      return item;
    },
    id: (prefix: string, length: number) => {
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_';
      return prefix + Array.from({ length }, () => letters[Math.floor(nextOfId() * letters.length)]).join('');
    },
    digits: (length: number) => Array.from({ length }, () => below(10)).join(''),
  };
}

function personName(chance: Dice): string {
  return chance.pick(names.surnames) + chance.pick(names.givenNames);
}

function unusedName(chance: Dice, taken: Set<string>): string {
  let name = personName(chance);
  while (taken.has(name)) name = personName(chance);
  taken.add(name);
  return name;
}

function hire(world: World, chance: Dice): void {
  let number = 0;
  const taken = new Set(['王磊']);
  for (const [index, department] of names.departments.entries()) {
    const id = index + 2;
    world.departments.push({ id, name: department.name, parentId: 1, order: 100_000_000 - index * 1000 });
    for (const [position, count, leads] of department.people) {
      for (let one = 0; one < count; one += 1) {
        number += 1;
        const isDemo = department.name === '华东销售部' && position === '销售专员' && one === 0;
        const name = isDemo ? '王磊' : unusedName(chance, taken);
        const userid = isDemo ? world.demo.member : `zh${1000 + number}`;
        world.members[userid] = {
          userid,
          name,
          position,
          departments: [id],
          leaderOf: leads || position === '区域经理' ? [id] : [],
          mobile: `1${chance.pick(['38', '39', '58', '86'])}${chance.digits(8)}`,
          email: `${userid}@zhihe.example`,
          gender: chance.happens(0.5) ? 1 : 2,
          active: true,
          mayHaveContacts: department.contacts,
        };
      }
    }
  }
  if (number !== memberCount) throw new Error(`The company has ${number} members, not ${memberCount}.`);
}

function nameTags(world: World, chance: Dice, now: number): void {
  for (const [index, [name, tags]] of names.tagNames.entries()) {
    const createdAt = now - 200 * dayMs;
    world.tagGroups.push({
      id: chance.id('et', 30),
      name,
      order: 100 - index,
      createdAt,
      byApp: true,
      tags: tags.map((tag, place) => ({ id: chance.id('et', 30), name: tag, order: 100 - place, createdAt })),
    });
  }
}

interface Firm {
  short: string;
  full: string;
  industry: string;
}

function firmOf(chance: Dice): Firm {
  const [branch, industry] = chance.pick(names.industries);
  const short = chance.pick(names.companyHeads) + branch;
  return { short, full: `${chance.pick(names.cities)}${short}有限公司`, industry };
}

/** Two of the 300 are the story's; the strangers come on top. */
function meet(world: World, chance: Dice, now: number): void {
  const owners = Object.values(world.members).filter((member) => member.mayHaveContacts);
  const reps = owners.filter((member) => member.position.startsWith('销售'));
  const firms = Array.from({ length: 130 }, () => firmOf(chance));

  const chen = addContact(world, chance, { name: '陈女士', gender: 2, wechat: true });
  const li = addContact(world, chance, {
    name: '李总',
    gender: 1,
    wechat: true,
  });
  world.demo.contact = chen.id;
  world.demo.secondContact = li.id;
  const demo = memberOf(world, world.demo.member);
  follow(world, chance, demo, chen, { short: '云帆物流', full: '杭州云帆物流有限公司', industry: '物流' }, now, {
    remark: '陈静-云帆物流',
    remarkCorpName: '云帆物流',
    description: '50 人版询价，朋友推荐',
    remarkPhones: ['13857190218'],
    tagIds: tagIds(world, ['中意向', '需求确认', '物流', '转介绍']),
    createdAt: now - 52 * 60 * minuteMs,
    addWay: 3,
  });
  follow(world, chance, demo, li, { short: '华瑞医疗器械', full: '苏州华瑞医疗器械有限公司', industry: '医疗' }, now, {
    remark: '李总-华瑞医疗',
    remarkCorpName: '华瑞医疗器械',
    description: '200 人私有化',
    remarkPhones: ['13951007736'],
    tagIds: tagIds(world, ['A 重点', '方案报价', '医疗', '展会']),
    createdAt: now - 40 * dayMs,
    addWay: 1,
  });

  for (let number = 2; number < contactCount; number += 1) {
    const wechat = chance.happens(0.8);
    const firm = chance.pick(firms);
    const gender = chance.happens(0.55) ? 1 : 2;
    const contact = addContact(world, chance, { name: nameFor(chance, wechat, gender), gender, wechat, firm });
    const owner = chance.happens(0.07) ? demo : chance.pick(chance.happens(0.8) ? reps : owners);
    follow(world, chance, owner, contact, firm, now);
    if (chance.happens(0.12)) {
      const colleague = chance.pick(owners);
      if (colleague.userid !== owner.userid) follow(world, chance, colleague, contact, firm, now);
    }
  }

  const stranger = addContact(world, chance, { name: '周女士', gender: 2, wechat: true });
  world.demo.stranger = stranger.id;
  addContact(world, chance, { name: '孙经理', gender: 1, wechat: false, firm: firmOf(chance) });
  addContact(world, chance, { name: '奔跑的蜗牛', gender: 0, wechat: true });
}

function memberOf(world: World, userid: string): Member {
  const member = world.members[userid];
  if (!member) throw new Error(`Nobody here is called ${userid}.`);
  return member;
}

function nameFor(chance: Dice, wechat: boolean, gender: 1 | 2): string {
  if (!wechat || chance.happens(0.35)) return personName(chance);
  if (chance.happens(0.3)) return chance.pick(names.nicknames);
  const titles = gender === 1 ? ['先生', '总', '经理'] : ['女士', '总', '老师'];
  return chance.pick(names.surnames) + chance.pick(titles);
}

function addContact(
  world: World,
  chance: Dice,
  about: { name: string; gender: 0 | 1 | 2; wechat: boolean; firm?: Firm },
): Contact {
  const contact: Contact = {
    id: chance.id(about.wechat ? 'wm' : 'wo', 30),
    name: about.name,
    type: about.wechat ? 'wechat' : 'wecom',
    gender: about.gender,
    corpName: about.wechat ? null : (about.firm?.short ?? null),
    corpFullName: about.wechat ? null : (about.firm?.full ?? null),
    position: about.wechat ? null : chance.pick(names.customerPositions),
    unionid: about.wechat ? chance.id('o', 27) : null,
  };
  world.contacts[contact.id] = contact;
  return contact;
}

function follow(
  world: World,
  chance: Dice,
  member: Member,
  contact: Contact,
  firm: Firm,
  now: number,
  told: Partial<Follow> = {},
): void {
  const tags = [
    firm.industry,
    ...(chance.happens(0.6) ? [chance.pick(['高意向', '中意向', '低意向'])] : []),
    ...(chance.happens(0.5) ? [chance.pick(['初次接触', '需求确认', '方案报价', '商务谈判', '已成交', '待续费'])] : []),
    ...(chance.happens(0.4) ? [chance.pick(['官网', '展会', '转介绍', '渠道活码', '短视频'])] : []),
    ...(chance.happens(0.3) ? [chance.pick(['价格敏感', '交付周期', '数据安全', '竞品对比'])] : []),
  ];
  const isOneWay = chance.happens(0.04);
  world.follows[pairOf(member.userid, contact.id)] = {
    member: member.userid,
    contact: contact.id,
    relation: isOneWay && !told.remark ? 'deleted_by_contact' : 'friend',
    consent: 'unknown',
    consentAt: null,
    remark: chance.happens(0.7) ? `${contact.name}-${firm.short}`.slice(0, 20) : contact.name,
    description: chance.happens(0.25) ? chance.pick(['老客户介绍', '展会加的', '想看竞品对比', '决策慢，多跟']) : '',
    remarkCorpName: contact.type === 'wechat' && chance.happens(0.5) ? firm.short : '',
    remarkPhones: chance.happens(0.45) ? [`1${chance.pick(['35', '37', '59', '88', '99'])}${chance.digits(8)}`] : [],
    tagIds: chance.happens(0.75) ? tagIds(world, tags) : [],
    personalTags: chance.happens(0.1) ? [chance.pick(['爱喝茶', '下午联系', '微信不常看'])] : [],
    addWay: chance.pick([1, 1, 2, 3, 4, 16, 24]),
    state: chance.happens(0.2) ? chance.pick(['ch_web', 'ch_expo', 'ch_video']) : '',
    createdAt: now - chance.between(6 * 24 * 60, 400 * 24 * 60) * minuteMs,
    by: member.userid,
    ...told,
  };
}

function tagIds(world: World, wanted: readonly string[]): string[] {
  return world.tagGroups.flatMap((group) => group.tags.filter((tag) => wanted.includes(tag.name)).map((tag) => tag.id));
}

function tellDemo(world: World, chance: Dice, now: number): void {
  for (const who of ['contact', 'secondContact'] as const) {
    const pair = world.follows[pairOf(world.demo.member, world.demo[who])];
    if (!pair) throw new Error('The story lacks its people.');
    consent(pair, now - 4 * dayMs);
    for (const [minutesAgo, by, text] of demoTalks[who])
      say(world, chance, pair, by, now - minutesAgo * minuteMs, text);
  }
}

function talk(world: World, chance: Dice, now: number): void {
  const friends = Object.values(world.follows).filter(
    (pair) => pair.relation === 'friend' && !world.chats[pairOf(pair.member, pair.contact)],
  );
  // The demo rep's own contacts come first: their list is what a newcomer looks at.
  friends.sort((a, b) => Number(b.member === world.demo.member) - Number(a.member === world.demo.member));
  const own = friends.filter((pair) => pair.member === world.demo.member).slice(0, 10);
  const rest = friends.filter((pair) => pair.member !== world.demo.member);
  const talking = [...own];
  while (talking.length < talkCount - 2 && rest.length > 0) {
    const [pair] = rest.splice(chance.below(rest.length), 1);
    if (pair) talking.push(pair);
  }
  for (const [number, pair] of talking.entries()) {
    const lines = talks[number % talks.length] ?? [];
    if (number % 17 === 16) pair.consent = 'refused';
    else consent(pair, now - 5 * dayMs + chance.below(300) * minuteMs);
    const seats = chance.pick([10, 20, 30, 50, 80, 100, 200, 300]);
    const words: Record<string, string> = {
      n: String(seats),
      price: (seats * chance.pick([256, 268, 288, 320])).toLocaleString('en-US'),
      budget: String(chance.pick([1, 2, 3, 5, 8, 10, 20])),
      rival: chance.pick(names.rivals),
    };
    let at = now - chance.between(lines.includes('|') ? 60 * 60 : 4 * 60, 112 * 60) * minuteMs;
    for (const line of lines) {
      if (line === '|') {
        at += chance.between(12 * 60, 26 * 60) * minuteMs;
        continue;
      }
      at += chance.between(1, 14) * minuteMs;
      const text = line.slice(2).replaceAll(/\{(\w+)\}/g, (_, key: string) => words[key] ?? '');
      say(world, chance, pair, line.startsWith('c') ? 'c' : 'm', at, text);
    }
    if (number % 6 === 1) attach(world, chance, pair, 'm', at + 2 * minuteMs, 'file', '报价单.pdf', 38_412);
    if (number % 9 === 4) attach(world, chance, pair, 'c', at + 3 * minuteMs, 'image', '截图.png', 9_120);
  }
}

function consent(pair: Follow, at: number): void {
  pair.consent = 'agreed';
  pair.consentAt = Math.max(at, pair.createdAt);
}

function say(world: World, chance: Dice, pair: Follow, by: 'c' | 'm', at: number, text: string): ChatMessage {
  const message: ChatMessage = {
    id: chance.id('m', 20),
    member: pair.member,
    contact: pair.contact,
    from: by === 'c' ? pair.contact : pair.member,
    by: by === 'c' ? 'contact' : 'member',
    at,
    kind: 'text',
    text,
    via: 'client',
    archived: pair.consent === 'agreed',
    recalled: false,
  };
  (world.chats[pairOf(pair.member, pair.contact)] ??= []).push(message);
  return message;
}

function attach(
  world: World,
  chance: Dice,
  pair: Follow,
  by: 'c' | 'm',
  at: number,
  kind: 'file' | 'image',
  name: string,
  bytes: number,
): void {
  const message = say(world, chance, pair, by, at, kind === 'file' ? name : '[图片]');
  message.kind = kind;
  world.media.push({ id: `sdk_${message.id}`, name, bytes, at });
}

function archiveAll(world: World, chance: Dice): void {
  const said = Object.values(world.chats)
    .flat()
    .filter((message) => message.archived)
    .map((message) => {
      const media = world.media.find((one) => one.id === `sdk_${message.id}`);
      return { at: message.at, plain: plainOf(message, media) };
    });
  const agreed = Object.values(world.follows).flatMap((pair) =>
    pair.consentAt === null
      ? []
      : [
          {
            at: pair.consentAt,
            plain: agreeRecord(chance.id('a', 20), pair.consentAt, pair.member, pair.contact, true),
          },
        ],
  );
  for (const { at, plain } of [...said, ...agreed].sort((a, b) => a.at - b.at)) append(world, at, plain);
}
