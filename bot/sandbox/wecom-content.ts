import { memberWrites } from './chat-deeds.ts';
import type { MessageCard } from './wecom-send-api.ts';
import type { ChatMessage, Stage } from './stage.ts';
import { Errcode, optionalText, records, textOf } from './wecom-call.ts';
import { uploadOf, uploadUrl } from './wecom-media.ts';

export interface Content {
  text: string;
  attachments: Record<string, unknown>[];
  cards: MessageCard[];
}

/** D92137, D92135: what a welcome and a group message are made of. */
export function contentIn(stage: Stage, body: Record<string, unknown>): Content {
  const text = wordsIn(body);
  const attachments = body['attachments'] === undefined ? [] : records(body['attachments'], 'attachments');
  if (attachments.length > 9) throw new Errcode(41064, 'too many attachments');
  if (text === '' && attachments.length === 0) throw new Errcode(40063, 'text and attachments are empty');
  return { text, attachments: attachments.map(withoutKeys), cards: attachments.map((one) => cardIn(stage, one)) };
}

function wordsIn(body: Record<string, unknown>): string {
  if (body['text'] === undefined) return '';
  const content = optionalText(body['text'] as Record<string, unknown>, 'content') ?? '';
  if (Buffer.byteLength(content) > 4000) throw new Errcode(45002, 'content is too large');
  return content;
}

function cardIn(stage: Stage, attachment: Record<string, unknown>): MessageCard {
  const type = String(attachment['msgtype']);
  if (!['image', 'link', 'miniprogram', 'video', 'file'].includes(type)) {
    throw new Errcode(41065, 'invalid attachment type');
  }
  const inside = attachment[type];
  if (typeof inside !== 'object' || inside === null) throw new Errcode(40063, `${type} is empty`);
  return type === 'link' || type === 'miniprogram'
    ? pageCard(stage, type, inside as Record<string, unknown>)
    : mediaCard(stage, type as 'image' | 'video' | 'file', inside as Record<string, unknown>);
}

export function mediaCard(stage: Stage, kind: 'image' | 'video' | 'file', told: Record<string, unknown>): MessageCard {
  const picture = kind === 'image' && told['media_id'] === undefined ? optionalText(told, 'pic_url') : undefined;
  if (picture) return { kind, title: '', description: '', url: null, pictureUrl: picture };
  const upload = uploadOf(stage, told['media_id'], kind);
  const pictureUrl = kind === 'image' ? uploadUrl(upload) : null;
  return { kind, title: upload.name, description: '', url: null, pictureUrl };
}

function pageCard(stage: Stage, type: 'link' | 'miniprogram', told: Record<string, unknown>): MessageCard {
  if (type === 'link') {
    return {
      kind: 'link',
      title: limited(told, 'title', 128),
      description: told['desc'] === undefined ? '' : limited(told, 'desc', 512),
      url: limited(told, 'url', 2048),
      pictureUrl: optionalText(told, 'picurl') ?? null,
    };
  }
  const picture = uploadOf(stage, told['pic_media_id'], 'image');
  const description = `${textOf(told, 'appid', 40063)} ${textOf(told, 'page', 40063)}`;
  return {
    kind: 'app',
    title: limited(told, 'title', 64),
    description,
    url: null,
    pictureUrl: uploadUrl(picture),
  };
}

function limited(told: Record<string, unknown>, key: string, bytesMax: number): string {
  const text = textOf(told, key, 40063);
  if (Buffer.byteLength(text) > bytesMax) throw new Errcode(45002, `${key} is too long`);
  return text;
}

/** A list of messages tells what was attached, not by which key (D93338). */
function withoutKeys(attachment: Record<string, unknown>): Record<string, unknown> {
  const type = String(attachment['msgtype']);
  const inside = Object.entries((attachment[type] ?? {}) as Record<string, unknown>);
  return { msgtype: type, [type]: Object.fromEntries(inside.filter(([key]) => !key.endsWith('media_id'))) };
}

/** Text and attachments come as messages of their own (D92137). */
export function deliverContent(
  stage: Stage,
  to: { member: string; contact: string },
  { text, cards }: Pick<Content, 'text' | 'cards'>,
  via: ChatMessage['via'],
): void {
  if (text !== '') memberWrites(stage, to.member, to.contact, { text, via });
  for (const card of cards) memberWrites(stage, to.member, to.contact, { ...spoken(card), card, via });
}

/** A card in words. */
export function spoken({ kind, title }: MessageCard): Pick<ChatMessage, 'kind' | 'text'> {
  switch (kind) {
    case 'image':
      return { kind: 'image', text: '[图片]' };
    case 'file':
      return { kind: 'file', text: title };
    case 'video':
      return { kind: 'other', text: '[视频]' };
    case 'link':
      return { kind: 'link', text: title };
    case 'app':
      return { kind: 'other', text: `[小程序] ${title}` };
  }
}
