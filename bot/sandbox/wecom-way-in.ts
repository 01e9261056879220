import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { customerAdds } from './friend-deeds.ts';
import { DeedRefused } from './deed-refused.ts';
import type { ActResult } from './sandbox-api.ts';
import type { SandboxChannel, sendActs } from './wecom-send-api.ts';
import { followOf, type AcquisitionLink, type ContactWay, type Stage } from './stage.ts';

/** D92114. */
const addWays = { code: 1, link: 16 };

export function membersOf({ world }: Stage, { users, party }: Pick<ContactWay, 'users' | 'party'>): string[] {
  return Object.values(world.members)
    .filter((one) => one.active && one.mayHaveContacts)
    .filter((one) => users.includes(one.userid) || one.departments.some((id) => party.includes(id)))
    .map(({ userid }) => userid);
}

export const pictureUrl = ({ url }: Stage, { id }: ContactWay): string => `${url}/sandbox/code/${id}.svg`;
export const linkUrl = ({ url }: Stage, { id }: AcquisitionLink): string => `${url}/ca/${id}`;

export function told(stage: Stage): void {
  stage.changed();
  stage.tell({ type: 'channels' });
}

/** Newest first. */
export function channelsOf(stage: Stage): SandboxChannel[] {
  const { contactWays, acquisitionLinks } = stage.world;
  const codes = contactWays.map((way) => ({
    kind: 'code' as const,
    key: way.id,
    name: way.remark,
    state: way.state,
    members: membersOf(stage, way),
    skipVerify: way.skipVerify,
    at: way.at,
    url: pictureUrl(stage, way),
    addedCount: way.addedCount,
  }));
  const links = acquisitionLinks.map((link) => ({
    kind: 'link' as const,
    key: link.id,
    name: link.name,
    state: '',
    members: membersOf(stage, { users: link.users, party: [] }),
    skipVerify: link.skipVerify,
    at: link.at,
    url: linkUrl(stage, link),
    addedCount: link.addedCount,
  }));
  return [...codes, ...links].toSorted((a, b) => b.at - a.at);
}

/** A customer comes in; the members of a way take turns. Where a member has to agree, they do at once. */
export function openChannel(
  stage: Stage,
  deed: Extract<z.output<(typeof sendActs)[number]>, { kind: 'channel_opened' }>,
): ActResult {
  const { world } = stage;
  const way = world.contactWays.find(({ id }) => id === deed.channel);
  const link = world.acquisitionLinks.find(({ id }) => id === deed.channel);
  const channel = way ?? link;
  if (!channel) throw new DeedRefused('sandbox.channel_unknown', '二维码或链接已失效。', 404);
  const members = membersOf(stage, way ?? { users: channel.users, party: [] });
  const known = members.find((member) => followOf(world, member, deed.contact ?? '')?.relation === 'friend');
  if (deed.contact !== null && known) return { contact: deed.contact, member: known, relation: 'friend' };
  const member = members[channel.addedCount % members.length];
  if (!member) throw new DeedRefused('sandbox.channel_unknown', '二维码或链接背后没有可用的成员。', 404);
  const state = way ? way.state : (deed.state ?? '');
  const { contact, name, corpName, half, agree } = deed;
  const who = { contact, ...(name ? { name } : {}), ...(corpName ? { corpName } : {}) };
  const done = customerAdds(
    stage,
    { member, half, agree, ...who, ...(state ? { channel: state } : {}) },
    way ? addWays.code : addWays.link,
  );
  channel.addedCount += 1;
  told(stage);
  return done;
}

const modules = 29;
const finder = 7;

/** What a code looks like; there is nothing in it to scan. Null for a code that is not, or no longer. */
export function codePicture({ world }: Stage, id: string): string | null {
  if (!world.contactWays.some((way) => way.id === id)) return null;
  const isDark = (row: number, column: number): boolean => {
    for (const [top, left] of [
      [0, 0],
      [0, modules - finder],
      [modules - finder, 0],
    ] as const) {
      const [down, across] = [row - top, column - left];
      if (down < -1 || down > finder || across < -1 || across > finder) continue;
      const ring = Math.max(Math.abs(down - 3), Math.abs(across - 3));
      return ring === 3 || ring < 2;
    }
    return (bytes[(row * modules + column) % bytes.length] ?? 0) % 2 === 1;
  };
  const bytes = createHash('shake256', { outputLength: modules * modules })
    .update(id)
    .digest();
  const dark = Array.from({ length: modules * modules }, (_, at) => [Math.floor(at / modules), at % modules] as const)
    .filter(([row, column]) => isDark(row, column))
    .map(([row, column]) => `M${column} ${row}h1v1h-1z`)
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 ${modules + 8} ${modules + 8}" width="296" height="296" shape-rendering="crispEdges"><path fill="#fff" d="M-4-4h${modules + 8}v${modules + 8}h-${modules + 8}z"/><path d="${dark}"/></svg>`;
}
