import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { keys } from '#tests/bot/dingtalk-sealed.ts';

export type Json = Record<string, unknown>;
export interface DoubleCall {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: Json;
}
type Answer = Json | ((call: DoubleCall, response: ServerResponse) => Json | ServerResponse);

export function fixture(name: string): Json {
  return JSON.parse(readFileSync(new URL(`../fixtures/dingtalk/${name}.json`, import.meta.url), 'utf8')) as Json;
}

/** The new API's refusal. */
export const refused =
  (status: number, code: string, message = 'as asked'): Answer =>
  (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ code, requestid: 'R1', message }));

/** The old one's. */
export const not = (errcode: number, more: Json = {}): Json => ({
  errcode,
  errmsg: `refused by 203.0.113.9 [${errcode}]`,
  request_id: 'r1',
  ...more,
});

/** Both APIs as their pages document them, with the recorded answers, and the gateway of the stream. */
export async function startDouble(options: { isMute?: boolean } = {}) {
  const calls: DoubleCall[] = [];
  const answers = new Map<string, Answer>();
  const codes = new Set<string>();
  const tokens = { good: 'token-1', fetched: 0 };

  const usual: Record<string, (call: DoubleCall) => Json> = {
    'POST /v1.0/oauth2/jsapiTickets': () => fixture('api/jsapi-ticket'),
    '/topapi/v2/user/getuserinfo': ({ body }) =>
      codes.delete(String(body['code'])) ? fixture('api/getuserinfo') : not(40078),
    '/topapi/v2/department/get': () => fixture('api/department-get'),
    '/topapi/v2/department/listsub': ({ body }) =>
      [1, 37125001].includes(Number(body['dept_id']))
        ? fixture(`api/department-listsub-${Number(body['dept_id'])}`)
        : fixture('api/department-listsub-none'),
    '/topapi/v2/user/list': ({ body }) => {
      if (body['dept_id'] !== 37125001) return { errcode: 0, errmsg: 'ok', result: { has_more: false, list: [] } };
      return fixture(body['cursor'] === 0 ? 'api/user-list-37125001' : 'api/user-list-37125001-1');
    },
    '/topapi/v2/user/get': ({ body }) =>
      ['zhangsan', 'wangjl'].includes(String(body['userid'])) ? fixture(`api/user-get-${body['userid']}`) : not(60121),
    'POST /v1.0/robot/oToMessages/batchSend': () => fixture('api/batch-send'),
    'POST /v1.0/card/instances/createAndDeliver': () => fixture('api/create-and-deliver'),
    'PUT /v1.0/card/instances': () => ({ success: true, result: true }),
    'POST /v1.0/card/callbacks/register': () => ({ success: true, result: {} }),
    'POST /v1.0/todo/users/unionzhangsan/tasks': () => fixture('api/todo-create'),
    'GET /v1.0/workflow/processInstances': () => fixture('api/process-instance'),
    'POST /v1.0/workflow/processInstances': () => ({ instanceId: 'pi-0001' }),
  };

  const gateway = new WebSocketServer({ noServer: true, autoPong: !options.isMute });
  const sockets = new Set<WebSocket>();
  const tickets = new Set<string>();
  const opened = { tickets: 0, connections: 0 };
  const heard: Json[] = [];
  const listeners = new Set<() => void>();
  gateway.on('connection', (socket) => {
    sockets.add(socket);
    opened.connections += 1;
    socket.on('message', (data) => {
      heard.push(JSON.parse(String(data)) as Json);
      for (const listener of listeners) listener();
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    for (const listener of listeners) listener();
  });

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const at = new URL(request.url ?? '/', 'http://localhost');
      const text = Buffer.concat(chunks).toString();
      const call: DoubleCall = {
        method: request.method ?? '',
        path: at.pathname,
        query: Object.fromEntries(at.searchParams),
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
        body: (text ? JSON.parse(text) : {}) as Json,
      };
      calls.push(call);
      const answer = answerOf(call, response);
      if (answer) response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  });
  server.on('upgrade', (request, socket, head) => {
    const ticket = new URL(request.url ?? '/', 'http://localhost').searchParams.get('ticket') ?? '';
    if (tickets.delete(ticket)) gateway.handleUpgrade(request, socket, head, (one) => gateway.emit('connection', one));
    else socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
  });

  function answerOf(call: DoubleCall, response: ServerResponse): Json | undefined {
    const isNew = call.path.startsWith('/v1.0/');
    const name = isNew ? `${call.method} ${call.path}` : call.path;
    const said = answers.get(name) ?? open[name] ?? guarded(call, isNew) ?? usual[name];
    if (said === undefined) return answered(refused(404, 'InvalidAction.NotFound'), call, response);
    return answered(said, call, response);
  }

  const open: Record<string, Answer> = {
    'POST /v1.0/oauth2/accessToken': ({ body }, response) => {
      const isKnown = body['appKey'] === keys.clientId && body['appSecret'] === keys.clientSecret;
      if (!isKnown) return answered(refused(400, 'invalidClientIdOrSecret'), {} as DoubleCall, response) ?? response;
      tokens.fetched += 1;
      return { ...fixture('api/access-token'), accessToken: tokens.good };
    },
    'POST /v1.0/gateway/connections/open': () => {
      opened.tickets += 1;
      tickets.add(`ticket ${opened.tickets}/+`);
      return { endpoint: `${url.replace('http', 'ws')}/connect`, ticket: `ticket ${opened.tickets}/+` };
    },
    'POST /v1.0/oauth2/userAccessToken': refused(400, 'invalidCode'),
  };

  function guarded({ headers, query }: DoubleCall, isNew: boolean): Answer | undefined {
    const token = isNew ? headers['x-acs-dingtalk-access-token'] : query['access_token'];
    if (token === tokens.good) return undefined;
    return isNew ? refused(400, 'InvalidAuthentication', '不合法的access_token') : not(40014);
  }

  function answered(answer: Answer, call: DoubleCall, response: ServerResponse): Json | undefined {
    if (typeof answer !== 'function') return answer;
    const said = answer(call, response);
    return said === response ? undefined : (said as Json);
  }

  /** Resolves when `isSo` is, looked at whenever something comes over the stream. */
  function until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    calls,
    tokens,
    codes,
    /** What the platform is configured with. */
    env: {
      DINGTALK_CLIENT_ID: keys.clientId,
      DINGTALK_CLIENT_SECRET: keys.clientSecret,
      DINGTALK_CORP_ID: keys.corpId,
      DINGTALK_AGENT_ID: '3000000001',
      DINGTALK_CALLBACK_TOKEN: keys.token,
      DINGTALK_CALLBACK_AES_KEY: keys.aesKey,
      DINGTALK_CARD_TEMPLATE_ID: 'template-1.schema',
      DINGTALK_CARD_SECRET: keys.cardSecret,
      DINGTALK_API_BASE: url,
      DINGTALK_OAPI_BASE: url,
    } as Record<string, string | undefined>,
    /** Answers this from now on, in place of what it would: `PUT /v1.0/…` of the new API, `/topapi/…` of the old. */
    answer: (name: string, answer: Answer) => void answers.set(name, answer),
    asUsual: () => answers.clear(),
    called: (path: string) => calls.filter((call) => call.path === path).map(({ body }) => body),
    stream: {
      sockets,
      heard,
      opened,
      until,
      send(frame: unknown) {
        const text = typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame);
        for (const socket of sockets) socket.send(text);
      },
      /** What was answered to a message. */
      ackOf: async (messageId: string): Promise<Json> => {
        const isIt = (frame: Json) => (frame['headers'] as Json | undefined)?.['messageId'] === messageId;
        await until(() => heard.some(isIt));
        return heard.find(isIt) ?? {};
      },
      cut() {
        for (const socket of sockets) socket.terminate();
      },
    },
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.terminate();
        gateway.close();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export type Double = Awaited<ReturnType<typeof startDouble>>;
