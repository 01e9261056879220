import { randomUUID } from 'node:crypto';
import {
  activeUser,
  DingtalkRefusal,
  paramRefused,
  record,
  text,
  textOr,
  type DingtalkCall,
  type DingtalkRule,
} from './dingtalk-call.ts';
import { cardSignature } from './dingtalk-crypto.ts';
import { cardRouteKey } from './dingtalk-seed.ts';
import type { Card, DingtalkWorld } from './dingtalk-world.ts';
import type { Stage } from './stage.ts';

const callbackTopic = '/v1.0/card/instances/callback';
const cardsMax = 3000;
/** K05@0007: of a parameter's name and value. */
const keyBytesMax = 100;
const valueBytesMax = 1024;

type Params = Record<string, string>;

export const cardCalls: DingtalkRule[] = [
  {
    method: 'POST',
    path: '/v1.0/card/instances/createAndDeliver',
    answer(call) {
      const card = create(call);
      const deliverResults = deliver(call, card);
      return { success: true, result: { outTrackId: card.outTrackId, deliverResults } };
    },
  },
  {
    method: 'POST',
    path: '/v1.0/card/instances',
    answer: (call) => ({ success: true, result: create(call).outTrackId }),
  },
  {
    method: 'POST',
    path: '/v1.0/card/instances/deliver',
    answer(call) {
      checkService(call.world);
      return { success: true, result: deliver(call, cardIn(call)) };
    },
  },
  { method: 'PUT', path: '/v1.0/card/instances', answer: update },
  {
    method: 'POST',
    path: '/v1.0/card/callbacks/register',
    answer({ stage, world, body }) {
      const refuse = paramRefused('param.error');
      const key = text(body, 'callbackRouteKey', refuse, 64);
      const url = text(body, 'callbackUrl', refuse, 1024);
      if (!URL.canParse(url) || !/^https?:/.test(url)) throw refuse('callbackUrl is invalid');
      const before = world.cardRoutes[key];
      if (before && body['forceUpdate'] !== true)
        throw new DingtalkRefusal('param.callbackRouteKeyExist', 'callbackRouteKey exist');
      const secret = textOr(body, 'apiSecret', before?.secret ?? randomUUID().replaceAll('-', ''), refuse);
      world.cardRoutes[key] = { url, secret };
      stage.changed();
      return { success: true, result: { callbackUrl: url, apiSecret: secret } };
    },
  },
];

const param = (name: string) => paramRefused(`param.${name}`);

function checkService(world: DingtalkWorld): void {
  if (world.faults.card.serviceDown) throw new DingtalkRefusal('systemBusy', '系统繁忙，请稍后再试', 500);
}

function cardIn({ world, body }: DingtalkCall): Card {
  const id = text(body, 'outTrackId', param('outTrackIdEmpty'));
  const card = world.cards[id];
  if (!card) throw new DingtalkRefusal('param.cardNotExist', 'card not exist');
  return card;
}

function create(call: DingtalkCall): Card {
  const { stage, world, body } = call;
  checkService(world);
  const template = text(body, 'cardTemplateId', param('cardTemplateIdEmpty'));
  if (template !== world.app.cardTemplateId) {
    throw new DingtalkRefusal('param.cardTemplateIdInvalid', 'cardTemplateId is invalid');
  }
  const outTrackId = text(body, 'outTrackId', param('outTrackIdEmpty'), 128);
  if (Object.hasOwn(world.cards, outTrackId)) throw new DingtalkRefusal('param.cardAlreadyExist', 'card already exist');
  const userIdType = userIdTypeIn(body);
  const data = record(body['cardData'], 'cardData', param('cardDataEmpty'));
  const card: Card = {
    outTrackId,
    template,
    params: paramsIn(data['cardParamMap'] ?? {}),
    privateParams: privateIn(world, body['privateData'], userIdType),
    callback: callbackIn(world, body),
    userIdType,
    spaces: [],
    createdAt: stage.now(),
    updatedAt: stage.now(),
  };
  world.cards[outTrackId] = card;
  const ids = Object.keys(world.cards);
  for (const oldest of ids.slice(0, Math.max(0, ids.length - cardsMax))) delete world.cards[oldest];
  stage.changed();
  return card;
}

function callbackIn(world: DingtalkWorld, body: Record<string, unknown>): Card['callback'] {
  const type = textOr(body, 'callbackType', '', param('callbackType'));
  if (type === '') return null;
  if (type === 'STREAM') return { type };
  if (type !== 'HTTP') throw new DingtalkRefusal('param.callbackTypeInvalid', 'callbackType is invalid');
  const routeKey = textOr(body, 'callbackRouteKey', cardRouteKey, param('callbackRouteKey'));
  if (!world.cardRoutes[routeKey])
    throw new DingtalkRefusal('param.callbackRouteKeyInvalid', 'callbackRouteKey not registered');
  return { type, routeKey };
}

