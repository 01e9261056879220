import { DeedRefused } from './deed-refused.ts';
import { memberWrites } from './chat-deeds.ts';
import { meetBridgeFault } from './meet-faults.ts';
import type { Faults } from './fault-api.ts';
import type { BridgeCall, BridgeReply } from './frame-api.ts';
import type { MessageCard } from './wecom-send-api.ts';
import { followOf, isReadable, type ChatMessage, type Stage } from './stage.ts';
import { verifySignature } from './wecom-access.ts';
import { Errcode } from './wecom-call.ts';
import { mediaCard, spoken } from './wecom-content.ts';

/** Entries in which the page knows whose chat is open (98419), and those it may send into (98539). */
const contactEntries = new Set(['contact_profile', 'single_chat_tools']);
const sendingEntries = new Set(['single_chat_tools', 'chat_attachment']);
const framesMax = 200;

/**
 * The client's end of the JS bridge. A page must have had its signature accepted for its very address before anything else
 * of the app's is done for it.
 */
export function bridge(stage: Stage) {
  /** Frame and address whose agentConfig (or config) was accepted. */
  const accepted = new Set<string>();

  function accept(key: string): void {
    accepted.add(key);
    for (const oldest of accepted) if (accepted.size > framesMax) accepted.delete(oldest);
  }

  function invoke(call: BridgeCall): Record<string, unknown> {
    const address = call.url.split('#')[0] ?? '';
    const key = `${call.frame} ${address}`;
    const text = (name: string) => String(call.params[name] ?? '');
    switch (call.name) {
      case 'agentConfig': {
        const verdict = verifySignature(stage, {
          ticket: 'agent',
          corpId: text('corpid'),
          agentId: text('agentid'),
          url: address,
          timestamp: text('timestamp'),
          nonceStr: text('nonceStr'),
          signature: text('signature'),
        });
        if (!verdict.ok) return { err_msg: `agentConfig:fail ${verdict.reason}` };
        accept(key);
        return { err_msg: 'agentConfig:ok' };
      }
      case 'preVerifyJSAPI': {
        const verdict = verifySignature(stage, {
          ticket: 'corp',
          corpId: text('verifyAppId'),
          url: address,
          timestamp: text('verifyTimestamp'),
          nonceStr: text('verifyNonceStr'),
          signature: text('verifySignature'),
        });
        return { err_msg: verdict.ok ? 'preVerifyJSAPI:ok' : `preVerifyJSAPI:fail ${verdict.reason}` };
      }
      default:
        if (!accepted.has(key)) return { err_msg: `${call.name}:fail_no permission` };
        return ask(call);
    }
  }

  function ask(call: BridgeCall): Record<string, unknown> {
    const { context, name, params } = call;
    const ok = { err_msg: `${name}:ok` };
    switch (name) {
      case 'getContext':
        return { ...ok, entry: context.entry, shareTicket: '' };
      case 'getCurExternalContact':
        if (!contactEntries.has(context.entry)) return { err_msg: `${name}:fail_no permission` };
        if (!context.contact || !isReadable(followOf(stage.world, context.member, context.contact))) {
          return { err_msg: `${name}:fail_without context of external contact` };
        }
        return { ...ok, userId: context.contact };
      case 'sendChatMessage':
        return send(call);
      case 'checkJsApi': {
        const asked = Array.isArray(params['jsApiList']) ? (params['jsApiList'] as unknown[]) : [];
        return { ...ok, checkResult: Object.fromEntries(asked.map((api) => [String(api), known.has(String(api))])) };
      }
      default:
        return known.has(name) ? ok : { err_msg: `${name}:function not exist` };
    }
  }

  function send(call: BridgeCall): Record<string, unknown> {
    const { context, name, params } = call;
    if (!sendingEntries.has(context.entry)) return { err_msg: `${name}:fail_no permission` };
    if (!context.contact) return { err_msg: `${name}:fail_without context of external contact` };
    const what = messageOf(stage, params);
    if (!what) return { err_msg: `${name}:fail_invalid parameter` };
    try {
      memberWrites(stage, context.member, context.contact, { ...what, via: 'sidebar' });
    } catch (error) {
      if (error instanceof DeedRefused) return { err_msg: `${name}:fail_without context of external contact` };
      throw error;
    }
    return { err_msg: `${name}:ok` };
  }

  return (call: BridgeCall): BridgeReply => {
    const startedAt = performance.now();
    const fault = meetFault(stage, call.name);
    const reply = fault ? failure(call.name, fault) : invoke(call);
    const ms = Math.round(performance.now() - startedAt);
    const said = reply ? String(reply['err_msg']).slice(call.name.length + 1) : 'timeout';
    stage.log({ kind: 'bridge', name: call.name, code: said, ms, detail: briefly(call.params) });
    return { reply };
  };
}

