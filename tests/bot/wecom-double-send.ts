import type { DoubleCall } from '#tests/bot/wecom-double.ts';

type Json = Record<string, unknown>;

const ok = { errcode: 0, errmsg: 'ok' };
const not = (errcode: number): Json => ({ errcode, errmsg: 'refused' });
const members = ['zhangsan', 'lisi'];
const seconds = () => Math.floor(Date.now() / 1000);

interface Sent {
  msgid: string;
  body: Json;
  at: string;
  contacts: string[];
  confirmedAt: number | null;
  reminders: number;
  isCancelled: boolean;
}

/** Group messages, files, codes and links, as D92135, D93338, D90253, D92228 and D97297 document them. */
export function sendingDouble() {
  const media = new Set<string>();
  const sends = new Map<unknown, Sent>();
  const ways = new Map<unknown, Json>();
  const links = new Map<unknown, Json>();
  let made = 0;

  const mediaIn = (body: Json): string[] =>
    ((body['attachments'] as Json[] | undefined) ?? []).flatMap((one) =>
      Object.entries(one[String(one['msgtype'])] as Json).flatMap(([key, value]) =>
        key.endsWith('media_id') ? [String(value)] : [],
      ),
    );
  const ofSend = (answer: (send: Sent, body: Json) => Json) => {
    return ({ body }: DoubleCall): Json => {
      const send = sends.get(body['msgid']);
      return send ? answer(send, body) : not(41047);
    };
  };
  const pageOf = (items: unknown[], body: Json, name: string, size: number): Json => {
    const start = Number(body['cursor'] ?? 0);
    const end = start + size;
    return { ...ok, [name]: items.slice(start, end), next_cursor: end < items.length ? String(end) : '' };
  };
  const strangers = (list: unknown): boolean => (list as string[]).some((one) => !members.includes(one));

  const calls: Record<string, (call: DoubleCall) => Json> = {
    'media/upload': ({ query, body }) => {
      const id = `MEDIA_${(made += 1)}`;
      if (!String(body['form']).includes('name="media"; filename=')) return not(41005);
      media.add(id);
      return { ...ok, type: query['type'], media_id: id, created_at: String(seconds()) };
    },
    'externalcontact/add_msg_template': ({ body }) => {
      if (!members.includes(String(body['sender']))) return not(60111);
      if (mediaIn(body).some((id) => !media.has(id))) return not(40007);
      const wanted = body['external_userid'] as string[];
      const contacts = wanted.filter((id) => /^w[mo]Test/.test(id));
      if (contacts.length === 0) return not(41048);
      const msgid = `msgTest${(made += 1)}`;
      const about = { confirmedAt: null, reminders: 0, isCancelled: false };
      sends.set(msgid, { msgid, body, at: String(seconds()), contacts, ...about });
      return { ...ok, msgid, fail_list: wanted.filter((id) => !contacts.includes(id)) };
    },
    // One a page.
    'externalcontact/get_groupmsg_list_v2': ({ body }) => {
      const listed = [...sends.values()].map(({ msgid, at, body: { text, attachments } }) => ({
        msgid,
        create_time: at,
        create_type: 0,
        ...(text ? { text } : {}),
        ...(attachments ? { attachments } : {}),
      }));
      return pageOf(listed.reverse(), body, 'group_msg_list', 1);
    },
    'externalcontact/get_groupmsg_task': ofSend(({ body, confirmedAt }) => {
      const sent = confirmedAt === null ? { status: 0 } : { status: 2, send_time: confirmedAt };
      return { ...ok, task_list: [{ userid: body['sender'], ...sent }], next_cursor: '' };
    }),
    'externalcontact/get_groupmsg_send_result': ofSend(({ contacts, confirmedAt, body: { sender: userid } }, body) => {
      const rows = contacts.map((external_userid) => {
        const sent = confirmedAt === null ? { status: 0 } : { status: 1, send_time: confirmedAt };
        return { external_userid, userid, ...sent };
      });
      return pageOf(rows, body, 'send_list', 1);
    }),
    'externalcontact/remind_groupmsg_send': ofSend((send) => {
      if (send.isCancelled) return not(41093);
      return (send.reminders += 1) > 3 ? not(41094) : ok;
    }),
    'externalcontact/cancel_groupmsg_send': ofSend((send) => {
      if (send.isCancelled) return not(41093);
      send.isCancelled = true;
      return ok;
    }),
    'externalcontact/add_contact_way': ({ body }) => {
      if (strangers(body['user'])) return not(60111);
      const config_id = `way${(made += 1)}`;
      ways.set(config_id, { ...body, config_id, qr_code: `https://wework.example.com/${config_id}.png` });
      return { ...ok, config_id, qr_code: `https://wework.example.com/${config_id}.png` };
    },
    'externalcontact/get_contact_way': ({ body }) => {
      const contact_way = ways.get(body['config_id']);
      return contact_way ? { ...ok, contact_way } : not(41044);
    },
    'externalcontact/list_contact_way': ({ body }) =>
      pageOf(
        [...ways.keys()].map((config_id) => ({ config_id })),
        body,
        'contact_way',
        1,
      ),
    'externalcontact/update_contact_way': ({ body }) => {
      const way = ways.get(body['config_id']);
      return way ? (Object.assign(way, body), ok) : not(41044);
    },
    'externalcontact/del_contact_way': ({ body }) => (ways.delete(body['config_id']) ? ok : not(41044)),
    'externalcontact/customer_acquisition/create_link': ({ body }) => {
      const link_id = `link${(made += 1)}`;
      const url = `https://work.weixin.qq.com/ca/${link_id}`;
      links.set(link_id, { link_name: body['link_name'], url, create_time: seconds() });
      return { ...ok, link: { link_id, link_name: body['link_name'], url, create_time: seconds() } };
    },
    'externalcontact/customer_acquisition/list_link': ({ body }) => pageOf([...links.keys()], body, 'link_id_list', 1),
    'externalcontact/customer_acquisition/get': ({ body }) => {
      const link = links.get(body['link_id']);
      return link ? { ...ok, link, range: { user_list: members } } : not(40058);
    },
    'externalcontact/customer_acquisition/update_link': ({ body }) => {
      const link = links.get(body['link_id']);
      return link ? (Object.assign(link, { link_name: body['link_name'] }), ok) : not(40058);
    },
    'externalcontact/customer_acquisition/delete_link': ({ body }) => (links.delete(body['link_id']) ? ok : not(40058)),
  };
  return { calls, sends, ways, hasMedia: (id: unknown): boolean => media.has(String(id)) };
}
