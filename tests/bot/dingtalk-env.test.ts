import { expect, test } from 'vitest';
import { dingtalk } from '#bot/dingtalk/dingtalk.ts';
import { dingtalkEnv, readDingtalkEnv } from '#bot/dingtalk/dingtalk-env.ts';
import { aesKey, keys } from '#tests/bot/dingtalk-sealed.ts';
import { testTools } from '#tests/bot/platform-tools.ts';

const env = {
  DINGTALK_CLIENT_ID: keys.clientId,
  DINGTALK_CLIENT_SECRET: keys.clientSecret,
  DINGTALK_CORP_ID: keys.corpId,
  DINGTALK_AGENT_ID: '3000000001',
};
const callback = { DINGTALK_CALLBACK_TOKEN: keys.token, DINGTALK_CALLBACK_AES_KEY: keys.aesKey };
const http = { ...env, ...callback, DINGTALK_MODE: 'http' };

test('a deployment that names nothing of DingTalk has none', () => {
  const none = {
    PATH: '/bin',
    DINGTALK_CLIENT_ID: '',
    DINGTALK_API_BASE: 'http://127.0.0.1:3100',
    PUBLIC_URL: 'http://x',
  };
  expect(dingtalk.create(none, testTools())).toBeNull();
});

test('what is not set is what the settings say it is', () => {
  expect(readDingtalkEnv({ ...env, DINGTALK_API_BASE: '' })).toEqual({
    clientId: keys.clientId,
    clientSecret: keys.clientSecret,
    corpId: keys.corpId,
    agentId: 3_000_000_001,
    mode: 'stream',
    callback: null,
    card: null,
    cardSecret: null,
    cardCallbackUrl: null,
    apiBase: 'https://api.dingtalk.com',
    oapiBase: 'https://oapi.dingtalk.com',
    loginBase: 'https://login.dingtalk.com',
  });
  const said = Object.fromEntries(dingtalkEnv.flatMap((one) => ('default' in one ? [[one.key, one.default]] : [])));
  expect(readDingtalkEnv({ ...env, ...said })).toEqual(readDingtalkEnv(env));
});

test('by HTTP, presses of cards are posted to where the members open Zhike', () => {
  const cards = {
    DINGTALK_CARD_TEMPLATE_ID: 't.schema',
    DINGTALK_CARD_SECRET: 's',
    PUBLIC_URL: 'https://crm.example.com/',
  };
  expect(readDingtalkEnv({ ...http, ...cards })).toMatchObject({
    mode: 'http',
    callback: { token: keys.token, aesKey },
    card: { templateId: 't.schema' },
    cardCallbackUrl: 'https://crm.example.com/callbacks/dingtalk',
  });
});

test('it is a stream unless told otherwise, and cards need a template', () => {
  const platform = (more: Record<string, string>) => dingtalk.create({ ...env, ...more }, testTools());
  expect(platform({})?.stream).not.toBeNull();
  expect(platform({ ...callback, DINGTALK_MODE: 'http' })?.stream).toBeNull();
  expect(platform({})?.capabilities.cardUpdates).toBe('none');
  expect(platform({ DINGTALK_CARD_TEMPLATE_ID: 't.schema' })?.capabilities.cardUpdates).toBe('any');
});

test.each([
  [{ ...env, DINGTALK_CLIENT_SECRET: undefined }, 'DingTalk is set up by half: DINGTALK_CLIENT_SECRET is missing.'],
  [{ DINGTALK_CORP_ID: 'ding1' }, 'DINGTALK_CLIENT_ID, DINGTALK_CLIENT_SECRET, DINGTALK_AGENT_ID are missing.'],
  [{ DINGTALK_CARD_SECRET: 'x' }, 'DINGTALK_AGENT_ID are missing.'],
  [
    { ...env, DINGTALK_MODE: 'http' },
    'DINGTALK_CALLBACK_TOKEN, DINGTALK_CALLBACK_AES_KEY are missing for DINGTALK_MODE=http.',
  ],
  [{ ...env, DINGTALK_CALLBACK_TOKEN: 'x' }, 'DingTalk is set up by half: DINGTALK_CALLBACK_AES_KEY is missing.'],
  [
    { ...http, DINGTALK_CARD_TEMPLATE_ID: 't' },
    'DINGTALK_CARD_SECRET, PUBLIC_URL are missing for cards with DINGTALK_MODE=http.',
  ],
  [{ ...env, DINGTALK_CALLBACK_TOKEN: 'x', DINGTALK_CALLBACK_AES_KEY: 'short' }, 'has 43 letters and digits'],
  [{ ...env, DINGTALK_AGENT_ID: 'abc', DINGTALK_API_BASE: 'ftp://x' }, 'DINGTALK_AGENT_ID'],
  [{ ...env, DINGTALK_MODE: 'both' }, 'is stream or http'],
])('a set-up by half, or wrong, is told in a sentence', (given, sentence) => {
  expect(() => dingtalk.create(given, testTools())).toThrow(sentence);
});