const userIdTypeIn = (body: Record<string, unknown>): 1 | 2 => (Number(body['userIdType'] ?? 1) === 2 ? 2 : 1);

/** Text only: a number is "1", a truth "true", anything deeper its JSON. */
function paramsIn(value: unknown): Params {
  const given = record(value, 'cardParamMap', param('cardParamMapInvalid'));
  for (const [key, inside] of Object.entries(given)) {
    if (typeof inside !== 'string') throw new DingtalkRefusal('param.cardParamMapInvalid', `${key} must be a string`);
    if (Buffer.byteLength(key) > keyBytesMax)
      throw new DingtalkRefusal('param.cardParamKeyTooLong', `${key} is too long`);
    if (Buffer.byteLength(inside) > valueBytesMax) {
      throw new DingtalkRefusal('param.cardParamValueTooLong', `value of ${key} is too long`);
    }
  }
  return given as Params;
}

function userOf(world: DingtalkWorld, id: string, type: 1 | 2): string | null {
  const found = type === 1 ? activeUser(world, id) : Object.values(world.users).find((user) => user.unionid === id);
  return found?.active ? found.userid : null;
}

/** People who are not (or no longer) there are passed over. */
function privateIn(world: DingtalkWorld, value: unknown, type: 1 | 2): Record<string, Params> {
  const mine: Record<string, Params> = {};
  for (const [id, data] of Object.entries(record(value ?? {}, 'privateData', param('privateDataInvalid')))) {
    const params = paramsIn(record(data, 'privateData', param('privateDataInvalid'))['cardParamMap'] ?? {});
    const user = userOf(world, id, type);
    if (user) mine[user] = params;
  }
  return mine;
}

/** openSpaceId is dtv1.card//TYPE.id;TYPE.id; a phone shows what came to its user by the robot. */
function deliver({ stage, world, body }: DingtalkCall, card: Card): Record<string, unknown>[] {
  const invalid = param('openSpaceIdInvalid');
  const spaces = text(body, 'openSpaceId', invalid);
  if (!spaces.startsWith('dtv1.card//')) throw invalid('openSpaceId is invalid');
  const results = spaces
    .slice('dtv1.card//'.length)
    .split(';')
    .filter((one) => one !== '')
    .map((space) => {
      const [, type = '', id = ''] = /^([A-Z_]+)\.(.+)$/i.exec(space) ?? [];
      const said = { spaceType: type, spaceId: id, carrierId: '', errorMsg: '' };
      if (type !== 'IM_ROBOT') return { ...said, success: false, errorMsg: 'space not exist' };
      const model = record(body['imRobotOpenDeliverModel'] ?? {}, 'imRobotOpenDeliverModel', invalid);
      if (textOr(model, 'spaceType', '', invalid) !== 'IM_ROBOT')
        throw invalid('imRobotOpenDeliverModel.spaceType is invalid');
      if (textOr(model, 'robotCode', world.app.clientId, invalid) !== world.app.clientId) {
        throw new DingtalkRefusal('param.robotCodeInvalid', 'robotCode is invalid');
      }
      const user = userOf(world, id, card.userIdType);
      if (!user) return { ...said, success: false, errorMsg: 'user not exist' };
      card.spaces.push({ type, id, users: [user], summary: summaryIn(body), at: stage.now() });
      stage.tell({ type: 'dingtalk', part: 'cards', user });
      return { ...said, success: true, carrierId: randomUUID() };
    });
  if (results.length === 0) throw invalid('openSpaceId is invalid');
  stage.changed();
  return results;
}

function summaryIn(body: Record<string, unknown>): string {
  const model = body['imRobotOpenSpaceModel'] as { lastMessageI18n?: Record<string, unknown> } | undefined;
  const said = model?.lastMessageI18n ?? {};
  return String(said['ZH_CN'] ?? Object.values(said)[0] ?? '');
}

function update(call: DingtalkCall): Record<string, unknown> {
  const { stage, world, body } = call;
  checkService(world);
  const card = cardIn(call);
  const data =
    body['cardData'] === undefined ? undefined : record(body['cardData'], 'cardData', param('cardDataInvalid'));
  change(stage, card, {
    ...(data ? { params: paramsIn(data['cardParamMap'] ?? {}) } : {}),
    privateParams: privateIn(world, body['privateData'], userIdTypeIn(body)),
    options: body['cardUpdateOptions'],
  });
  return { success: true, result: true };
}

