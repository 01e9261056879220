import { VueQueryPlugin } from '@tanstack/vue-query';
import { createApp } from 'vue';
import '#miniapp/ui/vant.ts';
import '#miniapp/tokens.css';
import '#miniapp/ui/base.css';
import './desk.css';
import { findHost } from '#miniapp/host/find-host.ts';
import { deskEn } from '#miniapp/i18n/desk-en.ts';
import { deskZhCN } from '#miniapp/i18n/desk-zh-CN.ts';
import { learnWords, startLanguage, t } from '#miniapp/i18n/i18n.ts';
import { inboxEn } from '#miniapp/i18n/inbox-en.ts';
import { inboxZhCN } from '#miniapp/i18n/inbox-zh-CN.ts';
import { makeQueryClient } from '#miniapp/ui/query-client.ts';
import { startTheme } from '#miniapp/ui/theme.ts';
import Desk from './Desk.vue';
// What nearly every screen is made of comes with the first of them, not with each.
import './DeskTable.vue';
import '#miniapp/ui/AppField.vue';
import '#miniapp/ui/AppSheet.vue';

const host = findHost();
startLanguage();
startTheme(host.name);
learnWords({ 'zh-CN': { ...inboxZhCN, ...deskZhCN }, en: { ...inboxEn, ...deskEn } });
host.setTitle(t('desk.title'));
createApp(Desk, { host }).use(VueQueryPlugin, { queryClient: makeQueryClient() }).mount('#app');
