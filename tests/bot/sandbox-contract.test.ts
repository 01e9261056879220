import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { sandboxState, type Act, type ActResult, type SandboxCard } from '#bot/sandbox/sandbox-api.ts';
import { startSandbox } from '#bot/sandbox/sandbox.ts';
import { wecom } from '#bot/wecom/wecom.ts';
import { readXml, textOf } from '#bot/wecom/wecom-xml.ts';
import type { CallbackRequest } from '#server/platform/platform.ts';
import { platformContract, type ContractWorld } from '#tests/bot/platform-contract.ts';
import { testTools } from '#tests/bot/platform-tools.ts';

platformContract('The sandbox', makeWorld);

async function makeWorld(): Promise<ContractWorld> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'zhike-contract-'));
  const product = await startProduct();
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

  const act = async (deed: Act): Promise<ActResult> => {
    const answer = await fetch(`${sandbox.url}/sandbox/api/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(deed),
    });
    return (await answer.json()) as ActResult;
  };
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

/** A product that does nothing but take callbacks. */
async function startProduct() {
  const waiting = new Set<(request: CallbackRequest) => void>();
  const server = createServer(async (incoming, response) => {
    const request = await callbackIn(incoming);
    response.end('success');
    for (const take of waiting) take(request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next(isIt: (request: CallbackRequest) => boolean): Promise<CallbackRequest> {
      return new Promise((resolve) => {
        const take = (request: CallbackRequest) => {
          if (isIt(request) && waiting.delete(take)) resolve(request);
        };
        waiting.add(take);
      });
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function callbackIn(incoming: IncomingMessage): Promise<CallbackRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const query = Object.fromEntries(new URL(incoming.url ?? '/', 'http://localhost').searchParams);
  return { method: 'POST', query, headers: {}, body: Buffer.concat(chunks), receivedAt: new Date() };
}
