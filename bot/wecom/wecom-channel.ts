import { z } from 'zod';
import { bytesOf, cut } from '#bot/shared/cut-text.ts';
import { key, listOf, seconds, text } from '#bot/shared/field.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type {
  CodeDraft,
  CodeProfile,
  ContactChannels,
  LinkDraft,
  LinkProfile,
} from '#server/platform/contact-channel.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { done, type WecomApi } from './wecom-api.ts';
import { refuse } from './wecom-error.ts';

const membersMax = 100;
/** D92228 says 30 and not of what; D97297 allows a link 64 bytes. */
const stateBytesMax = 30;
const noteLengthMax = 30;
const nameLengthMax = 30;

const ways = 'externalcontact/';
const links = 'externalcontact/customer_acquisition/';

export function makeChannels(api: WecomApi): ContactChannels {
  return {
    limits: { membersMax, stateBytesMax },
    createCode: (code) => createCode(api, code),
    findCode: (of) => findCode(api, of),
    updateCode: (config, code) => updateCode(api, config, code),
    removeCode: (config) => removeCode(api, config),
    createLink: (link) => createLink(api, link),
    findLink: (of) => findLink(api, of),
    updateLink: (link, draft) => updateLink(api, link, draft),
    removeLink: (link) => removeLink(api, link),
    linkUrl,
  };
}

/**
 * D92228. A way of one member (type 1) could never become one of several, so all are of several (2), with a QR code
 * (scene 2). That several may be one is not confirmed.
 */
async function createCode(api: WecomApi, code: CodeDraft): Promise<CodeProfile> {
  const path = `${ways}add_contact_way`;
  const body = { type: 2, scene: 2, ...wayOf(path, code) };
  const answer = z.object({ config_id: key, qr_code: z.string().min(1) });
  const { config_id, qr_code } = await api({ path, body, changes: true, answer });
  return { key: config_id, imageUrl: qr_code };
}

function wayOf(call: string, { members, state, note, skipVerify }: CodeDraft): Record<string, unknown> {
  checkMembers(call, members);
  checkState(call, state);
  return { remark: cut(note, noteLengthMax, lettersOf), skip_verify: skipVerify, state, user: members };
}

const waysAnswer = z.object({ contact_way: listOf(z.object({ config_id: key })), next_cursor: text });
const wayAnswer = z.object({ contact_way: z.object({ state: text, qr_code: text }) });

/** D92228: the list has ids only, so each is looked at. Temporary ways are not in it; none are made here. */
async function findCode(api: WecomApi, { state, since }: { state: string; since: Date }): Promise<CodeProfile | null> {
  const path = `${ways}list_contact_way`;
  const start_time = Math.floor(since.getTime() / 1000);
  for await (const config_id of keysOf(path, async (cursor) => {
    const body = { start_time, limit: 1000, ...(cursor ? { cursor } : {}) };
    const { contact_way, next_cursor } = await api({ path, body, answer: waysAnswer });
    return { keys: contact_way.map((one) => one.config_id), nextCursor: next_cursor ?? '' };
  })) {
    const found = await orGone(api({ path: `${ways}get_contact_way`, body: { config_id }, answer: wayAnswer }));
    if (found?.contact_way.state === state && found.contact_way.qr_code) {
      return { key: config_id, imageUrl: found.contact_way.qr_code };
    }
  }
  return null;
}

/** D92228: the list of members is replaced as a whole. */
async function updateCode(api: WecomApi, config_id: PlatformKey, code: CodeDraft): Promise<void> {
  const path = `${ways}update_contact_way`;
  const body = { config_id, ...wayOf(path, code), party: [] };
  await api({ path, body, changes: true, answer: done });
}

async function removeCode(api: WecomApi, config_id: PlatformKey): Promise<void> {
  await api({ path: `${ways}del_contact_way`, body: { config_id }, changes: true, answer: done });
}

