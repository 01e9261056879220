import { reactive } from 'vue';
import type { SandboxChannel, SandboxGroupSend } from '#bot/sandbox/wecom-send-api.ts';
import { control } from './control.ts';
import { scene } from './scene.ts';

/** What the member's group-send assistant shows, newest last, and the ways in a customer may take. */
export const groupSend = reactive({
  sends: [] as SandboxGroupSend[],
  channels: [] as SandboxChannel[],
});

export async function readSends(): Promise<void> {
  const asked = scene.member;
  if (!asked) return;
  const sends = await control.groupSends(asked);
  if (scene.member === asked) groupSend.sends = [...sends].reverse();
}

export async function readChannels(): Promise<void> {
  groupSend.channels = await control.channels();
}

/** The page of a code or a link, as whoever scanned or opened it goes on to: /?channel=<key>&state= */
export function openedChannel(): { channel: string; state: string } | null {
  const asked = new URLSearchParams(location.search);
  const channel = asked.get('channel');
  return channel ? { channel, state: asked.get('state') ?? '' } : null;
}
