import { dingtalk, makeDingtalk } from '#bot/dingtalk/dingtalk.ts';
import { readDingtalkEnv } from '#bot/dingtalk/dingtalk-env.ts';
import type { StreamTiming } from '#bot/dingtalk/dingtalk-stream.ts';
import type { Platform } from '#server/platform/platform.ts';
import { startDouble, type Double } from '#tests/bot/dingtalk-double.ts';
import { signedAt } from '#tests/bot/dingtalk-sealed.ts';
import { testTools, type TestTools } from '#tests/bot/platform-tools.ts';

export interface DingtalkWorld {
  platform: Platform;
  double: Double;
  tools: TestTools;
}

export async function makeDingtalkWorld(env: Record<string, string | undefined> = {}): Promise<DingtalkWorld> {
  const double = await startDouble();
  const tools = testTools(signedAt);
  const platform = dingtalk.create({ ...double.env, ...env }, tools);
  if (!platform) throw new Error('The double is not set up.');
  return { platform, double, tools };
}

/** So quick that no test waits. */
export const quick: StreamTiming = {
  pauseMsMin: 1,
  pauseMsMax: 20,
  goodAfterMs: 0,
  openMsMax: 2000,
  pingEveryMs: 1000,
  silenceMsMax: 3000,
  retiredMsMax: 50,
};

export function platformOn(double: Double, timing: Partial<StreamTiming> = {}): Platform {
  const config = readDingtalkEnv(double.env);
  if (!config) throw new Error('The double is not set up.');
  return makeDingtalk(config, testTools(signedAt), { ...quick, ...timing });
}
