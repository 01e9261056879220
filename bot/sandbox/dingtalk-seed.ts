import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { DingtalkFaults, DingtalkSettings } from './dingtalk-phone-api.ts';
import type { DingtalkApp, DingtalkDepartment, DingtalkUser, DingtalkWorld, FormTemplate } from './dingtalk-world.ts';
import type { Member, World } from './stage.ts';

const dayMs = 86_400_000;
/** DingTalk counts departments over all companies, so theirs are large; only the root is 1. */
const firstDepartment = 487_110_000;
/** The app's own route: what the operator registered for HTTP card callbacks. */
export const cardRouteKey = 'zhike';

const defaultDingtalkSettings: DingtalkSettings = {
  events: 'stream',
  ownerKey: 'client_id',
  cardAnswerMs: 2000,
  eventAgainMs: 10_000,
  callsPerSecondMax: 20,
  memberDetails: true,
  sha1Signature: false,
};

export const noDingtalkFaults = (): DingtalkFaults => ({
  api: [],
  push: { duplicate: false, reorder: false, lose: false },
  stream: { cut: false },
  card: { serviceDown: false, duplicateTap: false, lateTapMs: 0 },
  bridge: {},
});

/** Keys as the developer console would show them. Not from the seed: nobody shall guess them. */
export function foundDingtalkApp(): DingtalkApp {
  const letters = (length: number) => randomBytes(length).toString('hex').slice(0, length);
  return {
    corpId: `ding${letters(32)}`,
    clientId: `ding${letters(16)}`,
    clientSecret: letters(64),
    agentId: '2873160451',
    callbackToken: letters(24),
    // 43 characters carry 258 bits of which the last two must be nought to be plain base64: 'A' is.
    callbackAesKey: `${letters(42)}A`,
    cardTemplateId: `${randomUUID()}.schema`,
    cardSecret: letters(32),
  };
}

/** The people of the WeCom side, by the same names and mobile numbers, under DingTalk's own ids; in their own hierarchy. */
export function seedDingtalk(
  world: Pick<World, 'seed' | 'departments' | 'members' | 'demo'>,
  now: number,
  app: DingtalkApp,
): DingtalkWorld {
  const departments: DingtalkDepartment[] = world.departments.map((one) => ({
    id: departmentId(one.id),
    name: one.name,
    parentId: one.parentId === 0 ? 0 : departmentId(one.parentId),
    order: one.order,
  }));
  const users: Record<string, DingtalkUser> = {};
  for (const member of Object.values(world.members)) {
    if (!member.active) continue;
    const user = userOf(member, world.seed, now);
    users[user.userid] = user;
  }
  return { ...emptyDingtalk(app), departments, users, demo: rank(users, userIdOf(world.demo.member, world.seed)) };
}

export const emptyDingtalk = (app: DingtalkApp): DingtalkWorld => ({
  app,
  departments: [],
  users: {},
  demo: { rep: '', manager: '', secondManager: '', director: '' },
  credentials: [],
  logins: [],
  sessions: [],
  cards: {},
  cardRoutes: { [cardRouteKey]: { url: '', secret: app.cardSecret } },
  notices: [],
  workNotices: [],
  todos: {},
  templates,
  forms: {},
  pending: [],
  lastEvent: null,
  failed: [],
  faults: noDingtalkFaults(),
  settings: { ...defaultDingtalkSettings },
});

const departmentId = (id: number): number => (id === 1 ? 1 : firstDepartment + id);

const hashOf = (words: string): Buffer => createHash('sha256').update(words).digest();

const userIdOf = (key: string, seed: number): string =>
  hashOf(`user ${seed} ${key}`).readBigUInt64BE().toString().padStart(18, '7').slice(-12);

export const unionIdOf = (key: string, seed: number): string =>
  `${hashOf(`union ${seed} ${key}`).toString('base64url').replaceAll(/[-_]/g, 'x').slice(0, 22)}iEiE`;

