import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { meetFaults } from './meet-faults.ts';
import { dingtalkAccessCalls, checkToken, expireToken } from './dingtalk-access.ts';
import { DingtalkErrcode, DingtalkRefusal, type DingtalkRule } from './dingtalk-call.ts';
import { cardCalls } from './dingtalk-card.ts';
import { formCalls } from './dingtalk-form-call.ts';
import { gatewayCalls } from './dingtalk-gateway-call.ts';
import { dingtalkMessageCalls } from './dingtalk-message.ts';
import { dingtalkPeopleCalls } from './dingtalk-people.ts';
import type { DingtalkApiFault } from './dingtalk-phone-api.ts';
import { todoCalls } from './dingtalk-todo.ts';
import { detailOf } from './log-detail.ts';
import { jsonIn, type Stage } from './stage.ts';

const calls: readonly DingtalkRule[] = [
  ...dingtalkAccessCalls,
  ...dingtalkPeopleCalls,
  ...dingtalkMessageCalls,
  ...cardCalls,
  ...todoCalls,
  ...formCalls,
  ...gatewayCalls,
];

const patterns = calls.map((rule) => ({
  rule,
  pattern: new RegExp(`^${rule.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '([^/]+)')}$`),
}));

/** Both hosts of DingTalk stand behind one address here: whether a path is the new one's. */
const isNew = (path: string): boolean => path.startsWith('/v1.0/');
export const isDingtalkPath = (path: string): boolean =>
  isNew(path) || path.startsWith('/topapi/') || calls.some((rule) => rule.path === path);

interface Said {
  status: number;
  code: string;
  type: string;
  body: string;
}

/** What stands before every call: faults, limits, tokens; then the call, answered in the manner of its host. */
export function dingtalkGate(stage: Stage) {
  const counters = new Map<string, { second: number; calls: number }>();

  function count(path: string, isNewHost: boolean): void {
    const second = Math.floor(stage.now() / 1000);
    const counter = counters.get(path);
    const next = counter?.second === second ? { second, calls: counter.calls + 1 } : { second, calls: 1 };
    counters.set(path, next);
    if (next.calls > stage.world.dingtalk.settings.callsPerSecondMax) throw refusals.qps_app(isNewHost);
  }

  function answer(
    path: string,
    request: IncomingMessage,
    query: URLSearchParams,
    raw: Buffer,
  ): Record<string, unknown> {
    const found = patterns.filter(({ pattern }) => pattern.test(path));
    // The old host takes GET and POST alike for what only asks.
    const match = found.find(({ rule }) => rule.method === request.method) ?? (isNew(path) ? undefined : found[0]);
    if (!match) {
      if (isNew(path)) throw new DingtalkRefusal('InvalidAction.NotFound', 'Specified api is not found.', 404);
      throw new DingtalkErrcode(22, '不存在的方法名');
    }
    count(`${match.rule.method} ${match.rule.path}`, isNew(path));
    const token = tokenIn(request, query, path);
    if (!match.rule.open) checkToken(stage, token, isNew(path));
    const world = stage.world.dingtalk;
    const body = bodyIn(request, raw, path);
    const parts = (match.pattern.exec(path) ?? []).slice(1).map(decodeURIComponent);
    return match.rule.answer({ stage, world, query, body, token, path: parts });
  }

  function said(path: string, work: () => Record<string, unknown>): Said {
    const requestId = randomUUID().toUpperCase();
    const json = (status: number, code: string, body: Record<string, unknown>): Said => ({
      status,
      code,
      type: 'application/json;charset=UTF-8',
      body: JSON.stringify(body),
    });
    try {
      const result = work();
      if (isNew(path)) return json(200, '200', result);
      return json(200, '0', { errcode: 0, errmsg: 'ok', ...result, request_id: requestId.toLowerCase() });
    } catch (error) {
      if (error instanceof DingtalkRefusal) {
        const { code, message, status, more } = error;
        return json(status, `${status} ${code}`, { code, requestid: requestId, message, ...more });
      }
      if (error instanceof DingtalkErrcode) {
        const { errcode, message, sub } = error;
        const body = { errcode, errmsg: message, ...sub, request_id: requestId.toLowerCase() };
        return json(200, String(errcode), body);
      }
      throw error;
    }
  }

  return async (request: IncomingMessage, response: ServerResponse, url: URL, raw: Buffer): Promise<void> => {
    const path = url.pathname;
    const startedAt = performance.now();
    const met = faultsMet(stage, path);
    for (const fault of met) if (fault.kind === 'slow') await pause(fault.delayMs, undefined, { ref: false });
    const odd = met.map((fault) => oddAnswer(fault, path)).find((one) => one !== null);
    const spoken =
      odd ??
      said(path, () => {
        for (const fault of met) strike(stage, fault, path, tokenIn(request, url.searchParams, path));
        return answer(path, request, url.searchParams, raw);
      });
    const isSilent = met.some((fault) => fault.kind === 'no_answer');
    const asked = { ...Object.fromEntries(url.searchParams), ...shown(jsonIn(raw)) };
    const detail = detailOf({
      asked,
      [isSilent ? 'done, not answered' : 'said']: shown(jsonIn(Buffer.from(spoken.body))),
    });
    const ms = Math.round(performance.now() - startedAt);
    stage.log({ kind: 'api', name: `dingtalk ${request.method} ${path}`, code: spoken.code, ms, detail });
    if (isSilent) return;
    const wantsXml = calls.some((rule) => rule.xml && rule.path === path) && !request.headers.accept?.includes('json');
    if (wantsXml && spoken.status === 200) return sendXml(response, jsonIn(Buffer.from(spoken.body)));
    response.writeHead(spoken.status, { 'content-type': spoken.type, 'x-acs-request-id': randomUUID().toUpperCase() });
    response.end(spoken.body);
  };
}

