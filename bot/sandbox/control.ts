import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { bridge } from './bridge.ts';
import { DeedRefused } from './deed-refused.ts';
import { dingtalkControl } from './dingtalk-control.ts';
import { faultEdit, settingsEdit } from './fault-api.ts';
import { bridgeCall, signatureCheck } from './frame-api.ts';
import { act, play, type LogEntry, type SandboxState } from './sandbox-api.ts';
import { followOf, followsOf, jsonIn, pairOf, type ChatMessage, type Follow, type Stage } from './stage.ts';
import { expireTokens, verifySignature } from './wecom-access.ts';
import { performAny } from './wecom-deed.ts';
import { groupSendsOf } from './wecom-send-task.ts';
import { tagsIn } from './wecom-tag.ts';
import { channelsOf } from './wecom-way-in.ts';
import {
  sandboxMessage,
  sandboxTransfer,
  type SandboxChat,
  type SandboxContact,
  type SandboxMessage,
} from './wecom-window-api.ts';

const memberCookie = 'sandbox_member';

/** What the control API can do beyond the stage. */
export interface Control {
  log(): LogEntry[];
  watch(response: ServerResponse): void;
  reset(seed: number | undefined): number;
  verifyCallback(): Promise<boolean>;
}

interface Asked {
  stage: Stage;
  control: Control;
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  body: unknown;
}

type Answer = (asked: Asked) => unknown;

/** The page's own door: everything a person may do or look at here. */
export function controlDoor(stage: Stage, control: Control) {
  const invoke = bridge(stage);
  const answers: Record<string, Answer> = {
    'GET state': ({ request }) => stateOf(stage, playing(stage, request)),
    'GET contacts': ({ query }) => ({ contacts: contactsOf(stage, needed(query, 'member')) }),
    'GET chat': ({ query }) => chatOf(stage, needed(query, 'member'), needed(query, 'contact')),
    'GET notices': ({ query }) => ({
      notices: stage.world.notices.filter((one) => !query.has('member') || one.member === query.get('member')),
    }),
    'GET cards': ({ query }) => ({
      cards: stage.world.cards.filter((one) => !query.has('member') || one.member === query.get('member')),
    }),
    'GET transfers': () => ({ transfers: stage.world.transfers.map((one) => sandboxTransfer.parse(one)) }),
    'GET group-sends': ({ query }) => ({ sends: groupSendsOf(stage, query.get('member')) }),
    'GET channels': () => ({ channels: channelsOf(stage) }),
    'GET log': ({ query }) => ({ entries: control.log().slice(-Number(query.get('limit') ?? 200)) }),
    'POST act': ({ body }) => {
      const done = performAny(stage, act.parse(body));
      return { ...done, ...(done.message ? { message: sandboxMessage.parse(done.message) } : {}) };
    },
    'POST play': ({ request, response, body }) => {
      const { member } = play.parse(body);
      if (!stage.world.members[member]?.active)
        throw new DeedRefused('sandbox.member_unknown', '没有这位在职成员。', 404);
      response.setHeader('set-cookie', [`${memberCookie}=${member}; Path=/; SameSite=Lax`, ...othersCookies(request)]);
      return { member };
    },
    'POST faults': ({ body }) => {
      const edit = faultEdit.parse(body);
      const { faults } = stage.world;
      if (edit.api) {
        faults.api = edit.api.map(({ forMs, ...fault }) => ({
          ...fault,
          ...(forMs === undefined ? {} : { until: stage.now() + forMs }),
        }));
      }
      Object.assign(faults.callbacks, edit.callbacks);
      Object.assign(faults.model, edit.model);
      if (edit.bridge) faults.bridge = edit.bridge;
      stage.changed();
      stage.tell({ type: 'faults', faults });
      return faults;
    },
    'POST settings': ({ body }) => {
      Object.assign(stage.world.settings, settingsEdit.parse(body));
      stage.changed();
      stage.tell({ type: 'settings', settings: stage.world.settings });
      return stage.world.settings;
    },
    'POST expire-tokens': () => ({ expired: expireTokens(stage) }),
    'POST reset': ({ body }) => ({
      seed: control.reset(z.object({ seed: z.number().int().optional() }).parse(body).seed),
    }),
    'POST verify-callback': async () => ({ verified: await control.verifyCallback() }),
    'POST verify-signature': ({ body }) => verifySignature(stage, signatureCheck.parse(body)),
    'POST bridge': ({ body }) => invoke(bridgeCall.parse(body)),
    ...dingtalkControl(stage),
  };

  return async (request: IncomingMessage, response: ServerResponse, url: URL, raw: Buffer): Promise<void> => {
    const name = url.pathname.slice('/sandbox/api/'.length);
    const refused = refusal(stage, request);
    if (refused) return send(response, 403, refused);
    if (request.method === 'GET' && name === 'live') return control.watch(response);
    const answer = answers[`${request.method} ${name}`];
    if (!answer) return send(response, 404, problem('sandbox.no_such_call', `没有 ${request.method} ${url.pathname}`));
    try {
      const body = raw.length > 0 ? jsonIn(raw) : {};
      send(response, 200, await answer({ stage, control, request, response, query: url.searchParams, body }));
    } catch (error) {
      if (error instanceof DeedRefused) return send(response, error.status, problem(error.code, error.message));
      if (error instanceof z.ZodError) return send(response, 400, problem('request.invalid', z.prettifyError(error)));
      throw error;
    }
  };
}

