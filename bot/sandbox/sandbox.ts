import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { archiveDoor } from './archive-door.ts';
import { archiveNotifier } from './archive.ts';
import { clientScript } from './client-script.ts';
import { passOn } from './client-proxy.ts';
import { controlDoor, playing, type Control } from './control.ts';
import { dingtalkClientScript } from './dingtalk-client-script.ts';
import { dingtalkLoginCode } from './dingtalk-access.ts';
import { activeUsers } from './dingtalk-call.ts';
import { dingtalkClientPath, phoneOf } from './dingtalk-client.ts';
import { dingtalkGate, isDingtalkPath } from './dingtalk-gate.ts';
import { dingtalkTiming, dingtalkWire, type DingtalkTiming } from './dingtalk-push.ts';
import { completeDingtalk } from './dingtalk-seed.ts';
import { joinAccounts, liveFirstDay, readAnew } from './first-day.ts';
import { liveHub } from './live.ts';
import { modelDoor, modelName } from './model.ts';
import { pageFile } from './page.ts';
import { pusher, type PushTiming } from './push.ts';
import { defaultSettings, seedWorld } from './seed-world.ts';
import { foundCompany } from './found-company.ts';
import { readWorld, worldWriter } from './stage-file.ts';
import type { Stage, World } from './stage.ts';
import { isTrusted, loginCode } from './wecom-access.ts';
import { endFaults, wecomGate } from './wecom-gate.ts';
import { pictureOf } from './wecom-media.ts';
import { settleSends } from './wecom-send-task.ts';
import { settleDue } from './wecom-transfer.ts';
import { codePicture } from './wecom-way-in.ts';

const bodyBytesMax = 24 * 1024 * 1024;

export interface SandboxOptions {
  /** 0: any free one. */
  port: number;
  /** Where the product answers; may be told later by `productAt`. */
  productUrl: string;
  stateFile: string;
  /** Who lives in the world when there is no state yet. */
  seed?: number;
  log?: (line: string) => void;
  now?: () => number;
  pushTiming?: PushTiming;
  /** Platforms the company does not use. */
  without?: readonly string[];
  dingtalkTiming?: Partial<DingtalkTiming>;
}

export interface Sandbox {
  /** What a person opens, and the origin of everything the product's pages see. */
  url: string;
  /** What the product is configured with to live here. */
  env: Record<string, string>;
  productAt(url: string): void;
  close(): Promise<void>;
}

/** The platforms' own side of the wire on loopback: WeCom, DingTalk, a model, and the client around the product's pages. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const now = options.now ?? Date.now;
  const found = readWorld(options.stateFile);
  const hub = liveHub(now);
  const writer = worldWriter(
    options.stateFile,
    () => stage.world,
    (error) => options.log?.(`The sandbox could not write its state: ${String(error)}`),
  );
  const push = pusher({
    world: () => stage.world,
    productUrl: () => stage.productUrl,
    now,
    log: hub.log,
    ...(options.pushTiming ? { timing: options.pushTiming } : {}),
  });
  const stage: Stage = {
    world: found ?? seedWorld(options.seed ?? 7, foundCompany(), now()),
    url: '',
    productUrl: options.productUrl,
    without: options.without ?? [],
    uploadFolder: `${options.stateFile}.uploads`,
    now,
    changed: writer.changed,
    tell: hub.tell,
    log: hub.log,
    push: push.start,
    get dingtalk() {
      return dingtalk.wire;
    },
    announceArchive: () => notifier.appended(),
  };
  const notifier = archiveNotifier(stage);
  const dingtalk = dingtalkWire(stage, { ...dingtalkTiming, ...options.dingtalkTiming });
  stage.world.settings = { ...defaultSettings, ...stage.world.settings };
  completeDingtalk(stage.world, now());
  if (!found) writer.changed();

  const closing = new AbortController();
  let resetDay: Promise<unknown> | undefined;
  const doors = openDoors(stage, {
    log: hub.entries,
    watch: hub.watch,
    verifyCallback: push.verify,
    reset(seed = stage.world.seed) {
      // The keys stay: the product was configured with them; and what was given out for them is still good.
      const { isFirstDayOver, areAccountsJoined, credentials, dingtalk: before } = stage.world;
      stage.world = {
        ...seedWorld(seed, stage.world.company, now(), stage.world),
        credentials,
        ...(isFirstDayOver ? { isFirstDayOver } : {}),
        ...(areAccountsJoined ? { areAccountsJoined } : {}),
      };
      stage.world.dingtalk.credentials = before.credentials;
      stage.world.dingtalk.cardRoutes = before.cardRoutes;
      stage.changed();
      stage.tell({ type: 'reset' });
      if (isFirstDayOver) resetDay = Promise.all([resetDay, letReadAnew(stage, closing.signal, options.log)]);
      return seed;
    },
  });
  const server = createServer((request, response) => {
    doors(request, response).catch((error: unknown) => {
      options.log?.(`The sandbox failed at ${request.method} ${request.url?.split('?')[0]}: ${String(error)}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  server.on('upgrade', dingtalk.upgrade);
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(options.port, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  stage.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const clock = setInterval(() => {
    settleDue(stage);
    settleSends(stage);
    endFaults(stage);
  }, 200);
  clock.unref();

  let firstDay: Promise<void> | undefined;
  return {
    url: stage.url,
    env: envOf(stage.world, stage.url),
    productAt(url) {
      stage.productUrl = url;
      firstDay = liveThroughFirstDay(stage, closing.signal, options.log);
    },
    async close() {
      closing.abort();
      clearInterval(clock);
      await firstDay;
      await resetDay;
      notifier.stop();
      hub.stop();
      await push.stop();
      await dingtalk.stop();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
      await writer.close();
    },
  };
}

/** Once in the life of the company, not of a world: a reset brings people back, the product keeps its settings. */
async function liveThroughFirstDay(stage: Stage, signal: AbortSignal, log: SandboxOptions['log']): Promise<void> {
  const at = { productUrl: stage.productUrl, publicUrl: stage.url, without: stage.without };
  try {
    // A company from before it had DingTalk has only its accounts to join.
    if (!stage.world.isFirstDayOver) await liveFirstDay(stage.world, at, signal);
    else if (!stage.world.areAccountsJoined) await joinAccounts(stage.world, at, signal);
    if (signal.aborted) return;
    stage.world.isFirstDayOver = true;
    stage.world.areAccountsJoined = !stage.without.includes('dingtalk');
    stage.changed();
  } catch (error) {
    if (!signal.aborted) log?.(`The sandbox's admin could not set the product up: ${String(error)}`);
  }
}

