import { z } from 'zod';
import { cutText } from '#bot/shared/cut-text.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ContactMessage } from '#server/platform/message.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { done, type WecomApi } from './wecom-api.ts';
import { contentOf } from './wecom-attachment.ts';
import { refuse } from './wecom-error.ts';

const receiversMax = 1000;
const textBytesMax = 2048;
const titleBytesMax = 128;
const descriptionBytesMax = 512;
export const noOneReached = '81013';

/** D92137: text ≤ 4000 bytes and ≤ 9 attachments, each a message of its own; the code is good for 20 s and one use. */
export async function sendWelcome(api: WecomApi, code: string, message: ContactMessage): Promise<void> {
  const path = 'externalcontact/send_welcome_msg';
  const body = { welcome_code: code, ...contentOf(path, message) };
  await api({ path, body, changes: true, answer: done });
}

export const joined = z
  .string()
  .nullish()
  .transform((list) => (list ?? '').split('|').filter(Boolean));
export const sentAnswer = z.object({ invaliduser: joined, unlicenseduser: joined });

/**
 * D90236: ≤ 1000 members; one gets ≤ 30 a minute and ≤ 1000 an hour from an app, the rest is dropped without a word.
 * With the duplicate check the same content reaches a member once in 30 minutes, so a call that got no answer may be
 * made again.
 */
export async function sendNotice(
  api: WecomApi,
  agentId: number,
  to: PlatformKey[],
  notice: { text: string; url?: string },
): Promise<{ unreached: PlatformKey[] }> {
  const path = 'message/send';
  if (to.length === 0) return { unreached: [] };
  if (to.length > receiversMax) throw refuse(path, 'too_many', `At most ${receiversMax} members at once.`);
  const body = {
    touser: to.join('|'),
    agentid: agentId,
    ...noticeOf(withoutMarkup(notice.text), notice.url),
    enable_duplicate_check: 1,
    duplicate_check_interval: 1800,
  };
  try {
    const { invaliduser, unlicenseduser } = await api({ path, body, changes: true, answer: sentAnswer });
    // They come back in lower case.
    const unreached = new Set([...invaliduser, ...unlicenseduser].map((key) => key.toLowerCase()));
    return { unreached: to.filter((key) => unreached.has(key.toLowerCase())) };
  } catch (error) {
    if (error instanceof PlatformError && error.code === noOneReached) return { unreached: to };
    throw error;
  }
}

function noticeOf(text: string, url: string | undefined): Record<string, unknown> {
  if (url === undefined) return { msgtype: 'text', text: { content: cutText(text, textBytesMax) } };
  const [title = '', ...rest] = text.split('\n');
  const description = rest.join('\n').trim() || text;
  return {
    msgtype: 'textcard',
    textcard: { title: cutText(title, titleBytesMax), description: cutText(description, descriptionBytesMax), url },
  };
}

/** Messages may hold `<a>` and `<div>`; what a customer is called, or wrote, must not become a link. */
export function withoutMarkup(text: string): string {
  return text.replace(/<(?=[a-z/!])/gi, '＜');
}
