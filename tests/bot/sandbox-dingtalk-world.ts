import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  dingtalkState,
  type DingtalkAct,
  type DingtalkActResult,
  type DingtalkFaultEdit,
  type DingtalkPhone,
  type DingtalkSettingsEdit,
  type DingtalkState,
} from '#bot/sandbox/dingtalk-phone-api.ts';
import { startSandbox } from '#bot/sandbox/sandbox.ts';
import { dingtalk } from '#bot/dingtalk/dingtalk.ts';
import type { CallbackRequest } from '#server/platform/callback.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { ContractWorld } from '#tests/bot/platform-contract.ts';
import { testTools } from '#tests/bot/platform-tools.ts';
import { startQuietProduct } from '#tests/bot/quiet-product.ts';

export interface SandboxDingtalk {
  platform: Platform;
  /** The settings of every platform on the sandbox. */
  env: Record<string, string | undefined>;
  state: DingtalkState;
  act(deed: DingtalkAct): Promise<DingtalkActResult>;
  phone(user: string): Promise<DingtalkPhone>;
  faults(edit: DingtalkFaultEdit): Promise<void>;
  settings(edit: DingtalkSettingsEdit): Promise<void>;
  /** A code as the client in DingTalk gives it to a page. */
  loginCode(user: string): Promise<string>;
  /** The next callback that is one of ours and passes. */
  next(isIt: (request: CallbackRequest) => boolean): Promise<CallbackRequest>;
  expireTokens(): Promise<void>;
  close(): Promise<void>;
}

/** DingTalk on the sandbox, which calls a product that answers, and does nothing more. */
export async function startSandboxDingtalk(mode: 'stream' | 'http'): Promise<SandboxDingtalk> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'zhike-dingtalk-'));
  const product = await startQuietProduct((request) => platform?.readCallback(request).reply ?? '');
  const sandbox = await startSandbox({
    port: 0,
    productUrl: product.url,
    stateFile: path.join(folder, 'sandbox.json'),
    seed: 11,
    dingtalkTiming: { retryMs: [50, 100], reorderMs: 100 },
  });
  const env = { ...sandbox.env, DINGTALK_MODE: mode, PUBLIC_URL: product.url };
  const platform = dingtalk.create(env, testTools(new Date()));
  if (!platform) throw new Error('The sandbox gave no settings.');

  const ask = async <Answer>(path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${sandbox.url}/sandbox/api/dingtalk/${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  };
  const state = dingtalkState.parse(await ask('state'));
  await ask('settings', { events: mode, callsPerSecondMax: 1000 });
  return {
    platform,
    env,
    state,
    act: (deed) => ask('act', deed),
    phone: (user) => ask(`phone?user=${user}`),
    faults: (edit) => ask('faults', edit),
    settings: (edit) => ask('settings', edit),
    async loginCode(user) {
      const { corpId, clientId } = state.company;
      const call = {
        frame: 'frame1',
        name: 'runtime.permission.requestAuthCodeV2',
        params: { corpId, clientId },
        url: `${sandbox.url}/inbox.html`,
        user,
      };
      const { reply } = await ask<{ reply: { result?: { code?: string } } | null }>('bridge', call);
      return reply?.result?.code ?? '';
    },
    next: product.next,
    expireTokens: () => ask('expire-tokens', {}),
    async close() {
      await sandbox.close();
      await product.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** HTTP callbacks, so that what comes can be looked at before it is read. */
export async function sandboxDingtalkContractWorld(
  misbehave: (world: SandboxDingtalk) => Promise<void> = async () => {},
): Promise<ContractWorld> {
  const world = await startSandboxDingtalk('http');
  const { platform, state } = world;
  const { rep: member, manager } = state.demo;
  const [template] = state.formTemplates;
  await misbehave(world);
  return {
    platform,
    known: { member, contact: '', idleMember: '', tag: '' },
    form: {
      template: template?.template ?? '',
      fields: (template?.fields ?? []).map(({ name, type }) => ({ label: name, text: valueOf(type) })),
      decider: manager,
    },
    loginCode: () => world.loginCode(member),
    async callback() {
      const told = world.next((request) => platform.readCallback(request).events[0]?.event.kind === 'member_joined');
      const { user = '' } = await world.act({ kind: 'user_joins', name: '新同事', department: '1' });
      return { request: await told, event: { kind: 'member_joined', member: user } };
    },
    async pressCard(card, action) {
      const told = world.next((request) => platform.readCallback(request).events[0]?.event.kind === 'card_pressed');
      await world.act({ kind: 'press_card', user: member, card, action });
      return told;
    },
    close: world.close,
  };
}

function valueOf(type: string): string {
  if (type === 'DDDateField') return '2026-12-01';
  return /Number|Money/.test(type) ? '12' : '折扣 A-1';
}
