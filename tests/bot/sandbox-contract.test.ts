import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultEdit, SettingsEdit } from '#bot/sandbox/fault-api.ts';
import { sandboxState, type Act, type ActResult } from '#bot/sandbox/sandbox-api.ts';
import type { SandboxGroupSend } from '#bot/sandbox/wecom-send-api.ts';
import type { SandboxCard } from '#bot/sandbox/wecom-window-api.ts';
import { startSandbox } from '#bot/sandbox/sandbox.ts';
import { wecom } from '#bot/wecom/wecom.ts';
import { readXml, textOf } from '#bot/wecom/wecom-xml.ts';
import { afterAll, beforeAll, describe } from 'vitest';
import { platformContract, type ContractWorld } from '#tests/bot/platform-contract.ts';
import { testTools } from '#tests/bot/platform-tools.ts';
import { startQuietProduct } from '#tests/bot/quiet-product.ts';
import { sendingContract } from '#tests/bot/sending-contract.ts';
import { sendingPaths } from '#tests/bot/wecom-world.ts';

platformContract('The sandbox', () => makeWorld());

describe('The sandbox on a bad day', () => {
  let world: ContractWorld;
  beforeAll(async () => {
    world = await makeWorld({
      settings: { sendListDelayMs: 100 },
      api: [
        { path: 'externalcontact/*', kind: 'token_expired', calls: 1 },
        { path: 'media/*', kind: 'code', code: 45033, calls: 1 },
        { path: 'externalcontact/*', kind: 'rate_limited', forMs: 80 },
        { path: 'externalcontact/*', kind: 'slow', delayMs: 5, forMs: 200 },
      ],
    });
  });
  afterAll(() => world.close());
  sendingContract(() => world);
});

async function makeWorld(day: { settings?: SettingsEdit; api?: FaultEdit['api'] } = {}): Promise<ContractWorld> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'zhike-contract-'));
  const product = await startQuietProduct(() => 'success');
  const sandbox = await startSandbox({
    port: 0,
    productUrl: product.url,
    stateFile: path.join(folder, 'sandbox.json'),
    seed: 11,
  });
  const platform = wecom.create(sandbox.env, testTools(new Date()));
  if (!platform) throw new Error('The sandbox gave no settings.');

  const state = sandboxState.parse(await (await fetch(`${sandbox.url}/sandbox/api/state`)).json());
  const { member, contact } = state.demo;
  const idle = state.members.find((one) => one.active && one.contactCount === 0);
  const profile = await platform.getContact(contact);
  const worn = profile.follows.find((follow) => follow.member === member)?.tagKeys ?? [];
  const tag = state.tags.find(({ key }) => !worn.includes(key));
  if (!idle || !tag) throw new Error('The sandbox has nobody idle, or no tag to give.');

  const post = async (call: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${sandbox.url}/sandbox/api/${call}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return answer.json();
  };
  const act = async (deed: Act) => (await post('act', deed)) as ActResult;
  const setFaults = (api: FaultEdit['api']) => post('faults', { api } satisfies FaultEdit);
  const sendNow = async (id: string) => {
    const answer = await fetch(`${sandbox.url}/sandbox/api/group-sends?member=${member}`);
    const { sends } = (await answer.json()) as { sends: SandboxGroupSend[] };
    return sends.find((one) => one.id === id);
  };
  const until = async (isSo: () => Promise<boolean>) => {
    while (!(await isSo())) await pause(10);
  };
  await post('settings', { sendDispatchMs: 40, sendStepMs: 5, ...day.settings } satisfies SettingsEdit);
  /** A new person adds the member; the callback that tells of it. */
  const added = async () => {
    const told = product.next((request) => {
      const { events } = platform.readCallback(request);
      return events.some(({ event }) => event.kind === 'contact_added');
    });
    const { contact = '' } = await act({ kind: 'customer_adds', member, contact: null, name: '新客户' });
    return { request: await told, contact };
  };

  return {
    platform,
    known: { member, contact, idleMember: idle.key, tag: tag.key },
    async loginCode() {
      await fetch(`${sandbox.url}/sandbox/api/play`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ member }),
      });
      const login = platform.loginUrl(`${sandbox.url}/sidebar.html`, 'state1');
      const answer = await fetch(login, { redirect: 'manual', headers: { cookie: `sandbox_member=${member}` } });
      return new URL(answer.headers.get('location') ?? 'none:').searchParams.get('code') ?? '';
    },
    async welcomeCode() {
      const { request } = await added();
      const [event] = platform.readCallback(request).events;
      return textOf(readXml(event?.body.toString() ?? ''), 'WelcomeCode');
    },
    async callback() {
      const { request, contact } = await added();
      return { request, event: { kind: 'contact_added', contact, member } };
    },
    async pressCard(key, action) {
      const { cards } = (await (await fetch(`${sandbox.url}/sandbox/api/cards?member=${member}`)).json()) as {
        cards: SandboxCard[];
      };
      const card = cards.find(({ taskId }) => taskId === key);
      const told = product.next((request) =>
        platform.readCallback(request).events.some(({ event }) => event.kind === 'card_pressed'),
      );
      await act({ kind: 'card_pressed', card: card?.id ?? '', button: action });
      return told;
    },
    sending: {
      async confirm(send) {
        await until(async () => (await sendNow(send)) !== undefined);
        await act({ kind: 'send_confirmed', member, send });
        await until(async () => (await sendNow(send))?.state === 'sent');
      },
      async loseAnswer(call) {
        await setFaults([{ path: sendingPaths[call], kind: 'hang_up', calls: 1 }]);
      },
      async comeIn(code) {
        const told = product.next((request) =>
          platform.readCallback(request).events.some(({ event }) => event.kind === 'contact_added'),
        );
        await act({ kind: 'channel_opened', channel: code, contact: null, name: '扫码的人', agree: false });
        return told;
      },
      async trouble() {
        if (day.api) await setFaults(day.api);
      },
    },
    async finishTransfers() {
      await act({ kind: 'transfer_settles', contact: null, outcome: 'done' });
    },
    async close() {
      await sandbox.close();
      await product.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
