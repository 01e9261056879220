import { browserHost } from './browser-host.ts';
import { dingtalkHost } from './dingtalk-host.ts';
import type { Host } from './host.ts';
import { wecomHost } from './wecom-host.ts';

export function findHost(): Host {
  if (/wxwork\//i.test(navigator.userAgent)) return wecomHost();
  // Both `DingTalk/8.1.5` and `AliApp(DingTalk/8.1.5)`.
  return /DingTalk\//i.test(navigator.userAgent) ? dingtalkHost() : browserHost();
}
