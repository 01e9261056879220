import { dice } from './dice.ts';
import { emptyDingtalk, foundDingtalkApp, seedDingtalk } from './dingtalk-seed.ts';
import type { DingtalkApp } from './dingtalk-world.ts';
import type { Settings } from './fault-api.ts';
import { archiveAll, talk, tellDemo } from './seed-chats.ts';
import { hire, meet, nameTags } from './seed-people.ts';
import type { Company, World } from './stage.ts';

export const defaultSettings: Settings = {
  callsPerMinuteMax: 10_000,
  archiveNotifyMs: 1500,
  // An app of before 2022-06-20: with mobiles, members are told to be the same on both platforms.
  memberDetails: true,
  consoleWelcome: false,
  theme: 'light',
  transferWaitMs: 86_400_000,
  sendDispatchMs: 1500,
  sendStepMs: 400,
  sendListDelayMs: 0,
  sendsPerDayMax: null,
  sendsPerWeekMax: null,
  sendsPerMonthMax: 30,
};

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
