import { z } from 'zod';
import type { ArchivedMessage, ArchiveRecord } from '#server/platform/chat-archive.ts';
import { listOf } from '#bot/shared/field.ts';

type Content = Pick<ArchivedMessage, 'kind' | 'text' | 'media'>;
type Fields = Record<string, unknown>;
type Reader = (fields: Fields, depth: number) => Content;

/** D91774: what a decrypted record of the archive says. */
export function recordOf(place: { seq: bigint; key: string }, json: string): ArchiveRecord {
  const found = jsonOf(json);
  if (switched.safeParse(found).success) return { ...place, state: 'skipped', reason: 'A member changed device.' };
  const parsed = record.safeParse(found);
  if (!parsed.success) return { ...place, state: 'unreadable', reason: 'The record has another shape.' };
  const message = parsed.data;
  const type = message.msgtype;
  if (type === 'agree' || type === 'disagree') {
    return { ...place, state: 'skipped', reason: `A consent: ${type}.` };
  }
  const at = new Date(message.msgtime);
  const fields = fieldsOf(message, type);
  if (message.action === 'recall' || type === 'revoke') {
    return { ...place, state: 'recall', recalledKey: textOf(fields, 'pre_msgid'), at };
  }
  return {
    ...place,
    state: 'message',
    message: { from: message.from, to: message.tolist, group: message.roomid, at, ...contentOf(type, fields, 0) },
  };
}

const switched = z.object({ action: z.literal('switch') });
const record = z.looseObject({
  action: z.string(),
  from: z.string(),
  tolist: listOf(z.string()),
  roomid: z.string().catch(''),
  // Milliseconds, where all else of WeCom counts seconds.
  msgtime: z.number().min(0).max(8.64e15),
  msgtype: z.string(),
});

/** Most have their fields under their own name; the newer ones under `info`, two under names of their own. */
function fieldsOf(message: Fields, type: string): Fields {
  const named = [type, 'info', 'doc', 'redpacket'].map((name) => message[name]);
  return (named.find((value) => typeof value === 'object' && value !== null) as Fields | undefined) ?? {};
}

const readers = new Map<string, Reader>(
  Object.entries<Reader>({
    text: (fields) => said('text', lines(fields, 'content')),
    markdown: (fields) => said('text', lines(fields, 'content')),
    image: (fields) => file('image', fields, 'filesize'),
    emotion: (fields) => file('image', fields, 'imagesize'),
    voice: (fields) => file('voice', fields, 'voice_size'),
    meeting_voice_call: (fields) => file('voice', fields, 'filesize'),
    video: (fields) => file('video', fields, 'filesize'),
    file: (fields) => file('file', fields, 'filesize'),
    voip_doc_share: (fields) => file('file', fields, 'filesize'),
    qydiskfile: (fields) => said('file', lines(fields, 'filename', 'url')),
    link: (fields) => said('link', lines(fields, 'title', 'description', 'link_url')),
    weapp: (fields) => said('link', lines(fields, 'displayname', 'title', 'description')),
    docmsg: (fields) => said('link', lines(fields, 'title', 'link_url')),
    sphfeed: (fields) => said('link', lines(fields, 'sph_name', 'feed_desc')),
    news: (fields) =>
      said(
        'link',
        items(fields, 'item')
          .map((item) => lines(item, 'title', 'description', 'url'))
          .join('\n'),
      ),
    location: (fields) => said('location', lines(fields, 'title', 'address')),
    card: (fields) => said('card', lines(fields, 'corpname', 'userid')),
    todo: (fields) => said('other', lines(fields, 'title', 'content')),
    vote: (fields) => said('other', [lines(fields, 'votetitle'), ...texts(fields, 'voteitem')].join('\n')),
    collect: (fields) =>
      said(
        'other',
        [lines(fields, 'title'), ...items(fields, 'details').map((item) => lines(item, 'ques'))].join('\n'),
      ),
    redpacket: (fields) => said('other', lines(fields, 'wish')),
    external_redpacket: (fields) => said('other', lines(fields, 'wish')),
    meeting: (fields) => said('other', lines(fields, 'topic', 'address', 'remarks')),
    meeting_notification: (fields) => said('other', lines(fields, 'content')),
    calendar: (fields) => said('other', lines(fields, 'title', 'place', 'remarks')),
    solitaire: (fields) => said('other', lines(fields, 'solitaire_content')),
    mixed: (fields, depth) => together('text', '', parts(fields, 'item', 'type', depth)),
    note: (fields, depth) => together('other', '', parts(fields, 'items', 'msg_type', depth)),
    chatrecord: (fields, depth) => together('other', lines(fields, 'title'), parts(fields, 'item', 'type', depth)),
  }),
);

const depthMax = 4;

function contentOf(type: string, fields: Fields, depth: number): Content {
  return (depth < depthMax && readers.get(type)?.(fields, depth)) || said('other', '');
}

function said(kind: Content['kind'], text: string): Content {
  return { kind, text, media: null };
}

function file(kind: Content['kind'], fields: Fields, sizeField: string): Content {
  const reference = textOf(fields, 'sdkfileid');
  const bytes = fields[sizeField];
  if (reference === '') return said(kind, '');
  return {
    kind,
    text: '',
    media: {
      name: textOf(fields, 'filename') || null,
      bytes: typeof bytes === 'number' && bytes >= 0 ? bytes : null,
      reference,
    },
  };
}

/** Records within a record: `content` is JSON again, `ChatRecordText` what is `text` elsewhere. */
function parts(fields: Fields, listField: string, typeField: string, depth: number): Content[] {
  return items(fields, listField).map((item) => {
    const inner = jsonOf(textOf(item, 'content'));
    const type = textOf(item, typeField)
      .replace(/^ChatRecord/i, '')
      .toLowerCase();
    return contentOf(type, typeof inner === 'object' && inner !== null ? (inner as Fields) : {}, depth + 1);
  });
}

const stands: Partial<Record<Content['kind'], string>> = {
  image: '[图片]',
  voice: '[语音]',
  video: '[视频]',
  file: '[文件]',
};

function together(kind: Content['kind'], title: string, contents: Content[]): Content {
  const pieces = contents.map((one) => one.text || [stands[one.kind], one.media?.name].filter(Boolean).join(' '));
  const text = [title, ...pieces].filter(Boolean).join('\n');
  return { kind, text, media: contents.find((one) => one.media)?.media ?? null };
}

function lines(fields: Fields, ...names: string[]): string {
  return names
    .map((name) => textOf(fields, name))
    .filter(Boolean)
    .join('\n');
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? clean(value) : '';
}

function texts(fields: Fields, name: string): string[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string').map(clean) : [];
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair, and people can send both. */
function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}

function items(fields: Fields, name: string): Fields[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : [];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
