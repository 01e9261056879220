import { bytesOf } from '#bot/shared/cut-text.ts';
import type { ContactMessage, MessageAttachment } from '#server/platform/message.ts';
import { refuse } from './wecom-error.ts';

// D92137, D92135: welcomes and group messages take the same.
export const textBytesMax = 4000;
export const attachmentsMax = 9;
export const linkLimits = { titleBytesMax: 128, descriptionBytesMax: 512, urlBytesMax: 2048 };
export const appTitleBytesMax = 64;

/**
 * `text` and `attachments` as both calls take them. Too much is refused and never cut: what people approved is what
 * contacts get.
 */
export function contentOf(call: string, { text, attachments }: ContactMessage): Record<string, unknown> {
  if (text === '' && attachments.length === 0) throw refuse(call, 'empty', 'There is nothing to say.');
  fits(call, 'A message', text, textBytesMax);
  if (attachments.length > attachmentsMax) {
    throw refuse(call, 'too_many', `A message has at most ${attachmentsMax} attachments.`);
  }
  return {
    ...(text === '' ? {} : { text: { content: text } }),
    ...(attachments.length === 0 ? {} : { attachments: attachments.map((one) => attachmentOf(call, one)) }),
  };
}

function attachmentOf(call: string, one: MessageAttachment): Record<string, unknown> {
  switch (one.kind) {
    case 'image':
    case 'video':
    case 'file':
      return { msgtype: one.kind, [one.kind]: { media_id: one.media } };
    case 'link': {
      const { title, description, url, pictureUrl } = one;
      fits(call, 'The title of a link', title, linkLimits.titleBytesMax);
      fits(call, 'The description of a link', description, linkLimits.descriptionBytesMax);
      fits(call, 'The address of a link', url, linkLimits.urlBytesMax);
      fits(call, 'The address of a picture', pictureUrl ?? '', linkLimits.urlBytesMax);
      const link = {
        title,
        ...(pictureUrl === null ? {} : { picurl: pictureUrl }),
        ...(description === '' ? {} : { desc: description }),
        url,
      };
      return { msgtype: 'link', link };
    }
    case 'app': {
      const { title, picture, appId, page } = one;
      fits(call, 'The title of a mini program', title, appTitleBytesMax);
      return { msgtype: 'miniprogram', miniprogram: { title, pic_media_id: picture, appid: appId, page } };
    }
  }
}

function fits(call: string, what: string, text: string, bytesMax: number): void {
  if (bytesOf(text) > bytesMax) throw refuse(call, 'too_long', `${what} has at most ${bytesMax} bytes.`);
}

const kinds: Record<string, MessageAttachment['kind']> = {
  image: 'image',
  video: 'video',
  file: 'file',
  link: 'link',
  miniprogram: 'app',
};

/** What an attachment that WeCom lists is here. */
export const kindOf = (msgtype: string): string => kinds[msgtype] ?? msgtype;
