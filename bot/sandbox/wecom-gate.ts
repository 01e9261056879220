import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { meetFaults } from './meet-faults.ts';
import type { ApiFault } from './fault-api.ts';
import { nowSeconds } from './stage.ts';
import { detailOf } from './log-detail.ts';
import { jsonIn, type Stage } from './stage.ts';
import { accessCalls, tokenKind } from './wecom-access.ts';
import { Errcode, type CallTable } from './wecom-call.ts';
import { cardCalls } from './wecom-card.ts';
import { channelCalls } from './wecom-channel.ts';
import { customerCalls } from './wecom-customer.ts';
import { groupSendCalls } from './wecom-group-send.ts';
import { mediaCalls } from './wecom-media.ts';
import { messageCalls } from './wecom-message.ts';
import { peopleCalls } from './wecom-people.ts';
import { tagCalls } from './wecom-tag.ts';
import { transferCalls } from './wecom-transfer.ts';

const calls: CallTable = {
  ...accessCalls,
  ...peopleCalls,
  ...customerCalls,
  ...tagCalls,
  ...messageCalls,
  ...cardCalls,
  ...transferCalls,
  ...mediaCalls,
  ...groupSendCalls,
  ...channelCalls,
};

/** What stands before every call under /cgi-bin/: faults, limits, tokens; then the call. HTTP is 200 whatever it says. */
export function wecomGate(stage: Stage) {
  const counters = new Map<string, { minute: number; calls: number }>();

  function count(path: string): void {
    const minute = Math.floor(stage.now() / 60_000);
    const counter = counters.get(path);
    const next = counter?.minute === minute ? { minute, calls: counter.calls + 1 } : { minute, calls: 1 };
    counters.set(path, next);
    if (next.calls > stage.world.settings.callsPerMinuteMax) throw new Errcode(45009, 'api freq out of limit');
  }

  function answer(path: string, request: IncomingMessage, query: URLSearchParams, raw: Buffer, met: ApiFault[]) {
    const rule = calls[path];
    if (!rule) throw new Errcode(40058, 'no such call');
    for (const fault of met) strike(fault, path, query);
    count(path);
    const token = rule.tokens ? tokenKind(stage, query.get('access_token')) : null;
    if (token && !rule.tokens?.includes(token)) throw new Errcode(48002, 'api forbidden');
    // A call made the wrong way is seen as one with nothing in it (D90312 family): no 405.
    if (request.method !== rule.method) throw new Errcode(40063, 'some parameters are empty');
    const contentType = request.headers['content-type'] ?? '';
    const isForm = contentType.startsWith('multipart/');
    const body = rule.method === 'POST' && !isForm ? parse(raw) : {};
    return rule.answer({ stage, query, body, raw, contentType, token });
  }

  /** A token said to have expired is not given out again. */
  function strike(fault: ApiFault, path: string, query: URLSearchParams): void {
    switch (fault.kind) {
      case 'rate_limited':
        throw new Errcode(45009, 'api freq out of limit');
      case 'ip_refused':
        throw new Errcode(60020, 'not allow to access from your ip');
      case 'busy':
        throw new Errcode(-1, 'system busy');
      case 'code':
        throw new Errcode(fault.code, 'as asked of the sandbox');
      case 'token_expired': {
        if (path === 'gettoken') return;
        for (const one of stage.world.credentials) {
          if (one.value === query.get('access_token')) one.expiresAt = stage.now();
        }
        throw new Errcode(42001, 'access_token expired');
      }
      case 'slow':
      case 'no_answer':
      case 'hang_up':
        return;
    }
  }

  return async (request: IncomingMessage, response: ServerResponse, url: URL, raw: Buffer): Promise<void> => {
    const path = url.pathname.slice('/cgi-bin/'.length);
    const startedAt = performance.now();
    const met = faultsMet(stage, path);
    for (const fault of met) if (fault.kind === 'slow') await pause(fault.delayMs, undefined, { ref: false });

    let said: Record<string, unknown>;
    let code = 0;
    try {
      said = { errcode: 0, errmsg: 'ok', ...answer(path, request, url.searchParams, raw, met) };
    } catch (error) {
      if (!(error instanceof Errcode)) throw error;
      code = error.errcode;
      const hint = `hint: [${nowSeconds(stage)}_1_sandbox], from ip: 127.0.0.1`;
      const more = `more info at https://open.work.weixin.qq.com/devtool/query?e=${code}`;
      said = { errcode: code, errmsg: `${error.message}, ${hint}, ${more}` };
    }
    const ms = Math.round(performance.now() - startedAt);
    const isCutOff = met.some((fault) => fault.kind === 'hang_up');
    const isSilent = isCutOff || met.some((fault) => fault.kind === 'no_answer');
    const asked = { ...Object.fromEntries(url.searchParams), ...bodyShown(raw) };
    const detail = detailOf({ asked, [isSilent ? 'done, not answered' : 'said']: said });
    stage.log({ kind: 'api', name: path, code: String(code), ms, detail });
    if (isCutOff) response.destroy();
    if (isSilent) return;
    response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' });
    response.end(JSON.stringify(said));
  };
}

/** Those whose time is over go. */
export function endFaults(stage: Stage): void {
  const { faults } = stage.world;
  const left = faults.api.filter(({ until }) => until === undefined || until > stage.now());
  if (left.length === faults.api.length) return;
  faults.api = left;
  stage.changed();
  stage.tell({ type: 'faults', faults });
}

function faultsMet(stage: Stage, path: string): ApiFault[] {
  endFaults(stage);
  const { faults } = stage.world;
  const { met, left } = meetFaults(faults.api, path);
  if (met.length === 0) return [];
  const isShorter = left.length !== faults.api.length;
  faults.api = left;
  stage.changed();
  if (isShorter) stage.tell({ type: 'faults', faults });
  return met;
}

/** Files have nothing to show. */
function bodyShown(raw: Buffer): object {
  const body = raw.length > 0 ? jsonIn(raw) : null;
  return typeof body === 'object' && body !== null ? body : {};
}

function parse(raw: Buffer): Record<string, unknown> {
  if (raw.length === 0) return {};
  const body = jsonIn(raw);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new Errcode(40058, 'Warning: wrong json format.');
}
