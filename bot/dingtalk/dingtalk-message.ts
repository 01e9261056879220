import { z } from 'zod';
import { cutText } from '#bot/shared/cut-text.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { DingtalkApi } from './dingtalk-api.ts';
import { key, listOf } from '#bot/shared/field.ts';

const path = '/v1.0/robot/oToMessages/batchSend';
/** The table says 20, the refusal 100. */
const receiversMax = 20;
const titleBytesMax = 128;
const textBytesMax = 4000;
const noOneReached = 'staffId.notExisted';

const sentAnswer = z.object({ invalidStaffIdList: listOf(key), flowControlledStaffIdList: listOf(key) });

/**
 * K02@0769, the app's robot: unlike a work notice (K02@0714), which is dropped without a word over one of its limits and
 * tells later, if asked, whom it reached, its answer names those it could not reach, and it stands in the chat where the
 * cards are.
 */
export async function sendNotice(
  api: DingtalkApi,
  robotCode: string,
  to: PlatformKey[],
  notice: { text: string; url?: string },
): Promise<{ unreached: PlatformKey[] }> {
  const content = contentOf(notice.text, notice.url);
  const unreached: PlatformKey[] = [];
  for (let start = 0; start < to.length; start += receiversMax) {
    const userIds = to.slice(start, start + receiversMax);
    try {
      unreached.push(...(await sendTo(api, { robotCode, userIds, ...content })));
    } catch (error) {
      // The first have it already: nobody may take this for a message that never left.
      if (start === 0 || !(error instanceof PlatformError)) throw error;
      const { call, code } = error;
      throw new PlatformError('unknown', { platform: 'dingtalk', call, code, message: 'Sent to some only.' });
    }
  }
  return { unreached };
}

async function sendTo(
  api: DingtalkApi,
  body: { robotCode: string; userIds: PlatformKey[]; msgKey: string; msgParam: string },
): Promise<PlatformKey[]> {
  try {
    const answer = await api.call({ path, body, changes: true, answer: sentAnswer });
    const held = body.userIds.filter((key) => answer.flowControlledStaffIdList.includes(key));
    if (held.length === body.userIds.length) {
      const about = { platform: 'dingtalk', call: path.slice(1), code: 'flow_controlled', retryAfterMs: 60_000 };
      throw new PlatformError('rate_limited', about);
    }
    return body.userIds.filter((key) => held.includes(key) || answer.invalidStaffIdList.includes(key));
  } catch (error) {
    if (error instanceof PlatformError && error.code === noOneReached) return body.userIds;
    throw error;
  }
}

function contentOf(text: string, url: string | undefined): { msgKey: string; msgParam: string } {
  if (url === undefined)
    return { msgKey: 'sampleText', msgParam: JSON.stringify({ content: cutText(text, textBytesMax) }) };
  const [title = '', ...rest] = text.split('\n');
  const body = rest.join('\n').trim() || text;
  const param = {
    title: cutText(title || text, titleBytesMax),
    text: withoutMarkup(cutText(body, textBytesMax)),
    singleTitle: '查看详情',
    singleURL: url,
  };
  return { msgKey: 'sampleActionCard', msgParam: JSON.stringify(param) };
}

const wide: Record<string, string> = { '[': '［', ']': '］', '<': '＜', '`': '｀', '*': '＊' };

/** The text of it is markdown: what a customer is called, or wrote, must not become a link or a picture. */
function withoutMarkup(text: string): string {
  return text
    .replace(/[[\]<`*]/g, (sign) => wide[sign] ?? sign)
    .replace(/^(\s*)#/gm, '$1＃')
    .replaceAll('\n', '  \n');
}
