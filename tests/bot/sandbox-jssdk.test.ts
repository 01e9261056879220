import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';
import { beforeEach, expect, test } from 'vitest';
import { frameMessage, type BridgeCall, type BridgeReply } from '#bot/sandbox/frame-api.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();

beforeEach(async () => {
  await world.faults({ bridge: {} });
});

/** What the tests use of the published SDK. */
interface Sdk {
  env: { isWeCom: boolean };
  register(options: Record<string, unknown>): void;
  getContext(): Promise<{ entry: string }>;
  getCurExternalContact(): Promise<{ userId: string }>;
  sendChatMessage(message: unknown): Promise<unknown>;
}

const sdkFile = createRequire(import.meta.url)
  .resolve('@wecom/jssdk')
  .replace(/[^/]+$/, 'wecom.global.prod.js');

/** A frame with the client's script and the SDK in it, and around it a page that hands its calls to the sandbox. */
async function openFrame(context: BridgeCall['context']) {
  const location = { origin: world.sandbox.url, href: `${world.sandbox.url}/sidebar.html?sandbox_frame=1#/` };
  const listeners: ((event: unknown) => void)[] = [];
  const around = {
    async postMessage(message: unknown) {
      const { type, id, payload } = frameMessage.parse(message);
      if (type !== 'bridge.call') throw new Error(`The frame sent ${type}.`);
      const { reply } = await world.post<BridgeReply>('bridge', { ...payload, context });
      if (reply === null) return;
      const data = { v: 1, id, type: 'bridge.reply', payload: reply };
      for (const listener of listeners) listener({ origin: location.origin, source: around, data });
    },
  };
  const document = { title: '', addEventListener: () => {}, dispatchEvent: () => true };
  const frame: Record<string, unknown> = {
    parent: around,
    location,
    document,
    navigator: { userAgent: 'Mozilla/5.0 Chrome/107', platform: 'Win32' },
    addEventListener: (_: string, listener: (event: unknown) => void) => listeners.push(listener),
    setTimeout,
    Event,
  };
  frame['window'] = frame;
  vm.createContext(frame);
  vm.runInContext(await (await fetch(`${world.sandbox.url}/sandbox/client.js`)).text(), frame);
  vm.runInContext(readFileSync(sdkFile, 'utf8'), frame);
  const ww = vm.runInContext('ww', frame) as Sdk;
  ww.register({
    corpId: world.env('WECOM_CORP_ID'),
    agentId: world.env('WECOM_AGENT_ID'),
    jsApiList: ['getContext', 'getCurExternalContact', 'sendChatMessage'],
    getAgentConfigSignature: signAgent,
  });
  return { ww, location };
}

async function signAgent(url: string) {
  const access_token = await world.token();
  const { ticket } = await world.call('ticket/get', { access_token, type: 'agent_config' });
  const nonceStr = 'n0nce';
  const timestamp = 1_700_000_000;
  const text = `jsapi_ticket=${String(ticket)}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
  return { timestamp, nonceStr, signature: createHash('sha1').update(text).digest('hex') };
}

test('the published SDK takes the frame for WeCom, learns whose chat is open and sends into it', async () => {
  const contact = await world.newFriend();
  const { ww } = await openFrame({ entry: 'single_chat_tools', member: 'wanglei', contact });
  expect(ww.env.isWeCom).toBe(true);
  expect(await ww.getContext()).toMatchObject({ entry: 'single_chat_tools' });
  expect(await ww.getCurExternalContact()).toMatchObject({ userId: contact });
  await ww.sendChatMessage({ msgtype: 'text', text: { content: '方案发您了' } });
  expect((await world.chat(contact)).messages.at(-1)).toMatchObject({ text: '方案发您了', via: 'sidebar' });
});

test('the SDK hears failures in the words its pages look for', async () => {
  const contact = await world.newFriend();
  const { ww } = await openFrame({ entry: 'single_chat_tools', member: 'wanglei', contact });
  const send = () => ww.sendChatMessage({ msgtype: 'text', text: { content: '在吗' } });
  await world.faults({ bridge: { sendChatMessage: { kind: 'no_permission', calls: 1 } } });
  await expect(send()).rejects.toMatchObject({ errMsg: 'sendChatMessage:no permission', errCode: -1 });
  await world.faults({ bridge: { sendChatMessage: { kind: 'without_context', calls: 1 } } });
  await expect(send()).rejects.toMatchObject({ errMsg: 'sendChatMessage:without context of external contact' });
  await world.faults({ bridge: { sendChatMessage: { kind: 'cancel', calls: 1 } } });
  await expect(send()).rejects.toMatchObject({ errMsg: 'sendChatMessage:cancel' });
  await expect(send()).resolves.toMatchObject({ errMsg: 'sendChatMessage:ok' });
});

test('a page that changed its address signs again by itself', async () => {
  const contact = await world.newFriend();
  const { ww, location } = await openFrame({ entry: 'single_chat_tools', member: 'wanglei', contact });
  await ww.getContext();
  location.href = `${world.sandbox.url}/sidebar.html?other=1`;
  expect(await ww.getCurExternalContact()).toMatchObject({ userId: contact });
});