// D97297: ≤ 500 members, of which as many are named here as for a code.
async function createLink(api: WecomApi, draft: LinkDraft): Promise<LinkProfile> {
  const path = `${links}create_link`;
  const answer = z.object({ link: z.object({ link_id: key, url: z.string().min(1) }) });
  const { link } = await api({ path, body: linkOf(path, draft), changes: true, answer });
  return { key: link.link_id, url: link.url };
}

function linkOf(call: string, { name, members, skipVerify }: LinkDraft): Record<string, unknown> {
  checkMembers(call, members);
  if (name === '' || lettersOf(name) > nameLengthMax) {
    throw refuse(call, 'too_long', `The name of a link has 1 to ${nameLengthMax} characters.`);
  }
  return { link_name: name, range: { user_list: members, department_list: [] }, skip_verify: skipVerify };
}

const linksAnswer = z.object({ link_id_list: listOf(key), next_cursor: text });
const linkAnswer = z.object({
  link: z.object({ link_name: z.string().catch(''), url: text, create_time: seconds }),
});

/** D97297: the list has ids only and no times, so each is looked at. */
async function findLink(api: WecomApi, { name, since }: { name: string; since: Date }): Promise<LinkProfile | null> {
  const path = `${links}list_link`;
  const sinceMs = Math.floor(since.getTime() / 1000) * 1000;
  for await (const link_id of keysOf(path, async (cursor) => {
    const body = { limit: 100, ...(cursor ? { cursor } : {}) };
    const { link_id_list, next_cursor } = await api({ path, body, answer: linksAnswer });
    return { keys: link_id_list, nextCursor: next_cursor ?? '' };
  })) {
    const found = await orGone(api({ path: `${links}get`, body: { link_id }, answer: linkAnswer }));
    if (!found?.link.url || found.link.link_name !== name) continue;
    if ((found.link.create_time?.getTime() ?? sinceMs) >= sinceMs) return { key: link_id, url: found.link.url };
  }
  return null;
}

/** D97297. What an id is answered with that is no longer there is not confirmed. */
async function updateLink(api: WecomApi, link_id: PlatformKey, draft: LinkDraft): Promise<void> {
  const path = `${links}update_link`;
  await api({ path, body: { link_id, ...linkOf(path, draft) }, changes: true, answer: done });
}

async function removeLink(api: WecomApi, link_id: PlatformKey): Promise<void> {
  await api({ path: `${links}delete_link`, body: { link_id }, changes: true, answer: done });
}

/** D97298: comes back as State. */
function linkUrl(url: string, state: string): string {
  checkState('linkUrl', state);
  const given = new URL(url);
  given.searchParams.set('customer_channel', state);
  return given.href;
}

function checkMembers(call: string, members: PlatformKey[]): void {
  if (members.length === 0) throw refuse(call, 'nobody', 'A way in leads to at least one member.');
  if (members.length > membersMax) throw refuse(call, 'too_many', `A way in leads to at most ${membersMax} members.`);
}

function checkState(call: string, state: string): void {
  if (state === '' || bytesOf(state) > stateBytesMax) {
    throw refuse(call, 'too_long', `A state has 1 to ${stateBytesMax} bytes.`);
  }
}

async function* keysOf(
  call: string,
  fetchPage: (cursor: string) => Promise<{ keys: PlatformKey[]; nextCursor: string }>,
): AsyncGenerator<PlatformKey> {
  for (let cursor = '', isFirst = true; isFirst || cursor !== ''; isFirst = false) {
    const { keys, nextCursor } = await fetchPage(cursor);
    yield* keys;
    if (nextCursor !== '' && nextCursor === cursor) {
      throw new PlatformError('unavailable', { platform: 'wecom', call, message: 'The same page came again.' });
    }
    cursor = nextCursor;
  }
}

/** Somebody may have taken it away between the list and the look. */
async function orGone<Found>(looked: Promise<Found>): Promise<Found | null> {
  try {
    return await looked;
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return null;
    throw error;
  }
}

const lettersOf = (text: string): number => [...text].length;
