import { z } from 'zod';
import { key, listOf, number, seconds, text } from '#bot/shared/field.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ContactMessage } from '#server/platform/message.ts';
import type { GroupSends, ListedSend, SendConfirmation, SendResult } from '#server/platform/group-send.ts';
import type { Page } from '#server/platform/page.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { done, type WecomApi } from './wecom-api.ts';
import { appTitleBytesMax, attachmentsMax, contentOf, kindOf, linkLimits, textBytesMax } from './wecom-attachment.ts';
import { refuse } from './wecom-error.ts';
import { preview } from './wecom-preview.ts';

const contactsMax = 10_000;
const listMax = 100;
const rowsMax = 1000;
/** "A month": the shortest of those that are meant. */
const spanMs = 28 * 86_400_000;

const nobody = '41048';
const busy = '-1';
const alreadyCancelled = '41093';

const limits: GroupSends['limits'] = {
  contactsMax,
  textBytesMax,
  attachmentsMax,
  link: linkLimits,
  appTitleBytesMax,
  remindersMax: 3,
  // Not confirmed: no page says until when a member may still confirm.
  resultsDays: 30,
};

export function makeGroupSends(api: WecomApi, agentId: number): GroupSends {
  return {
    limits,
    start: (send) => start(api, send),
    list: (between, cursor) => list(api, between, cursor),
    confirmations: (send, cursor) => confirmations(api, send, cursor),
    results: (of, cursor) => results(api, of, cursor),
    remind: (send) => remind(api, send),
    cancel: (send) => cancel(api, send),
    preview: (to, message) => preview(api, agentId, to, message),
  };
}

const started = z.object({ msgid: key, fail_list: listOf(key) });

/**
 * D92135: ≤ 10,000 customers of one member, who has to confirm. A sender without customers would mean all of that
 * member's: it is never asked so. -1 does not say whether the message was made, so it is looked for like one that gave
 * no answer.
 */
async function start(
  api: WecomApi,
  send: { sender: PlatformKey; contacts: PlatformKey[]; message: ContactMessage },
): Promise<{ key: PlatformKey; unsendable: PlatformKey[] } | 'nobody'> {
  const path = 'externalcontact/add_msg_template';
  const content = contentOf(path, send.message);
  if (send.sender === '') throw refuse(path, 'no_sender', 'A member sends it.');
  if (send.contacts.length > contactsMax) throw refuse(path, 'too_many', `At most ${contactsMax} contacts at once.`);
  if (send.contacts.length === 0) return 'nobody';
  const body = { chat_type: 'single', external_userid: send.contacts, sender: send.sender, ...content };
  try {
    const { msgid, fail_list } = await api({ path, body, changes: true, answer: started });
    return { key: msgid, unsendable: fail_list };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (error.code === nobody) return 'nobody';
    if (error.code === busy) throw new PlatformError('unknown', { platform: 'wecom', call: path, code: busy });
    throw error;
  }
}

const listed = z.object({
  group_msg_list: listOf(
    z.object({
      msgid: key,
      create_time: seconds,
      text: z.object({ content: z.string().catch('') }).nullish(),
      attachments: listOf(z.object({ msgtype: z.string().catch('') })),
    }),
  ),
  next_cursor: text,
});

/**
 * D93338: at most a month at once; those of the corp, which an app makes, not what members make by themselves. How soon a
 * new one is in it no page says.
 */
async function list(
  api: WecomApi,
  { since, until }: { since: Date; until: Date },
  cursor: string,
): Promise<Page<ListedSend>> {
  const path = 'externalcontact/get_groupmsg_list_v2';
  if (until.getTime() - since.getTime() > spanMs) throw refuse(path, 'too_long', 'At most four weeks at once.');
  const body = {
    chat_type: 'single',
    start_time: Math.floor(since.getTime() / 1000),
    end_time: Math.ceil(until.getTime() / 1000),
    filter_type: 0,
    limit: listMax,
    ...(cursor ? { cursor } : {}),
  };
  const { group_msg_list, next_cursor } = await api({ path, body, answer: listed });
  const items = group_msg_list.map((one) => ({
    key: one.msgid,
    at: one.create_time ?? since,
    text: one.text?.content ?? '',
    attachments: one.attachments.map(({ msgtype }) => kindOf(msgtype)),
  }));
  return { items, nextCursor: next_cursor ?? '' };
}

const tasks = z.object({
  task_list: listOf(z.object({ userid: key, status: number, send_time: seconds })),
  next_cursor: text,
});

/** D93338: 0 not sent, 2 sent. Just after its start a message is still being handed out: 41063, come back. */
async function confirmations(api: WecomApi, msgid: PlatformKey, cursor: string): Promise<Page<SendConfirmation>> {
  const { task_list, next_cursor } = await api({
    path: 'externalcontact/get_groupmsg_task',
    body: { msgid, limit: rowsMax, ...(cursor ? { cursor } : {}) },
    answer: tasks,
  });
  const items = task_list.map(({ userid, status, send_time }) =>
    status === 2
      ? { member: userid, state: 'confirmed' as const, at: send_time }
      : { member: userid, state: 'waiting' as const, at: null },
  );
  return { items, nextCursor: next_cursor ?? '' };
}

const states = new Map<number, SendResult['state']>([
  [0, 'waiting'],
  [1, 'delivered'],
  [2, 'not_connected'],
  [3, 'over_quota'],
]);

const resultRows = z.object({
  send_list: listOf(z.object({ external_userid: text, status: number, send_time: seconds })),
  next_cursor: text,
});

/**
 * D93338. The time comes with what was delivered only. Rows of what was not sent yet are left out for groups; that they are
 * here for customers is not confirmed.
 */
async function results(
  api: WecomApi,
  of: { send: PlatformKey; member: PlatformKey },
  cursor: string,
): Promise<Page<SendResult>> {
  const { send_list, next_cursor } = await api({
    path: 'externalcontact/get_groupmsg_send_result',
    body: { msgid: of.send, userid: of.member, limit: rowsMax, ...(cursor ? { cursor } : {}) },
    answer: resultRows,
  });
  const items = send_list.flatMap(({ external_userid, status, send_time }) => {
    const state = states.get(status);
    if (!external_userid || !state) return [];
    return [{ contact: external_userid, state, at: state === 'delivered' ? send_time : null }];
  });
  return { items, nextCursor: next_cursor ?? '' };
}

/** D97610: three times in 24 h for a message (41094). */
async function remind(api: WecomApi, msgid: PlatformKey): Promise<void> {
  await api({ path: 'externalcontact/remind_groupmsg_send', body: { msgid }, changes: true, answer: done });
}

/** D97611. */
async function cancel(api: WecomApi, msgid: PlatformKey): Promise<void> {
  try {
    await api({ path: 'externalcontact/cancel_groupmsg_send', body: { msgid }, changes: true, answer: done });
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== alreadyCancelled) throw error;
  }
}
