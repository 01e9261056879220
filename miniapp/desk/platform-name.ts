import { t } from '#miniapp/i18n/i18n.ts';

/** What people call this messenger; one that has no word here goes by its key. */
export function platformName(platform: string): string {
  if (platform === 'wecom') return t('platform.wecom');
  if (platform === 'dingtalk') return t('platform.dingtalk');
  return platform;
}
