import type { Deps } from '#server/base/deps.ts';
import type { Problem } from '#server/base/refusal.ts';
import { listTagsById } from '#server/contact/tag-store.ts';
import { variables } from '#server/material/material-api.ts';
import { forbiddenIn } from '#server/material/find-words.ts';
import { resolveContent } from '#server/material/resolve-content.ts';
import { findAccounts, listMemberNames } from '#server/member/member-store.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { ChannelDraft } from './channel-api.ts';
import type { Channel } from './channel-store.ts';
import { membersOf } from './review-channels.ts';

type Draft = Omit<ChannelDraft, 'kind'>;

/** What is wrong with a channel as somebody wants it. `before`: as it stands; null for a new one. */
export async function channelProblems(
  deps: Deps,
  platform: Platform,
  draft: Draft,
  before: Channel | null,
): Promise<Problem[]> {
  return [
    ...(await memberProblems(deps, platform, draft)),
    ...(await tagProblems(deps, platform, draft)),
    ...(await welcomeProblems(deps, platform, draft)),
    ...expiryProblems(deps, draft, before),
  ];
}

async function memberProblems(deps: Deps, platform: Platform, { duty }: Draft): Promise<Problem[]> {
  const ids = membersOf(duty);
  const accounts = await findAccounts(deps.db, ids);
  const keys = new Map(
    accounts.filter((account) => account.platform === platform.name).map(({ memberId, key }) => [memberId, key]),
  );
  const names = await listMemberNames(deps.db, ids);
  const owners = await contactOwners(platform);
  const membersMax = platform.channels?.limits.membersMax ?? 0;
  const faultOf = (id: string): string | null => {
    const [name, key] = [names.get(id), keys.get(id)];
    if (name === undefined) return 'There is no such member.';
    if (key === undefined) return `${name} has left, or has no account there.`;
    return owners && !owners.has(key) ? `${name} may have no contacts: give them the right on the platform.` : null;
  };
  const groups = [
    ...duty.shifts.map(({ memberIds }, at) => ({ path: `body.duty.shifts.${at}.memberIds`, memberIds })),
    { path: 'body.duty.spareIds', memberIds: duty.spareIds },
  ];
  return groups.flatMap(({ path, memberIds }) => [
    ...(memberIds.length > membersMax ? [{ path, message: `At most ${membersMax} members receive at once.` }] : []),
    ...memberIds.flatMap((id, at) => {
      const message = faultOf(id);
      return message ? [{ path: `${path}.${at}`, message }] : [];
    }),
  ]);
}

/** Null when the platform does not say now: it will, when the code is made. */
async function contactOwners(platform: Platform): Promise<Set<PlatformKey> | null> {
  try {
    return new Set(await platform.listContactOwners());
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}

async function tagProblems(deps: Deps, platform: Platform, { tagIds }: Draft): Promise<Problem[]> {
  const known = new Set((await listTagsById(deps.db, platform.name, tagIds)).map(({ id }) => id));
  return tagIds.flatMap((id, at) =>
    known.has(id) ? [] : [{ path: `body.tagIds.${at}`, message: 'This tag is not in the library.' }],
  );
}

async function welcomeProblems(deps: Deps, platform: Platform, { welcomes }: Draft): Promise<Problem[]> {
  const { welcome, welcomeBytesMax } = platform.capabilities;
  if (welcomes.length > 0 && !welcome) return [{ path: 'body.welcomes', message: 'No welcome can be sent there.' }];
  const whereto = { platform, variables, textBytesMax: welcomeBytesMax };
  const found = await Promise.all(
    welcomes.map(async ({ content }) => {
      const { resolved, problems } = await resolveContent(deps.db, content, whereto);
      return [...problems, ...(await forbiddenIn(deps.db, resolved))];
    }),
  );
  return found.flatMap((problems, at) =>
    problems.map(({ path, message }) => ({ path: `body.welcomes.${at}.content.${path}`, message })),
  );
}

function expiryProblems(deps: Deps, { expiresAt }: Draft, before: Channel | null): Problem[] {
  if (expiresAt === null) return [];
  const at = new Date(expiresAt);
  const isChanged = before?.expiresAt?.getTime() !== at.getTime();
  return isChanged && at <= deps.now() ? [{ path: 'body.expiresAt', message: 'This is in the past.' }] : [];
}