const known = new Set([
  'agentConfig',
  'preVerifyJSAPI',
  'getContext',
  'getCurExternalContact',
  'sendChatMessage',
  'checkJsApi',
  'openUserProfile',
  'openEnterpriseChat',
  'closeWindow',
  'setClipboardData',
  'openDefaultBrowser',
  'hideOptionMenu',
  'showOptionMenu',
]);

type BridgeFault = Faults['bridge'][string]['kind'];

function meetFault(stage: Stage, name: string): BridgeFault | null {
  const { faults } = stage.world;
  const kind = meetBridgeFault(faults.bridge, name);
  if (kind === null) return null;
  stage.changed();
  stage.tell({ type: 'faults', faults });
  return kind;
}

function failure(name: string, kind: BridgeFault): Record<string, unknown> | null {
  switch (kind) {
    case 'no_permission':
      return { err_msg: `${name}:fail_no permission` };
    case 'without_context':
      return { err_msg: `${name}:fail_without context of external contact` };
    case 'cancel':
      return { err_msg: `${name}:cancel` };
    case 'invalid_signature':
      return { err_msg: `${name}:fail invalid signature` };
    case 'timeout':
      return null;
  }
}

type Said = Pick<ChatMessage, 'text' | 'card'> & { kind: ChatMessage['kind'] };

/** 94362: a text, a file the app uploaded, an article or a mini program. Null: what is told is not enough for one. */
function messageOf(stage: Stage, params: Record<string, unknown>): Said | null {
  const type = String(params['msgtype'] ?? '');
  const inside = params[type];
  if (typeof inside !== 'object' || inside === null) return null;
  const told = inside as Record<string, unknown>;
  const content = told['content'];
  if (type === 'text') return typeof content === 'string' && content !== '' ? { text: content, kind: 'text' } : null;
  const card = cardOf(stage, type, told);
  return card && { ...spoken(card), card };
}

function cardOf(stage: Stage, type: string, told: Record<string, unknown>): MessageCard | null {
  const text = (name: string) => String(told[name] ?? '');
  switch (type) {
    case 'image':
    case 'video':
    case 'file':
      return fileCard(stage, type, told['mediaid']);
    case 'news': {
      const url = text('link');
      const article = { title: text('title') || url, description: text('desc'), pictureUrl: text('imgUrl') || null };
      return url === '' ? null : { kind: 'link', ...article, url };
    }
    case 'miniprogram': {
      const pictureUrl = text('imgUrl');
      if (!told['appid'] || !/^https?:/.test(pictureUrl)) return null;
      return {
        kind: 'app',
        title: text('title'),
        description: `${text('appid')} ${text('page')}`,
        url: null,
        pictureUrl,
      };
    }
    default:
      return null;
  }
}

function fileCard(stage: Stage, kind: 'image' | 'video' | 'file', key: unknown): MessageCard | null {
  try {
    return mediaCard(stage, kind, { media_id: key });
  } catch (error) {
    if (error instanceof Errcode) return null;
    throw error;
  }
}

/** Parameters without what proves who is asking. */
function briefly(params: Record<string, unknown>): string {
  const shown = Object.entries(params).filter(([key]) => !/^verify|signature|nonceStr|timestamp|appId/i.test(key));
  return JSON.stringify(Object.fromEntries(shown)).slice(0, 300);
}