function userOf(member: Member, seed: number, now: number): DingtalkUser {
  return {
    userid: userIdOf(member.userid, seed),
    unionid: unionIdOf(member.userid, seed),
    member: member.userid,
    name: member.name,
    title: member.position,
    mobile: member.mobile,
    email: member.email,
    departments: member.departments.map(departmentId),
    leaderOf: member.leaderOf.map(departmentId),
    managerId: null,
    active: true,
    admin: member.position.includes('管理员'),
    boss: member.position === '总经理',
    hiredAt: now - 700 * dayMs,
  };
}

/** Who reports to whom, and a few who work in two departments: reps to a regional manager, these to the director, these to the top. */
function rank(users: Record<string, DingtalkUser>, rep: string): DingtalkWorld['demo'] {
  const everybody = Object.values(users);
  const boss = everybody.find((user) => user.boss);
  const isManager = (user: DingtalkUser) => user.title === '区域经理';
  const of = (department: number | undefined) =>
    everybody.filter((user) => department !== undefined && user.departments[0] === department);
  for (const department of new Set(everybody.map((user) => user.departments[0]))) {
    const people = of(department);
    const head = people.find((user) => user.leaderOf.length > 0 && !isManager(user));
    const managers = people.filter(isManager);
    let turn = 0;
    for (const user of people) {
      if (user === head) user.managerId = boss && user !== boss ? boss.userid : null;
      else if (isManager(user) || managers.length === 0) user.managerId = (head ?? boss)?.userid ?? null;
      else user.managerId = managers[turn++ % managers.length]?.userid ?? null;
    }
  }
  const own = users[rep];
  const team = of(own?.departments[0]);
  const [first, second] = team.filter(isManager);
  const director = team.find((user) => user.leaderOf.length > 0 && !isManager(user));
  if (own && first) own.managerId = first.userid;
  const alsoIn = (user: DingtalkUser | undefined, other: DingtalkUser | undefined) => {
    const department = other?.departments[0];
    if (user && department !== undefined && !user.departments.includes(department)) user.departments.push(department);
  };
  alsoIn(director, boss);
  alsoIn(
    everybody.find((user) => user.title === '市场专员'),
    own,
  );
  const anyone = boss ?? own;
  return {
    rep,
    manager: (first ?? anyone)?.userid ?? rep,
    secondManager: (second ?? first ?? anyone)?.userid ?? rep,
    director: (director ?? anyone)?.userid ?? rep,
  };
}

const field = (name: string, type: string, required = false, options: string[] = []) => ({
  id: `${type}-${hashOf(name).toString('hex').slice(0, 8).toUpperCase()}`,
  name,
  type,
  required,
  options,
  bizAlias: '',
});

const templates: FormTemplate[] = [
  {
    code: 'PROC-ZHIKE-DISCOUNT',
    name: '折扣审批',
    fields: [
      field('审批编号', 'TextField', true),
      field('事项', 'TextField', true),
      field('客户', 'TextField'),
      field('金额', 'MoneyField'),
      field('折扣', 'NumberField'),
      field('理由', 'TextareaField'),
    ],
    flow: ['manager'],
    mayWithdraw: true,
  },
  {
    code: 'PROC-ZHIKE-GENERAL',
    name: '通用审批',
    fields: [
      field('审批编号', 'TextField', true),
      field('事项', 'TextField', true),
      field('客户', 'TextField'),
      field('类别', 'DDSelectField', false, ['折扣', '合同条款', '客户转移', '阶段变更', '其他']),
      field('金额', 'MoneyField'),
      field('理由', 'TextareaField'),
    ],
    flow: ['manager', 'director'],
    mayWithdraw: true,
  },
];

/** What a state file of an earlier build lacks. */
export function completeDingtalk(world: World, now: number): void {
  const found = (world as Partial<World>).dingtalk as Partial<DingtalkWorld> | undefined;
  const fresh = seedDingtalk(world, now, found?.app ?? foundDingtalkApp());
  world.dingtalk = {
    ...fresh,
    ...found,
    faults: { ...fresh.faults, ...found?.faults },
    settings: { ...fresh.settings, ...found?.settings },
  };
}