/** Nobody would tell the product that all its customers are others now: no platform has such an event. */
async function letReadAnew(stage: Stage, signal: AbortSignal, log: SandboxOptions['log']): Promise<void> {
  try {
    await readAnew(stage.world, { productUrl: stage.productUrl, publicUrl: stage.url });
  } catch (error) {
    if (!signal.aborted) log?.(`The sandbox's admin could not let the product read anew: ${String(error)}`);
  }
}

function envOf({ company, dingtalk: { app } }: World, url: string): Record<string, string> {
  return {
    PUBLIC_URL: url,
    WECOM_API_BASE: url,
    WECOM_OAUTH_BASE: url,
    WECOM_CORP_ID: company.corpId,
    WECOM_AGENT_ID: company.agentId,
    WECOM_SECRET: company.secret,
    WECOM_CALLBACK_TOKEN: company.callbackToken,
    WECOM_CALLBACK_AES_KEY: company.callbackAesKey,
    WECOM_ARCHIVE_SECRET: company.archiveSecret,
    WECOM_ARCHIVE_PRIVATE_KEYS: JSON.stringify(
      Object.fromEntries(company.archiveKeys.map(({ version, privateKey }) => [version, privateKey])),
    ),
    WECOM_ARCHIVE_SDK: new URL('./archive-sdk.ts', import.meta.url).href,
    DINGTALK_API_BASE: url,
    DINGTALK_OAPI_BASE: url,
    DINGTALK_LOGIN_BASE: url,
    DINGTALK_CLIENT_ID: app.clientId,
    DINGTALK_CLIENT_SECRET: app.clientSecret,
    DINGTALK_CORP_ID: app.corpId,
    DINGTALK_AGENT_ID: app.agentId,
    DINGTALK_CALLBACK_TOKEN: app.callbackToken,
    DINGTALK_CALLBACK_AES_KEY: app.callbackAesKey,
    DINGTALK_CARD_TEMPLATE_ID: app.cardTemplateId,
    DINGTALK_CARD_SECRET: app.cardSecret,
    OPENAI_BASE_URL: `${url}/v1`,
    OPENAI_API_KEY: company.modelKey,
    OPENAI_MODEL: modelName,
    // Whoever plays both parts writes a line at a time and wants to see what comes of it.
    SUMMARY_QUIET_S: '3',
  };
}