const problem = (code: string, message: string) => ({ error: { code, message } });

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** Other sites' pages may neither press the sandbox's buttons nor read from it under a name that resolves to loopback. */
function refusal(stage: Stage, request: IncomingMessage): unknown {
  if (request.headers.host !== new URL(stage.url).host)
    return problem('sandbox.wrong_host', `请用 ${stage.url} 打开。`);
  const { origin } = request.headers;
  if (origin !== undefined && origin !== stage.url) return problem('sandbox.wrong_origin', '来源不对。');
  return null;
}

function needed(query: URLSearchParams, key: string): string {
  const value = query.get(key);
  if (!value) throw new DeedRefused('request.invalid', `需要参数 ${key}。`, 400);
  return value;
}

const cookiesOf = (request: IncomingMessage): string[] =>
  (request.headers.cookie ?? '').split(/; */).filter((cookie) => cookie !== '');

/** Who this browser plays: by its cookie, or the story's hero. */
export function playing(stage: Stage, request: IncomingMessage): string {
  const cookie = cookiesOf(request).find((one) => one.startsWith(`${memberCookie}=`));
  const member = cookie?.slice(memberCookie.length + 1) ?? '';
  return stage.world.members[member]?.active ? member : stage.world.demo.member;
}

/** Another member's client is another cookie jar: what the product set for the one before goes. */
function othersCookies(request: IncomingMessage): string[] {
  return cookiesOf(request)
    .map((cookie) => cookie.split('=')[0] ?? '')
    .filter((name) => name !== '' && !name.startsWith('sandbox_'))
    .map((name) => `${name}=; Path=/; Max-Age=0`);
}

function stateOf(stage: Stage, member: string): SandboxState {
  const { world } = stage;
  const followed = new Set(Object.values(world.follows).map((follow) => follow.contact));
  return {
    now: stage.now(),
    seed: world.seed,
    company: { name: world.company.name, corpId: world.company.corpId, agentId: world.company.agentId },
    productUrl: stage.productUrl,
    playing: member,
    demo: world.demo,
    departments: world.departments.map((one) => ({
      key: String(one.id),
      name: one.name,
      parent: one.parentId === 0 ? null : String(one.parentId),
    })),
    members: Object.values(world.members).map((one) => ({
      key: one.userid,
      name: one.name,
      position: one.position,
      departments: one.departments.map(String),
      active: one.active,
      mayHaveContacts: one.mayHaveContacts,
      contactCount: followsOf(world, one.userid).length,
    })),
    strangers: Object.values(world.contacts)
      .filter((contact) => !followed.has(contact.id))
      .map((contact) => ({ key: contact.id, name: contact.name, type: contact.type, corpName: contact.corpName })),
    tags: tagsIn(stage),
    faults: world.faults,
    settings: world.settings,
  };
}

function contactsOf(stage: Stage, member: string): SandboxContact[] {
  const lastTalk = (contact: SandboxContact) => contact.lastMessage?.at ?? contact.addedAt ?? 0;
  return followsOf(stage.world, member)
    .flatMap((follow) => contactOf(stage, follow) ?? [])
    .sort((a, b) => lastTalk(b) - lastTalk(a));
}

function contactOf(stage: Stage, follow: Follow): SandboxContact | null {
  const { world } = stage;
  const contact = world.contacts[follow.contact];
  if (!contact) return null;
  const last = world.chats[pairOf(follow.member, follow.contact)]?.at(-1);
  return {
    key: contact.id,
    name: contact.name,
    type: contact.type,
    corpName: contact.corpName,
    position: contact.position,
    gender: contact.gender,
    member: follow.member,
    relation: follow.relation,
    consent: follow.consent,
    remark: follow.remark || null,
    description: follow.description || null,
    remarkCorpName: follow.remarkCorpName || null,
    remarkPhones: follow.remarkPhones,
    tags: tagsIn(stage).filter((tag) => follow.tagIds.includes(tag.key)),
    addedAt: follow.createdAt,
    channel: follow.state || null,
    lastMessage: last ? shown(last) : null,
  };
}

function chatOf(stage: Stage, member: string, contact: string): SandboxChat {
  const follow = followOf(stage.world, member, contact);
  const seen = follow ? contactOf(stage, follow) : null;
  if (!seen) throw new DeedRefused('sandbox.strangers', '两人还不是好友。', 404);
  return { contact: seen, messages: (stage.world.chats[pairOf(member, contact)] ?? []).map(shown) };
}

/** Without what only the platform knows of it. */
const shown = (message: ChatMessage): SandboxMessage => sandboxMessage.parse(message);
