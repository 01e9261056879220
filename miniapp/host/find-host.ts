import { browserHost } from './browser-host.ts';
import type { Host } from './host.ts';
import { wecomHost } from './wecom-host.ts';

export function findHost(): Host {
  return /wxwork\//i.test(navigator.userAgent) ? wecomHost() : browserHost();
}
