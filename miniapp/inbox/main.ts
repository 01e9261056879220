import { VueQueryPlugin } from '@tanstack/vue-query';
import { createApp } from 'vue';
import '#miniapp/ui/vant.ts';
import '#miniapp/tokens.css';
import '#miniapp/ui/base.css';
import './inbox.css';
import { findHost } from '#miniapp/host/find-host.ts';
import { learnWords, startLanguage } from '#miniapp/i18n/i18n.ts';
import { inboxEn } from '#miniapp/i18n/inbox-en.ts';
import { inboxZhCN } from '#miniapp/i18n/inbox-zh-CN.ts';
import { makeQueryClient } from '#miniapp/ui/query-client.ts';
import { startTheme } from '#miniapp/ui/theme.ts';
import Inbox from './Inbox.vue';

const host = findHost();
learnWords({ 'zh-CN': inboxZhCN, en: inboxEn });
startLanguage();
startTheme(host.name);
createApp(Inbox, { host }).use(VueQueryPlugin, { queryClient: makeQueryClient() }).mount('#app');
