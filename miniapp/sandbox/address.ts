import type { Entry } from '#bot/sandbox/frame-api.ts';
import type { Phone } from './scene.ts';
import { stories } from './story.ts';

export const widths = [300, 360, 420] as const;
export type Width = (typeof widths)[number];
export const entries: readonly Entry[] = [
  'single_chat_tools',
  'contact_profile',
  'chat_attachment',
  'group_chat_tools',
  'normal',
];

/** What the part after # says of the scene: `#story=2&as=wanglei&width=360&phone=dingtalk`. */
export interface Address {
  story: number | null;
  as: string | null;
  contact: string | null;
  entry: Entry | null;
  width: Width;
  phone: Phone | null;
  /** Whose DingTalk the phone is. */
  on: string | null;
}

export function readAddress(hash: string): Address {
  const said = new URLSearchParams(hash.replace(/^#/, ''));
  const story = Number(said.get('story'));
  return {
    story: stories.some((one) => one.number === story) ? story : null,
    as: said.get('as'),
    contact: said.get('contact'),
    entry: entries.find((one) => one === said.get('entry')) ?? null,
    width: widths.find((one) => String(one) === said.get('width')) ?? 360,
    phone: (['phone', 'dingtalk'] as const).find((one) => one === said.get('phone')) ?? null,
    on: said.get('on'),
  };
}

export function writeAddress(address: Address): string {
  const said = new URLSearchParams();
  if (address.story !== null) said.set('story', String(address.story));
  if (address.as) said.set('as', address.as);
  said.set('width', String(address.width));
  if (address.contact) said.set('contact', address.contact);
  if (address.entry && address.entry !== 'single_chat_tools') said.set('entry', address.entry);
  if (address.phone) said.set('phone', address.phone);
  if (address.on) said.set('on', address.on);
  return `#${said.toString()}`;
}
