import { z } from 'zod';
import { cutText } from '#bot/shared/cut-text.ts';
import type { Card, CardButton } from '#server/platform/card.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { done, type DingtalkApi } from './dingtalk-api.ts';
import { refuse } from './dingtalk-error.ts';
import { flag, listOf, text } from '#bot/shared/field.ts';

export interface CardApp {
  clientId: string;
  templateId: string;
  cardSecret: string | null;
  /** Where presses are posted; null: they come over the stream. */
  callbackUrl: string | null;
}

/** Every deployment's own: a route belongs to the app. */
const callbackRouteKey = 'zhike';
const sendPath = '/v1.0/card/instances/createAndDeliver';

const deliveredAnswer = z.object({
  result: z
    .object({ deliverResults: listOf(z.object({ success: flag, errorMsg: text })) })
    .nullish()
    .transform((result) => result?.deliverResults ?? []),
});

export interface Cards {
  send(to: PlatformKey, card: Card): Promise<{ reached: boolean; updateCode: string | null }>;
  update(to: PlatformKey, card: Card): Promise<void>;
}

export function makeCards(api: DingtalkApi, app: CardApp): Cards {
  let routed: Promise<void> | null = null;

  /** K02@0775: once for each process; saying it again changes nothing. */
  async function presses(): Promise<Record<string, string>> {
    const { callbackUrl, cardSecret } = app;
    if (callbackUrl === null) return { callbackType: 'STREAM' };
    routed ??= registerRoute(api, callbackUrl, cardSecret ?? '').catch((error: unknown) => {
      routed = null;
      throw error;
    });
    await routed;
    return { callbackType: 'HTTP', callbackRouteKey };
  }

  return {
    async send(to, card) {
      return { reached: await isDelivered(api, app, { to, card, presses: await presses() }), updateCode: null };
    },
    update: (to, card) => changeFace(api, card),
  };
}

async function registerRoute(api: DingtalkApi, callbackUrl: string, apiSecret: string): Promise<void> {
  const body = { callbackRouteKey, callbackUrl, apiSecret, forceUpdate: true };
  await api.call({ path: '/v1.0/card/callbacks/register', body, answer: done });
}

/** K02@0782: into the member's chat with the app's robot. `outTrackId` makes a second one of it impossible. */
async function isDelivered(
  api: DingtalkApi,
  app: CardApp,
  { to, card, presses }: { to: PlatformKey; card: Card; presses: Record<string, string> },
): Promise<boolean> {
  // `;` and `.` part what an address of spaces is made of.
  if (!/^[\w$@-]{1,64}$/.test(to)) return false;
  const summary = cutText(card.title, 200);
  const body = {
    cardTemplateId: app.templateId,
    outTrackId: card.key,
    ...presses,
    cardData: { cardParamMap: cardParams(card) },
    userIdType: 1,
    openSpaceId: `dtv1.card//IM_ROBOT.${to}`,
    imRobotOpenSpaceModel: {
      supportForward: false,
      lastMessageI18n: { ZH_CN: summary },
      notification: { alertContent: summary, notificationOff: false },
    },
    imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode: app.clientId },
  };
  try {
    const { result } = await api.call({ path: sendPath, body, changes: true, answer: deliveredAnswer });
    return result.every(({ success }) => success);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (/cardAlreadyExist/i.test(error.code)) return true;
    if (/openSpaceIdInvalid/i.test(error.code)) return false;
    throw error;
  }
}

/** K02@0783: every copy of the card shows it, wherever it was delivered. */
async function changeFace(api: DingtalkApi, card: Card): Promise<void> {
  const body = {
    outTrackId: card.key,
    cardData: { cardParamMap: cardParams(card) },
    cardUpdateOptions: { updateCardDataByKey: true, updatePrivateDataByKey: true },
    userIdType: 1,
  };
  await api.call({ method: 'PUT', path: '/v1.0/card/instances', body, changes: true, answer: done });
}

const valueBytesMax = 1024;
export const linesMax = 6;

/**
 * The variables of the template, all of them text (K05@0007: a value has at most 1 KB). docs/dingtalk-card.md says what
 * the template makes of them; the two must agree.
 */
export function cardParams(card: Card): Record<string, string> {
  const lines = card.lines.slice(0, linesMax);
  const isOpen = card.verdict === '';
  const params: Record<string, string> = {
    title: card.title,
    risk: card.risk,
    verdict: card.verdict,
    status: isOpen ? 'open' : 'decided',
    url: withinAddress(card.url),
    can_press: String(card.buttons.some(({ opensPage }) => !opensPage)),
    lines: jsonWithin(lines),
    ...buttonParams(
      'approve',
      card.buttons.find(({ style }) => style === 'primary'),
      card.url,
    ),
    ...buttonParams(
      'reject',
      card.buttons.find(({ style }) => style === 'danger'),
      card.url,
    ),
    ...buttonParams(
      'more',
      card.buttons.find(({ style }) => style === 'plain'),
      card.url,
    ),
  };
  // A face with fewer lines than the one before must empty the rest.
  for (let at = 0; at < linesMax; at++) {
    params[`line${at + 1}_label`] = lines[at]?.label ?? '';
    params[`line${at + 1}_text`] = lines[at]?.text ?? '';
  }
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, cutText(value, valueBytesMax)]));
}

/** An action for a button that tells us, an address for one that opens the page; both '' where there is no button. */
function buttonParams(slot: string, button: CardButton | undefined, url: string): Record<string, string> {
  return {
    [`${slot}_label`]: button?.label ?? '',
    [`${slot}_action`]: button && !button.opensPage ? button.action : '',
    [`${slot}_url`]: button?.opensPage ? withinAddress(url) : '',
  };
}

/** Half an address leads somewhere else. */
function withinAddress(url: string): string {
  if (Buffer.byteLength(url) > valueBytesMax)
    throw refuse(sendPath.slice(1), 'too_long', `An address has at most ${valueBytesMax} bytes.`);
  return url;
}

/** The same lines with shorter texts until they fit: JSON that is cut is none. */
function jsonWithin(lines: Card['lines']): string {
  for (let bytesMax = valueBytesMax; ; bytesMax = Math.floor(bytesMax * 0.8)) {
    const cut = lines.map(({ label, text }) => ({ label: cutText(label, bytesMax), text: cutText(text, bytesMax) }));
    const json = JSON.stringify(cut);
    if (Buffer.byteLength(json) <= valueBytesMax || bytesMax < 4) return json;
  }
}