/** Without options everything is written over; by key, what is not named stays. */
function change(
  stage: Stage,
  card: Card,
  to: { params?: Params; privateParams: Record<string, Params>; options: unknown },
): void {
  const options = (typeof to.options === 'object' && to.options !== null ? to.options : {}) as Record<string, unknown>;
  if (to.params) card.params = options['updateCardDataByKey'] === true ? { ...card.params, ...to.params } : to.params;
  for (const [user, params] of Object.entries(to.privateParams)) {
    const before = card.privateParams[user] ?? {};
    card.privateParams[user] = options['updatePrivateDataByKey'] === true ? { ...before, ...params } : params;
  }
  card.updatedAt = stage.now();
  stage.changed();
  stage.tell({ type: 'dingtalk', part: 'cards', user: null });
}

export const usersOf = (card: Card): string[] => card.spaces.flatMap((space) => space.users);

/** What a press came to, for the phone. */
export interface Press {
  accepted: boolean;
  says: string;
}

const noAnswer = '操作超时，请稍后重试';
const badAnswer = '操作失败，请稍后重试';

/** Somebody presses a button: the product is asked, and what it answers within the time is the card's new face. */
export async function pressCard(
  stage: Stage,
  card: Card,
  user: string,
  action: string,
  params: Record<string, string>,
): Promise<Press> {
  const world = stage.world.dingtalk;
  const { duplicateTap, lateTapMs } = world.faults.card;
  const tap = () => tapOnce(stage, card, user, action, params);
  if (lateTapMs > 0) {
    // The phone's network holds it back; the phone itself has long given up.
    setTimeout(() => {
      tap().catch(() => stage.log({ kind: 'push', name: 'dingtalk card', code: 'failed', ms: 0, detail: '' }));
    }, lateTapMs).unref();
    return { accepted: false, says: noAnswer };
  }
  const [first] = await Promise.all(duplicateTap ? [tap(), tap()] : [tap()]);
  return first;
}

async function tapOnce(
  stage: Stage,
  card: Card,
  user: string,
  action: string,
  params: Record<string, string>,
): Promise<Press> {
  const world = stage.world.dingtalk;
  const who = card.userIdType === 1 ? user : (world.users[user]?.unionid ?? user);
  const data = {
    type: 'actionCallback',
    outTrackId: card.outTrackId,
    corpId: world.app.corpId,
    userId: who,
    content: JSON.stringify({ cardPrivateData: { actionIds: [action], params } }),
  };
  const startedAt = performance.now();
  const said = card.callback ? await askProduct(stage, card.callback, data) : null;
  const ms = Math.round(performance.now() - startedAt);
  const press = said === null ? { accepted: false, says: noAnswer } : accept(stage, card, user, said);
  const detail = `${card.outTrackId} ${action} ${user}`;
  stage.log({
    kind: 'push',
    name: 'dingtalk card',
    code: said === null ? 'timeout' : press.accepted ? '200' : 'refused',
    ms,
    detail,
  });
  return press;
}

function askProduct(
  stage: Stage,
  callback: NonNullable<Card['callback']>,
  data: Record<string, unknown>,
): Promise<unknown> {
  const { cardRoutes, settings } = stage.world.dingtalk;
  if (callback.type === 'STREAM') return stage.dingtalk.ask(callbackTopic, data, settings.cardAnswerMs);
  const route = cardRoutes[callback.routeKey];
  if (!route) return Promise.resolve(null);
  const timestamp = String(stage.now());
  const headers = {
    'x-ddpaas-signature-timestamp': timestamp,
    'x-ddpaas-signature': cardSignature(route.secret, timestamp),
  };
  return stage.dingtalk.askByHttp(
    route.url || `${stage.productUrl}/callbacks/dingtalk`,
    headers,
    data,
    settings.cardAnswerMs,
  );
}

/** An answer that does not hold to the rules of a card's data changes nothing, and the phone says so. */
function accept(stage: Stage, card: Card, user: string, said: unknown): Press {
  try {
    const refuse = param('responseInvalid');
    const answer = record(said, 'response', refuse);
    const options = answer['cardUpdateOptions'] ?? answer['cardOptions'];
    const data = answer['cardData'];
    const mine = answer['userPrivateData'];
    if (data === undefined && mine === undefined) return { accepted: true, says: '' };
    change(stage, card, {
      ...(data === undefined ? {} : { params: paramsIn(record(data, 'cardData', refuse)['cardParamMap'] ?? {}) }),
      privateParams:
        mine === undefined ? {} : { [user]: paramsIn(record(mine, 'userPrivateData', refuse)['cardParamMap'] ?? {}) },
      options,
    });
    return { accepted: true, says: '' };
  } catch (error) {
    if (error instanceof DingtalkRefusal) return { accepted: false, says: badAnswer };
    throw error;
  }
}
