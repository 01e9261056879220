import type { Dice } from './dice.ts';
import * as names from './seed-names.ts';
import { pairOf, type Contact, type Follow, type Member, type World } from './stage.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const memberCount = 40;
const contactCount = 300;

/** The company’s people, department by department, and who of them may have customers. */
export function hire(world: World, chance: Dice): void {
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

/** The company’s tags, as its console made them. */
export function nameTags(world: World, chance: Dice, now: number): void {
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

/** Two of the 300 are the story's; the strangers come on top. */
export function meet(world: World, chance: Dice, now: number): void {
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

function unusedName(chance: Dice, taken: Set<string>): string {
  let name = personName(chance);
  while (taken.has(name)) name = personName(chance);
  taken.add(name);
  return name;
}

function personName(chance: Dice): string {
  return chance.pick(names.surnames) + chance.pick(names.givenNames);
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
