import type { Translated } from './i18n.ts';
import type { inboxZhCN } from './inbox-zh-CN.ts';

export const inboxEn: Translated<typeof inboxZhCN> = {
  'refused.host.dingtalk': 'DingTalk does not answer this page. Close it and open it again.',
};
