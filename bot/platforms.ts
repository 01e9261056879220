import type { PlatformDriver } from '#server/platform/driver.ts';
import { dingtalk } from './dingtalk/dingtalk.ts';
import { wecom } from './wecom/wecom.ts';

export { startSandbox, type Sandbox } from './sandbox/sandbox.ts';

/** Every chat platform this build can speak. */
export const platforms: readonly PlatformDriver[] = [wecom, dingtalk];