function sendXml(response: ServerResponse, said: unknown): void {
  const fields = Object.entries(shown(said)).map(([key, value]) => `<${key}>${String(value)}</${key}>`);
  response.writeHead(200, { 'content-type': 'application/xml;charset=UTF-8' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?><Response>${fields.join('')}</Response>`);
}

const tokenIn = (request: IncomingMessage, query: URLSearchParams, path: string): string =>
  isNew(path) ? String(request.headers['x-acs-dingtalk-access-token'] ?? '') : (query.get('access_token') ?? '');

const shown = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

/** K01: the new host takes JSON and nothing else, the old one forms too. */
function bodyIn(request: IncomingMessage, raw: Buffer, path: string): Record<string, unknown> {
  if (raw.length === 0) return {};
  const type = request.headers['content-type'] ?? '';
  if (type.includes('json')) {
    const body = jsonIn(raw);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } else if (!isNew(path)) {
    const form = new URLSearchParams(raw.toString('utf8'));
    return Object.fromEntries(
      [...form].map(([key, value]) => [key, /^[[{]/.test(value) ? jsonIn(Buffer.from(value)) : value]),
    );
  }
  if (isNew(path)) throw new DingtalkRefusal('Missingbody', 'body is mandatory for this action.');
  throw new DingtalkErrcode(40035, '不合法的参数');
}

const both =
  (status: number, code: string, errcode: number, message: string, more: Record<string, unknown> = {}) =>
  (newHost: boolean): Error =>
    newHost ? new DingtalkRefusal(code, message, status, more) : new DingtalkErrcode(errcode, message);

const denied = 'Forbidden.AccessDenied.';
const refusals = {
  permission_denied: both(403, `${denied}AccessTokenPermissionDenied`, 60011, '没有调用该接口的权限', {
    accessdenieddetail: { requiredScopes: ['sandbox.asked'] },
  }),
  ip_not_listed: both(403, `${denied}IpNotInWhiteList`, 60020, '访问ip不在白名单之中'),
  qps_app: both(403, `${denied}QpsLimitForAppkeyAndApi`, 90018, '服务器调用超过每秒最高频率限制'),
  qps_all: both(403, `${denied}QpsLimitForApi`, 90002, '服务器接口被限流'),
  quota: both(403, `${denied}ApiCountLimitForOrg`, 90020, '企业本月接口调用次数已用完'),
  busy: both(500, 'systemBusy', -1, '系统繁忙'),
};

function strike(stage: Stage, fault: DingtalkApiFault, path: string, token: string): void {
  switch (fault.kind) {
    case 'token_invalid':
      // One said to be bad is not given out again; asking for one cannot fail for it.
      if (calls.some((rule) => rule.path === path && rule.open)) return;
      expireToken(stage, token);
      throw both(400, 'InvalidAuthentication', 40014, '不合法的access_token')(isNew(path));
    case 'code':
      if (isNew(path))
        throw new DingtalkRefusal(
          fault.code,
          'as asked of the sandbox',
          /busy|unavailable/i.test(fault.code) ? 500 : 400,
        );
      throw new DingtalkErrcode(Number(fault.code) || -1, 'as asked of the sandbox');
    case 'gateway_timeout':
      throw new DingtalkErrcode(15, '远程服务调用超时', {
        sub_code: 'isp.top-remote-connection-timeout',
        sub_msg: '服务超时',
      });
    case 'ip_banned':
    case 'slow':
    case 'no_answer':
      return;
    default:
      throw refusals[fault.kind](isNew(path));
  }
}

/** What does not come from the API itself but from what stands before it. */
function oddAnswer(fault: DingtalkApiFault, path: string): Said | null {
  if (fault.kind === 'gateway_timeout' && isNew(path)) {
    return { status: 504, code: '504', type: 'text/html', body: '<html><body>504 Gateway Time-out</body></html>' };
  }
  if (fault.kind === 'ip_banned') {
    const body = { status: 1111, wait: 5, source: 'x5', punish: 'deny', uuid: randomUUID() };
    return { status: 200, code: '1111', type: 'application/json', body: JSON.stringify(body) };
  }
  return null;
}

function faultsMet(stage: Stage, path: string): DingtalkApiFault[] {
  const { faults } = stage.world.dingtalk;
  const { met, left } = meetFaults(faults.api, path);
  if (met.length === 0) return [];
  const isShorter = left.length !== faults.api.length;
  faults.api = left;
  stage.changed();
  if (isShorter) stage.tell({ type: 'dingtalk', part: 'faults', user: null });
  return met;
}
