import { readFileSync } from 'node:fs';
import { wecom } from '#bot/wecom/wecom.ts';
import type { Platform } from '#server/platform/platform.ts';
import { testTools, type TestTools } from '#tests/bot/platform-tools.ts';
import type { ContractWorld } from '#tests/bot/platform-contract.ts';
import { callbackOf, signedAt } from '#tests/bot/wecom-sealed.ts';
import { startDouble, type Double } from '#tests/bot/wecom-double.ts';

export interface WecomWorld {
  platform: Platform;
  double: Double;
  tools: TestTools;
}

export async function makeWecomWorld(env: Record<string, string | undefined> = {}): Promise<WecomWorld> {
  const double = await startDouble();
  const tools = testTools(signedAt);
  const platform = wecom.create({ ...double.env, ...env }, tools);
  if (!platform) throw new Error('The double is not set up.');
  return { platform, double, tools };
}

export async function wecomContractWorld(): Promise<ContractWorld> {
  const { platform, double } = await makeWecomWorld();
  const message = readFileSync(new URL('../fixtures/wecom/callback/add-external-contact.xml', import.meta.url), 'utf8');
  let count = 0;
  return {
    platform,
    known: { member: 'zhangsan', contact: 'wmTestExternal0001', idleMember: 'lisi', tag: 'etTestTag0002' },
    async loginCode() {
      double.codes.login.add(`login-${++count}`);
      return `login-${count}`;
    },
    async welcomeCode() {
      double.codes.welcome.add(`welcome-${++count}`);
      return `welcome-${count}`;
    },
    callback: async () => ({
      request: callbackOf(message),
      event: { kind: 'contact_added', contact: 'wmTestExternal0001', member: 'zhangsan' },
    }),
    async pressCard(card, action) {
      double.codes.response.add(`press-${++count}`);
      const pressed = readFileSync(
        new URL('../fixtures/wecom/callback/template-card-event.xml', import.meta.url),
        'utf8',
      );
      return callbackOf(
        pressed.replace('task_1', card).replace('[approve]', `[${action}]`).replace('RC_1', `press-${count}`),
      );
    },
    sending: {
      async confirm(send) {
        const sent = double.sending.sends.get(send);
        if (sent) sent.confirmedAt = 1_700_000_000;
      },
      async loseAnswer(call) {
        double.silent.add(sendingPaths[call]);
      },
      async comeIn(code) {
        const state = String(double.sending.ways.get(code)?.['state']);
        return callbackOf(message.replace('[ch_1]', `[${state}]`));
      },
    },
    async finishTransfers() {
      for (const one of double.underway.values()) one['status'] = 1;
    },
    close: () => double.close(),
  };
}

/** What stands behind the calls whose answers may be lost. */
export const sendingPaths = {
  start: 'externalcontact/add_msg_template',
  createCode: 'externalcontact/add_contact_way',
  createLink: 'externalcontact/customer_acquisition/create_link',
};
