import { bytesOf, cutText } from '#bot/shared/cut-text.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ContactMessage, MessageAttachment } from '#server/platform/message.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { WecomApi } from './wecom-api.ts';
import { contentOf } from './wecom-attachment.ts';
import { noOneReached, sentAnswer, withoutMarkup } from './wecom-message.ts';

// D90236: half of what customers may be sent, so a long text comes in two.
const textBytesMax = 2048;

/**
 * D90236, one message of the app after another. Without the duplicate check: who looks at it twice wants to see it twice.
 */
export async function preview(
  api: WecomApi,
  agentId: number,
  to: PlatformKey,
  message: ContactMessage,
): Promise<{ reached: boolean }> {
  const path = 'message/send';
  contentOf(path, message);
  const parts = [
    ...pieces(withoutMarkup(message.text)).map((content) => ({ msgtype: 'text', text: { content } })),
    ...message.attachments.map(partOf),
  ];
  for (const part of parts) {
    const body = { touser: to, agentid: agentId, ...part };
    try {
      const { invaliduser, unlicenseduser } = await api({ path, body, changes: true, answer: sentAnswer });
      if (invaliduser.length + unlicenseduser.length > 0) return { reached: false };
    } catch (error) {
      if (error instanceof PlatformError && error.code === noOneReached) return { reached: false };
      throw error;
    }
  }
  return { reached: true };
}

/** A notice with a mini program's card is for the corp's own ones only, so its title stands for it. */
function partOf(one: MessageAttachment): Record<string, unknown> {
  switch (one.kind) {
    case 'image':
    case 'video':
    case 'file':
      return { msgtype: one.kind, [one.kind]: { media_id: one.media } };
    case 'link': {
      const { title, description, url, pictureUrl } = one;
      const article = { title, description, url, ...(pictureUrl === null ? {} : { picurl: pictureUrl }) };
      return { msgtype: 'news', news: { articles: [article] } };
    }
    case 'app': {
      const { appId, page } = one;
      const content = cutText(withoutMarkup(`小程序：${one.title}\n${appId} ${page}`), textBytesMax);
      return { msgtype: 'text', text: { content } };
    }
  }
}

const characters = new Intl.Segmenter('zh', { granularity: 'grapheme' });

function pieces(text: string): string[] {
  const found: string[] = [];
  let piece = '';
  let bytes = 0;
  for (const { segment } of characters.segment(text)) {
    const more = bytesOf(segment);
    if (bytes + more > textBytesMax) {
      found.push(piece);
      piece = '';
      bytes = 0;
    }
    piece += segment;
    bytes += more;
  }
  return piece === '' ? found : [...found, piece];
}
