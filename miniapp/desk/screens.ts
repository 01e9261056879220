import type { Component } from 'vue';
import type { Me } from '#miniapp/api/session.ts';
import type { PlainKey } from '#miniapp/i18n/i18n.ts';
import { lazily } from './lazily.ts';

type Role = Me['role'];
interface Screen {
  /** In the address: `#/<name>`. */
  name: string;
  word: PlainKey;
  roles: readonly Role[];
  show: Component;
  takesPlatform?: true;
}

export const marketers: readonly Role[] = ['marketing', 'manager', 'director', 'admin'];
const leaders: readonly Role[] = ['manager', 'director', 'admin'];
const admins: readonly Role[] = ['admin'];

/** What the desk shows, in the order of its menu; each is fetched when it is opened. */
export const groups: readonly { name: string; word: PlainKey; screens: readonly Screen[] }[] = [
  {
    name: 'marketing',
    word: 'desk.group.marketing',
    // oxfmt-ignore
    screens: [
      { name: 'segments', word: 'desk.tab.segments', roles: marketers, show: lazily(() => import('./segment/SegmentScreen.vue')) },
      { name: 'lists', word: 'desk.tab.lists', roles: marketers, show: lazily(() => import('./segment/ListScreen.vue')) },
      { name: 'broadcasts', word: 'desk.tab.broadcasts', roles: marketers, show: lazily(() => import('./broadcast/BroadcastScreen.vue')) },
      { name: 'channels', word: 'desk.tab.channels', roles: marketers, show: lazily(() => import('./channel/ChannelScreen.vue')) },
      { name: 'channel-board', word: 'desk.tab.channelBoard', roles: marketers, show: lazily(() => import('./channel/BoardScreen.vue')) },
      { name: 'series', word: 'desk.tab.series', roles: marketers, show: lazily(() => import('./series/SeriesScreen.vue')) },
      { name: 'materials', word: 'desk.tab.materials', roles: marketers, show: lazily(() => import('./material/MaterialScreen.vue')) },
      { name: 'knowledge', word: 'desk.tab.knowledge', roles: ['admin', 'marketing'], show: lazily(() => import('./knowledge/KnowledgeScreen.vue')) },
    ],
  },
  {
    name: 'operations',
    word: 'desk.group.operations',
    // oxfmt-ignore
    screens: [
      { name: 'handovers', word: 'desk.tab.handovers', roles: leaders, show: lazily(() => import('./handover/HandoverScreen.vue')) },
      { name: 'usage', word: 'desk.tab.usage', roles: admins, show: lazily(() => import('./usage/UsageScreen.vue')) },
      { name: 'inbound', word: 'desk.tab.inbound', roles: admins, show: lazily(() => import('./inbound/InboundScreen.vue')) },
      { name: 'sync', word: 'desk.tab.sync', roles: admins, takesPlatform: true, show: lazily(() => import('./inbound/SyncScreen.vue')) },
      { name: 'sources', word: 'desk.tab.sources', roles: admins, show: lazily(() => import('./inbound/SourceScreen.vue')) },
    ],
  },
  {
    name: 'settings',
    word: 'desk.group.settings',
    // oxfmt-ignore
    screens: [
      { name: 'broadcast-rules', word: 'desk.tab.rules', roles: marketers, show: lazily(() => import('./rules/RulesScreen.vue')) },
      { name: 'welcome', word: 'desk.tab.welcome', roles: ['admin', 'marketing'], show: lazily(() => import('./channel/WelcomeScreen.vue')) },
      { name: 'opt-out', word: 'desk.tab.optOut', roles: ['admin', 'marketing'], show: lazily(() => import('./rules/OptOutScreen.vue')) },
      { name: 'sensitive-words', word: 'desk.tab.words', roles: marketers, show: lazily(() => import('./material/WordsScreen.vue')) },
      { name: 'scoring-models', word: 'desk.tab.scoring', roles: leaders, show: lazily(() => import('./scoring/ScoringScreen.vue')) },
      { name: 'prompts', word: 'desk.tab.prompts', roles: admins, show: lazily(() => import('./usage/PromptScreen.vue')) },
      { name: 'model-settings', word: 'desk.tab.modelSettings', roles: admins, show: lazily(() => import('./usage/ModelSettingsScreen.vue')) },
      { name: 'policies', word: 'desk.tab.policies', roles: admins, show: lazily(() => import('./approval/PolicyScreen.vue')) },
      { name: 'delegates', word: 'desk.tab.delegates', roles: admins, show: lazily(() => import('./approval/DelegateScreen.vue')) },
      { name: 'members', word: 'desk.tab.members', roles: admins, show: lazily(() => import('./member/MemberScreen.vue')) },
      { name: 'follow-up', word: 'desk.tab.followUp', roles: admins, show: lazily(() => import('./follow-up/FollowUpScreen.vue')) },
    ],
  },
];
