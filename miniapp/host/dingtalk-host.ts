import { api } from '#miniapp/api/api.ts';
import { ApiError } from '#miniapp/api/api-error.ts';
import { contactInAddress, plainPage, type Host } from './host.ts';
import type * as Dd from './dingtalk-sdk.ts';

const platform = 'dingtalk';
/** A bridge that lost a call never answers it. */
const CALL_MS = 10_000;
/** dd.config, "jsApiList": the calls the client is asked to allow. */
const allowed = ['openLink', 'closePage', 'setNavigationTitle'];

type Sdk = typeof Dd;

/** What the server answers under /api/host for this platform. */
interface ClientConfig {
  corpId: string;
  clientId: string;
  agentId: string | number;
  timeStamp: string | number;
  nonceStr: string;
  signature: string;
}

export function dingtalkHost(): Host {
  const sdk = (): Promise<Sdk> => import('./dingtalk-sdk.ts');
  let configured: Promise<void> | null = null;

  return {
    ...plainPage,
    name: 'dingtalk',
    platform,
    prepare() {
      sdk().catch(() => null);
    },
    async askForCode(loginUrl) {
      const who = applicationIn(loginUrl);
      if (!who) return null;
      const dd = await sdk();
      const { code } = await inTime(dd.requestAuthCode(who));
      return code;
    },
    connect() {
      configured ??= sdk()
        .then(configure)
        .catch(() => undefined);
    },
    async open() {
      const contactKey = contactInAddress();
      return { contactKey, without: contactKey ? null : 'not_a_client', canSend: false };
    },
    async send() {
      return 'no_permission';
    },
    setTitle(title) {
      document.title = title;
      sdk()
        .then((dd) => dd.setNavigationTitle({ title }))
        .catch(() => undefined);
    },
    openLink(url) {
      sdk()
        .then((dd) => inTime(dd.openLink({ url })))
        .catch(() => plainPage.openLink(url));
    },
    closePage() {
      sdk()
        .then((dd) => dd.closePage({}))
        .catch(() => undefined);
    },
  };
}

/**
 * The ids `requestAuthCode` asks for stand in the address of the login page, which is known without a session. A home page
 * set up with `?corpId=$CORPID$` is told the company by the client itself.
 */
function applicationIn(loginUrl: string): { corpId: string; clientId: string } | null {
  const login = new URL(loginUrl).searchParams;
  const page = new URLSearchParams(location.search);
  const clientId = login.get('client_id');
  const corpId = login.get('exclusiveCorpId') ?? login.get('corpId') ?? page.get('corpId');
  return clientId && corpId ? { corpId, clientId } : null;
}

async function configure(dd: Sdk): Promise<void> {
  const url = location.href.split('#', 1)[0] ?? '';
  const config = (await api.host({ query: { platform, url } })) as unknown as ClientConfig;
  const { corpId, agentId, timeStamp, nonceStr, signature } = config;
  await inTime(
    new Promise<void>((resolve, reject) => {
      dd.error(reject);
      dd.config({ corpId, agentId, timeStamp, nonceStr, signature, type: 0, jsApiList: allowed });
      dd.ready(resolve);
    }),
  );
}

async function inTime<Result>(promise: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), CALL_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    throw bridgeError(error);
  } finally {
    clearTimeout(timer);
  }
}

/** The client's number is what a helpdesk asks for: `{ errorCode: '7', errorMessage: 'no permission' }`. */
function bridgeError(error: unknown): ApiError {
  const { errorCode, errorMessage, message } = (error ?? {}) as Record<string, unknown>;
  const said = [errorCode, errorMessage ?? message].filter(Boolean).join(' ');
  return new ApiError('host.dingtalk', said, 0, said.slice(0, 80) || null);
}
