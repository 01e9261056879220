import { VueQueryPlugin } from '@tanstack/vue-query';
import { createApp } from 'vue';
import '#miniapp/ui/vant.ts';
import '#miniapp/tokens.css';
import '#miniapp/ui/base.css';
import { findHost } from '#miniapp/host/find-host.ts';
import { startLanguage, t } from '#miniapp/i18n/i18n.ts';
import { makeQueryClient } from '#miniapp/ui/query-client.ts';
import { startTheme } from '#miniapp/ui/theme.ts';
import Desk from './Desk.vue';

const host = findHost();
startLanguage();
startTheme(host.name);
document.title = t('desk.title');
createApp(Desk, { platform: host.platform }).use(VueQueryPlugin, { queryClient: makeQueryClient() }).mount('#app');
