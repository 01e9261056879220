import type { SignatureData } from '@wecom/jssdk';
import { api } from '#miniapp/api/api.ts';
import { ApiError } from '#miniapp/api/api-error.ts';
import { contactInAddress, plainPage, type Host, type HostMessage, type Opened, type SendResult } from './host.ts';
import type * as Ww from './wecom-sdk.ts';

const platform = 'wecom';
/** A bridge that lost a call never answers it. */
const CALL_MS = 10_000;
const SEND_MS = 30_000;
const TIMEOUT = 'bridge:timeout';

/** What the server answers under /api/host for this platform. */
interface ClientConfig {
  corpId: string;
  agentId: number | string;
  corp: SignatureData;
  agent: SignatureData;
}

/** 98419: the entries that stand beside one external contact; 98539: those a message may be sent from. */
const contactEntries = new Set<string>([
  'contact_profile',
  'single_chat_tools',
  'single_kf_tools',
  'chain_single_chat_tools',
]);
const groupEntries = new Set<string>(['group_chat_tools', 'chain_group_chat_tools', 'internal_group_chat_board']);
const sendingEntries = new Set<string>([
  'single_chat_tools',
  'group_chat_tools',
  'chat_attachment',
  'single_kf_tools',
  'chain_single_chat_tools',
  'chain_group_chat_tools',
]);

type Sdk = typeof Ww;

export function wecomHost(): Host {
  // One registration serves every hash of the page: the signature leaves out what follows #.
  let registered: Promise<Sdk> | null = null;
  let early: Promise<ClientConfig | null> = Promise.resolve(null);
  const sdk = () => (registered ??= register(early));

  async function send(message: HostMessage): Promise<SendResult> {
    const ww = await sdk();
    return sendResult(ww.sendChatMessage(chatMessage(message) as never));
  }

  return {
    ...plainPage,
    name: 'wecom',
    platform,
    prepare() {
      import('./wecom-sdk.ts').catch(() => null);
      early = signed(location.href).catch(() => null);
    },
    async open() {
      try {
        return await whereAmI(await sdk());
      } catch (error) {
        registered = null;
        early = Promise.resolve(null);
        throw error;
      }
    },
    send,
  };
}

/** 94362: what each kind of message is made of; the client sends it into the open chat. */
function chatMessage(message: HostMessage): Record<string, unknown> {
  switch (message.kind) {
    case 'text':
      return { msgtype: 'text', text: { content: message.text } };
    case 'image':
    case 'video':
    case 'file':
      return { msgtype: message.kind, [message.kind]: { mediaid: message.mediaKey } };
    case 'link': {
      const { title, description, url, pictureUrl } = message;
      return { msgtype: 'news', news: { link: url, title, desc: description, imgUrl: pictureUrl ?? '' } };
    }
  }
  return message satisfies never;
}

async function register(early: Promise<ClientConfig | null>): Promise<Sdk> {
  const page = withoutHash(location.href);
  const [ww, first] = await Promise.all([import('./wecom-sdk.ts'), early]);
  const config = first ?? (await signed(page));
  const sign = async (url: string) => (withoutHash(url) === page ? config : signed(url));
  ww.register({
    corpId: config.corpId,
    agentId: config.agentId,
    jsApiList: ['getContext', 'getCurExternalContact', 'sendChatMessage'],
    getConfigSignature: async (url) => (await sign(url)).corp,
    getAgentConfigSignature: async (url) => (await sign(url)).agent,
  });
  await inTime(ww.ensureAgentConfigReady());
  return ww;
}

async function signed(url: string): Promise<ClientConfig> {
  return (await api.host({ query: { platform, url: withoutHash(url) } })) as unknown as ClientConfig;
}

async function whereAmI(ww: Sdk): Promise<Opened> {
  const { entry } = await inTime(ww.getContext());
  const canSend = sendingEntries.has(entry);
  const named = contactInAddress();
  if (groupEntries.has(entry)) return { contactKey: null, without: 'group', canSend };
  if (!contactEntries.has(entry)) return { contactKey: named, without: named ? null : 'no_contact', canSend: false };
  try {
    const { userId } = await inTime(ww.getCurExternalContact());
    return { contactKey: userId, without: null, canSend };
  } catch (error) {
    const said = wordsOf(error);
    if (/no ?permission/.test(said)) return { contactKey: null, without: 'no_permission', canSend: false };
    if (/without context/.test(said)) return { contactKey: null, without: 'no_contact', canSend: false };
    throw bridgeError(error);
  }
}

async function sendResult(sending: Promise<unknown>): Promise<SendResult> {
  try {
    await inTime(sending, SEND_MS);
    return 'sent';
  } catch (error) {
    const said = wordsOf(error);
    if (/:cancel/.test(said)) return 'cancelled';
    if (/no ?permission|permission denied/.test(said)) return 'no_permission';
    if (/without context/.test(said)) return 'no_context';
    return said === TIMEOUT ? 'unknown' : 'failed';
  }
}

async function inTime<Result>(promise: Promise<Result>, timeoutMs = CALL_MS): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(TIMEOUT)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    throw error instanceof ApiError ? error : bridgeError(error);
  } finally {
    clearTimeout(timer);
  }
}

const withoutHash = (url: string): string => url.split('#', 1)[0] ?? '';

/** The SDK rejects with `{ errMsg: 'sendChatMessage:no permission', errCode }`, older clients spell it `nopermission`. */
const wordsOf = (error: unknown): string =>
  String((error as { errMsg?: string } | null)?.errMsg ?? (error as Error | null)?.message ?? '').toLowerCase();

/** `host.…` errors carry the client's words as their number: they are what a helpdesk asks for. */
function bridgeError(error: unknown): ApiError {
  const said = wordsOf(error);
  return new ApiError('host.failed', said, 0, said.slice(0, 80) || null);
}