/** Which of its many parts a request is for. */
function openDoors(stage: Stage, control: Control) {
  const wecom = wecomGate(stage);
  const dingtalk = dingtalkGate(stage);
  const controls = controlDoor(stage, control);

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', stage.url);
    const path = url.pathname;
    if (path.startsWith('/cgi-bin/')) return wecom(request, response, url, await bodyOf(request));
    if (isDingtalkPath(path)) return dingtalk(request, response, url, await bodyOf(request));
    if (path.startsWith('/v1/')) return modelDoor(stage, request, response, url, await bodyOf(request));
    if (path.startsWith('/sandbox/api/')) return controls(request, response, url, await bodyOf(request));
    if (path.startsWith('/sandbox/archive/')) {
      const said = archiveDoor(stage, path.slice('/sandbox/archive/'.length), await bodyOf(request));
      return sendText(response, said ? 200 : 404, 'application/json', JSON.stringify(said ?? {}));
    }
    if (path.startsWith('/sandbox/code/') || path.startsWith('/sandbox/media/'))
      return sendPicture(stage, path, response);
    // A person who opens an acquisition link: the page lets a customer come in by it.
    const [, link] = /^\/ca\/(\w+)$/.exec(path) ?? [];
    if (link && request.method === 'GET') {
      const state = url.searchParams.get('customer_channel') ?? '';
      response.writeHead(302, { location: `/?${new URLSearchParams({ channel: link, state })}` }).end();
      return;
    }
    if (path === '/sandbox/client.js') {
      response.setHeader('cache-control', 'no-store');
      return sendText(response, 200, 'text/javascript', clientScript(stage.world.settings.theme));
    }
    if (path === dingtalkClientPath) {
      response.setHeader('cache-control', 'no-store');
      return sendText(response, 200, 'text/javascript', dingtalkClientScript(stage.world.settings.theme));
    }
    if (path === '/connect/oauth2/authorize' || path === '/wwlogin/sso/login') {
      return authorize(stage, request, response, url);
    }
    if (path === '/oauth2/auth') return authorizeDingtalk(stage, request, response, url);
    // One name for the sandbox: cookies and the product's own Origin check go by it.
    if (isNavigation(request) && request.headers.host !== new URL(stage.url).host) {
      response.writeHead(302, { location: `${stage.url}${request.url ?? '/'}` }).end();
      return;
    }
    if (request.method === 'GET' && (await pageFile(path, response))) return;
    passOn(stage, request, response, url);
  };
}

const isNavigation = (request: IncomingMessage): boolean =>
  request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');

function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` });
  response.end(text);
}

async function sendPicture(stage: Stage, path: string, response: ServerResponse): Promise<void> {
  const [, kind, key = ''] = /^\/sandbox\/(code|media)\/(\w+)(?:\.svg)?$/.exec(path) ?? [];
  const code = kind === 'code' ? codePicture(stage, key) : null;
  const picture = code
    ? { type: 'image/svg+xml', bytes: Buffer.from(code) }
    : kind === 'media'
      ? await pictureOf(stage, key)
      : null;
  if (!picture) return sendText(response, 404, 'text/plain', '没有这张图片。\n');
  response.writeHead(200, {
    'content-type': picture.type,
    'content-length': picture.bytes.length,
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, max-age=3600',
  });
  response.end(picture.bytes);
}

/** D91022: back to the page with a code for whoever the browser plays; only to the app's trusted domain (50001). */
function authorize(stage: Stage, request: IncomingMessage, response: ServerResponse, url: URL): void {
  const target = url.searchParams.get('redirect_uri') ?? '';
  const refuse = (code: number, message: string) => {
    stage.log({ kind: 'oauth', name: url.pathname.slice(1), code: String(code), ms: 0, detail: message });
    sendText(response, 200, 'text/plain', `${code} ${message}\n`);
  };
  if (url.searchParams.get('appid') !== stage.world.company.corpId) return refuse(40013, 'invalid appid');
  if (!isTrusted(stage, target)) return refuse(50001, 'redirect_uri is not trusted');
  const member = playing(stage, request);
  const back = new URL(target);
  back.searchParams.set('code', loginCode(stage, member));
  back.searchParams.set('state', url.searchParams.get('state') ?? '');
  stage.log({ kind: 'oauth', name: url.pathname.slice(1), code: '0', ms: 0, detail: member });
  response.writeHead(302, { location: back.href, 'cache-control': 'no-store' }).end();
}

/** K-auth: the same for DingTalk; the code comes as authCode, and as code too. */
function authorizeDingtalk(stage: Stage, request: IncomingMessage, response: ServerResponse, url: URL): void {
  const { dingtalk } = stage.world;
  const target = url.searchParams.get('redirect_uri') ?? '';
  const refuse = (message: string) => {
    stage.log({ kind: 'oauth', name: 'dingtalk oauth2/auth', code: 'refused', ms: 0, detail: message });
    sendText(response, 200, 'text/plain', `${message}\n`);
  };
  if (url.searchParams.get('client_id') !== dingtalk.app.clientId) return refuse('client_id 不存在');
  if (!isTrusted(stage, target)) return refuse('redirect_uri 未在开发者后台登记');
  const phone = phoneOf(request, url);
  const member = playing(stage, request);
  const user = activeUsers(dingtalk).find((one) => (phone ? one.userid === phone : one.member === member));
  if (!user) return refuse('用户不在企业内');
  const back = new URL(target);
  const code = dingtalkLoginCode(stage, user.userid, 'browser');
  back.searchParams.set('authCode', code);
  back.searchParams.set('code', code);
  back.searchParams.set('state', url.searchParams.get('state') ?? '');
  stage.log({ kind: 'oauth', name: 'dingtalk oauth2/auth', code: '0', ms: 0, detail: user.userid });
  response.writeHead(302, { location: back.href, 'cache-control': 'no-store' }).end();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > bodyBytesMax) throw new Error('The body is too large.');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
