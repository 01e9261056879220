import type { Deps } from '#server/base/deps.ts';
import { readSetting } from '#server/base/setting.ts';
import type { MessageContent } from '#server/material/material-api.ts';
import { welcomeAt } from './channel.ts';
import { findChannelByState } from './channel-store.ts';
import { welcomeSetting } from './welcome.ts';

/** What who came by this channel is greeted with now: its own welcome of the hour, else the company's; null for nothing. */
export async function chooseWelcome(
  deps: Deps,
  { platform, channel: state }: { platform: string; channel: string | null },
): Promise<MessageContent | null> {
  const channel = state === null ? null : await findChannelByState(deps.db, platform, state);
  return (channel && welcomeAt(channel.welcomes, deps.now())) ?? companyWelcome(deps);
}

export async function companyWelcome(deps: Deps): Promise<MessageContent | null> {
  const { enabled, text } = await readSetting(deps.db, 'welcome', welcomeSetting);
  return enabled ? { text, attachments: [] } : null;
}
