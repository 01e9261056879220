import { healthy } from '#tests/support/healthy.ts';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { wecom } from '#bot/wecom/wecom.ts';
import { makeApp } from '#server/app.ts';
import { listPlatforms } from '#server/base/platforms.ts';
import { openEvent } from '#server/inbound/inbound-store.ts';
import { testTools } from '#tests/bot/platform-tools.ts';
import { keys, pushOf, seal } from '#tests/bot/wecom-sealed.ts';
import { listen, type Listening } from '#tests/support/listening.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
let site: Listening | undefined;
afterEach(() => site?.close());

const vector = (name: string) =>
  readFileSync(new URL(`../fixtures/wecom/vector/${name}`, import.meta.url), 'utf8').trimEnd();
const rows = async () =>
  (await world.deps.db.inboundEvent.findMany()).map((row) => ({
    ...row,
    event: openEvent(world.deps.cipher, row.event),
  }));

/** The vectors were signed years ago, so their age is not looked at. */
async function open(env: Record<string, string> = {}): Promise<void> {
  const platform = wecom.create(
    {
      WECOM_CORP_ID: keys.receiver,
      WECOM_AGENT_ID: '1000002',
      WECOM_SECRET: 'unused',
      WECOM_CALLBACK_TOKEN: keys.token,
      WECOM_CALLBACK_AES_KEY: keys.encodingAesKey,
      WECOM_CALLBACK_MAX_AGE_SECONDS: '0',
      ...env,
    },
    testTools(),
  );
  const deps = { ...world.deps, platforms: listPlatforms(platform ? [platform] : []) };
  site = await listen(makeApp(deps, healthy));
}

async function ask(query: Record<string, string>, body?: BodyInit): Promise<[number, string]> {
  const init = body === undefined ? {} : { method: 'POST', body };
  const answer = await fetch(`${site?.url}/callbacks/wecom?${new URLSearchParams(query)}`, init);
  return [answer.status, await answer.text()];
}

test('the callback WeCom publishes as its example is stored and acknowledged', async () => {
  await open({
    WECOM_CORP_ID: 'wx5823bf96d3bd56c7',
    WECOM_CALLBACK_TOKEN: 'QDG6eK',
    WECOM_CALLBACK_AES_KEY: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
  });
  const query = {
    msg_signature: '477715d11cdb4164915debcba66cb864d751f3e6',
    timestamp: '1409659813',
    nonce: '1372623149',
  };
  const body = `<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><AgentID><![CDATA[218]]></AgentID><Encrypt><![CDATA[${vector('v1-encrypted.txt')}]]></Encrypt></xml>`;
  expect(await ask(query, body)).toEqual([200, 'success']);
  expect(await rows()).toMatchObject([{ kind: 'app_message', subject: 'member:mycreate', event: { text: 'hello' } }]);
});

test('saving the callback address in the console is answered with the bare plaintext', async () => {
  await open();
  const query = {
    msg_signature: '782b0224044d34bd97281ca5cec0de66c874179a',
    timestamp: '1700000000',
    nonce: 'nonce123',
    echostr: 'Q3stYC6hdFzMh9T8HCvyDH0IHJENRtL8kKsqSYgg4gClawqfEI4bjkd/sThBdy5abkkNPf3wQSpydibwulBNcw==',
  };
  expect(await ask(query)).toEqual([200, '1616140317555161061']);
});

test('a customer who adds a rep is stored with the welcome code, however often WeCom tells it', async () => {
  await open();
  const query = {
    msg_signature: 'af998caa6f3580431b355c4c7c9163e5a0e554ba',
    timestamp: '1700000000',
    nonce: 'nonce123',
  };
  const body = `<xml><ToUserName><![CDATA[${keys.receiver}]]></ToUserName><Encrypt><![CDATA[${vector('v3-encrypted.txt')}]]></Encrypt></xml>`;
  expect(await ask(query, body)).toEqual([200, 'success']);
  expect(await ask(query, body)).toEqual([200, 'success']);
  expect(await rows()).toMatchObject([
    {
      kind: 'contact_added',
      subject: 'contact:wmTestExternal0001',
      event: { welcomeCode: 'WC_1', member: 'zhangsan' },
    },
  ]);
});

test('a callback meant for another company, or signed too long ago, is refused', async () => {
  await open({ WECOM_CALLBACK_MAX_AGE_SECONDS: '300' });
  const timestamp = String(world.deps.now().getTime() / 1000);
  const other = pushOf(seal(vector('v3-message.xml'), 'ww0000000000000000'), { timestamp });
  const old = pushOf(seal(vector('v3-message.xml')), { timestamp: String(Number(timestamp) - 301) });
  expect(await ask(other.query, other.body.toString())).toEqual([401, expect.stringContaining('callback.receiver')]);
  expect(await ask(old.query, old.body.toString())).toEqual([401, expect.stringContaining('callback.stale')]);
  expect(await rows()).toEqual([]);
});
