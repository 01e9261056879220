import type {
  DingtalkAct,
  DingtalkActResult,
  DingtalkBridgeCall,
  DingtalkBridgeReply,
  DingtalkFaultEdit,
  DingtalkFaults,
  DingtalkPhone,
  DingtalkSettings,
  DingtalkSettingsEdit,
  DingtalkState,
} from '#bot/sandbox/dingtalk-phone-api.ts';
import type { FaultEdit, Faults, Settings, SettingsEdit } from '#bot/sandbox/fault-api.ts';
import type { BridgeCall, BridgeReply } from '#bot/sandbox/frame-api.ts';
import type { Act, ActResult, LiveEvent, LogEntry, Play, SandboxState } from '#bot/sandbox/sandbox-api.ts';
import type { SandboxChannel, SandboxGroupSend } from '#bot/sandbox/wecom-send-api.ts';
import type { SandboxCard, SandboxChat, SandboxContact, SandboxNotice } from '#bot/sandbox/wecom-window-api.ts';
import { ApiError } from '#miniapp/api/api-error.ts';
import { sentenceOf } from '#miniapp/ui/sentence-of.ts';
import { isWord, w } from './words.ts';

/** The sandbox said no, or nothing. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** In the reader's language where the page knows the reason, else in the sandbox's own words. */
export function sentence(error: unknown): string {
  if (error instanceof ApiError) return sentenceOf(error).text;
  if (!(error instanceof ControlError)) return error instanceof Error ? error.message : String(error);
  const key = error.code.replace(/^sandbox\./, 'refused.');
  return isWord(key) ? w(key as 'refused.offline') : error.message;
}

/** By question: how often it was asked, and the answer to the youngest asking that has one. */
const looks = new Map<string, { asked: number; answered: number; answer: unknown }>();

/** An answer that was overtaken is older than what is known: the younger one stands for it. */
async function look<Answer>(call: string): Promise<Answer> {
  const past = looks.get(call) ?? { asked: 0, answered: 0, answer: undefined };
  looks.set(call, past);
  const turn = (past.asked += 1);
  const answer = await ask<Answer>('GET', call);
  if (turn > past.answered) Object.assign(past, { answered: turn, answer });
  return past.answer as Answer;
}

async function ask<Answer>(method: 'GET' | 'POST', call: string, body?: unknown): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/sandbox/api/${call}`, {
      method,
      cache: 'no-store',
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch {
    throw new ControlError('sandbox.offline', 'No answer.');
  }
  const said = parsed(text);
  if (response.ok && said !== undefined) return said as Answer;
  const { code, message } = (said as { error?: { code?: string; message?: string } } | undefined)?.error ?? {};
  throw new ControlError(code ?? 'sandbox.failed', message ?? `HTTP ${response.status}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const pair = (member: string, contact: string) =>
  `member=${encodeURIComponent(member)}&contact=${encodeURIComponent(contact)}`;

/** Every call of sandbox-api.ts that this page makes. */
export const control = {
  state: () => look<SandboxState>('state'),
  contacts: async (member: string) =>
    (await look<{ contacts: SandboxContact[] }>(`contacts?member=${encodeURIComponent(member)}`)).contacts,
  chat: (member: string, contact: string) => look<SandboxChat>(`chat?${pair(member, contact)}`),
  notices: async (member: string) =>
    (await look<{ notices: SandboxNotice[] }>(`notices?member=${encodeURIComponent(member)}`)).notices,
  cards: async (member: string) =>
    (await look<{ cards: SandboxCard[] }>(`cards?member=${encodeURIComponent(member)}`)).cards,
  groupSends: async (member: string) =>
    (await look<{ sends: SandboxGroupSend[] }>(`group-sends?member=${encodeURIComponent(member)}`)).sends,
  channels: async () => (await look<{ channels: SandboxChannel[] }>('channels')).channels,
  log: async () => (await look<{ entries: LogEntry[] }>('log?limit=300')).entries,
  act: (deed: Act) => ask<ActResult>('POST', 'act', deed),
  play: (member: string) => ask<Play>('POST', 'play', { member }),
  faults: (edit: FaultEdit) => ask<Faults>('POST', 'faults', edit),
  settings: (edit: SettingsEdit) => ask<Settings>('POST', 'settings', edit),
  expireTokens: () => ask<{ expired: number }>('POST', 'expire-tokens', {}),
  reset: () => ask<{ seed: number }>('POST', 'reset', {}),
  bridge: (call: BridgeCall) => ask<BridgeReply>('POST', 'bridge', call),
  dingtalk: {
    state: () => look<DingtalkState>('dingtalk/state'),
    phone: (user: string) => look<DingtalkPhone>(`dingtalk/phone?user=${encodeURIComponent(user)}`),
    act: (deed: DingtalkAct) => ask<DingtalkActResult>('POST', 'dingtalk/act', deed),
    faults: (edit: DingtalkFaultEdit) => ask<DingtalkFaults>('POST', 'dingtalk/faults', edit),
    settings: (edit: DingtalkSettingsEdit) => ask<DingtalkSettings>('POST', 'dingtalk/settings', edit),
    expireTokens: () => ask<{ expired: number }>('POST', 'dingtalk/expire-tokens', {}),
    bridge: (call: DingtalkBridgeCall) => ask<DingtalkBridgeReply>('POST', 'dingtalk/bridge', call),
  },
};

/** Tells every event; `back` when the stream is up again after a break, for what was missed. Answers how to stop. */
export function watchSandbox(on: {
  event: (event: LiveEvent) => void;
  connected: (isConnected: boolean) => void;
}): () => void {
  let stream = open();
  const retry = setInterval(() => {
    if (stream.readyState === EventSource.CLOSED) stream = open();
  }, 3000);

  function open(): EventSource {
    const source = new EventSource('/sandbox/api/live');
    source.addEventListener('message', (message: MessageEvent<string>) =>
      on.event(JSON.parse(message.data) as LiveEvent),
    );
    source.addEventListener('open', () => on.connected(true));
    source.addEventListener('error', () => on.connected(false));
    return source;
  }

  return () => {
    clearInterval(retry);
    stream.close();
  };
}
