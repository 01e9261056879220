import { createApp } from 'vue';
import '#miniapp/ui/vant.ts';
import '#miniapp/tokens.css';
import '#miniapp/ui/base.css';
import { startLanguage } from '#miniapp/i18n/i18n.ts';
import SandboxPage from './SandboxPage.vue';

// Its theme is the sandbox's setting, which the client around the frame names too.
document.documentElement.dataset['host'] = 'browser';
startLanguage();
createApp(SandboxPage).mount('#app');
