import { z } from 'zod';
import { cut } from '#bot/shared/cut-text.ts';
import type { Card, CardButton } from '#server/platform/card.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { WecomApi } from './wecom-api.ts';
import { refuse } from './wecom-error.ts';
import { listOf, text } from '#bot/shared/field.ts';
import { joined } from './wecom-message.ts';
import { widthOf } from './wecom-text.ts';

// D90236 advises these, in characters: the client cuts what is longer.
const titleMax = 36;
const subtitleMax = 44;
const noteMax = 160;
const labelMax = 5;
const valueMax = 30;
const buttonMax = 10;
// D90313 42035 and 42038.
const linesMax = 6;
const buttonsMax = 6;

const noOneReached = '81013';
const badTaskId = '42014';

const sentAnswer = z.object({ invaliduser: joined, unlicenseduser: joined, response_code: text });

/**
 * D90236: `task_id` is unique for the app and for ever. It is of the right shape here, so that when it is refused, the
 * card is there already, from a call that got no answer; what came with that answer is lost.
 */
export async function sendCard(
  api: WecomApi,
  agentId: number,
  to: PlatformKey,
  card: Card,
): Promise<{ reached: boolean; updateCode: string | null }> {
  const path = 'message/send';
  if (!/^[\w-]{1,64}$/.test(card.key)) throw refuse(path, 'bad_key', 'A card has a key of 1 to 64 letters.');
  const face = { ...faceOf(path, card), task_id: card.key };
  const body = { touser: to, agentid: agentId, msgtype: 'template_card', template_card: face };
  try {
    const answer = await api({ path, body, changes: true, answer: sentAnswer });
    const isUnreached = [...answer.invaliduser, ...answer.unlicenseduser].length > 0;
    return { reached: !isUnreached, updateCode: isUnreached ? null : answer.response_code };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (error.code === noOneReached) return { reached: false, updateCode: null };
    if (error.code === badTaskId) return { reached: true, updateCode: null };
    throw error;
  }
}

/** D94888: a code, from the answer of `sendCard` or from a press, is good for one change within 72 h. */
export async function updateCard(
  api: WecomApi,
  agentId: number,
  to: PlatformKey,
  card: Card,
  updateCode: string | null,
): Promise<void> {
  const path = 'message/update_template_card';
  if (!updateCode) throw refuse(path, 'no_code', 'A card is changed with a code only.');
  const body = { userids: [to], agentid: agentId, response_code: updateCode, template_card: faceOf(path, card) };
  const answer = z.object({ invaliduser: listOf(z.string()) });
  const { invaliduser } = await api({ path, body, changes: true, answer });
  if (invaliduser.length > 0) throw new PlatformError('not_found', { platform: 'wecom', call: path, code: 'no_card' });
}

function faceOf(call: string, card: Card): Record<string, unknown> {
  if (card.buttons.length > buttonsMax) throw refuse(call, 'too_many', `A card has at most ${buttonsMax} buttons.`);
  const face = {
    main_title: { title: line(card.title, titleMax), ...optional('desc', line(card.verdict, subtitleMax)) },
    ...optional('sub_title_text', line(card.risk, noteMax)),
    horizontal_content_list: card.lines
      .slice(0, linesMax)
      .map(({ label, text }) => ({ keyname: line(label, labelMax), ...optional('value', line(text, valueMax)) })),
    card_action: { type: 1, url: card.url },
  };
  return card.buttons.length === 0
    ? { card_type: 'text_notice', ...face }
    : {
        card_type: 'button_interaction',
        ...face,
        button_list: card.buttons.map((button) => buttonOf(button, card.url)),
      };
}

const styles = { primary: 1, danger: 3, plain: 2 };

function buttonOf({ action, label, style, opensPage }: CardButton, url: string): Record<string, unknown> {
  const button = { text: line(label, buttonMax), style: styles[style] };
  return opensPage ? { type: 1, ...button, url } : { type: 0, ...button, key: action };
}

/** What a customer is called must not make a line of its own. */
function line(text: string, max: number): string {
  return cut(text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim(), max, widthOf);
}

function optional(name: string, value: string): Record<string, string> {
  return value === '' ? {} : { [name]: value };
}
