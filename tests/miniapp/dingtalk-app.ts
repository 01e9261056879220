import type { ServerResponse } from 'node:http';
import type { SandboxWorld } from '#tests/bot/sandbox-world.ts';
import type { DingtalkAct, DingtalkPhone, DingtalkState } from '#bot/sandbox/dingtalk-phone-api.ts';

/** A product's app in DingTalk, small: it sends cards and todos, and answers presses as it is told. */
export class DingtalkApp {
  readonly #world: SandboxWorld;
  /** What a press is answered with; null: nothing, for ever. */
  answer: (press: Press) => Record<string, string> | null = () => ({});
  presses: Press[] = [];

  constructor(world: SandboxWorld) {
    this.#world = world;
  }

  async call(method: 'GET' | 'POST' | 'PUT', path: string, body: object): Promise<Record<string, unknown>> {
    return this.#send(method, path, body, await this.#token());
  }

  async #token(): Promise<string> {
    const { accessToken } = await this.#send('POST', '/v1.0/oauth2/accessToken', {
      appKey: this.#world.env('DINGTALK_CLIENT_ID'),
      appSecret: this.#world.env('DINGTALK_CLIENT_SECRET'),
    });
    return String(accessToken);
  }

  async #send(method: string, path: string, body: object, token = ''): Promise<Record<string, unknown>> {
    const answer = await fetch(this.#world.sandbox.url + path, {
      method,
      headers: { 'content-type': 'application/json', 'x-acs-dingtalk-access-token': token },
      body: JSON.stringify(body),
    });
    const said = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${JSON.stringify(said)}`);
    return said;
  }

  /** The address a page of the product has for people: the sandbox's. */
  page = (path: string) => `${this.#world.sandbox.url}${path}`;

  async sendCard(to: string, key: string, params: Record<string, string>): Promise<void> {
    await this.call('POST', '/v1.0/card/callbacks/register', {
      callbackRouteKey: 'zhike',
      callbackUrl: `${await this.#productUrl()}/callbacks/dingtalk`,
      apiSecret: 'cardSecret01',
      forceUpdate: true,
    });
    await this.call('POST', '/v1.0/card/instances/createAndDeliver', {
      cardTemplateId: this.#world.env('DINGTALK_CARD_TEMPLATE_ID'),
      outTrackId: key,
      callbackType: 'HTTP',
      callbackRouteKey: 'zhike',
      cardData: { cardParamMap: params },
      userIdType: 1,
      openSpaceId: `dtv1.card//IM_ROBOT.${to}`,
      imRobotOpenSpaceModel: { lastMessageI18n: { ZH_CN: params['title'] ?? '' } },
      imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode: this.#world.env('DINGTALK_CLIENT_ID') },
    });
  }

  changeCard = (key: string, params: Record<string, string>) =>
    this.call('PUT', '/v1.0/card/instances', {
      outTrackId: key,
      cardData: { cardParamMap: params },
      cardUpdateOptions: { updateCardDataByKey: true },
    });

  async unionId(user: string): Promise<string> {
    const { result } = await this.#send('POST', `/topapi/v2/user/get?access_token=${await this.#token()}`, {
      userid: user,
    });
    return (result as { unionid: string }).unionid;
  }

  async #productUrl(): Promise<string> {
    const { productUrl } = await this.#world.state();
    return productUrl;
  }

  state = () => this.#world.get<DingtalkState>('dingtalk/state');
  phone = (user: string) => this.#world.get<DingtalkPhone>(`dingtalk/phone?user=${user}`);
  act = (deed: DingtalkAct) => this.#world.post('dingtalk/act', deed);

  /** For SandboxWorld.onCallback. The body has been read by then. */
  hear(body: string, response: ServerResponse): void {
    const said = JSON.parse(body) as { outTrackId: string; userId: string; content: string };
    const { cardPrivateData } = JSON.parse(said.content) as { cardPrivateData: { actionIds: string[] } };
    const press = { card: said.outTrackId, user: said.userId, action: cardPrivateData.actionIds[0] ?? '' };
    this.presses.push(press);
    const params = this.answer(press);
    if (!params) return;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ cardData: { cardParamMap: params }, cardUpdateOptions: { updateCardDataByKey: true } }),
    );
  }
}

export interface Press {
  card: string;
  user: string;
  action: string;
}
