import { createApp } from 'vue';
import '#miniapp/ui/vant.ts';
import '#miniapp/tokens.css';
import '#miniapp/ui/base.css';
import { findHost } from '#miniapp/host/find-host.ts';
import { startLanguage } from '#miniapp/i18n/i18n.ts';
import { startTheme } from '#miniapp/ui/theme.ts';
import Desk from './Desk.vue';

const host = findHost();
startLanguage();
startTheme(host.name);
createApp(Desk, { host }).mount('#app');
