import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { wecom } from '#bot/wecom/wecom.ts';
import { readWecomEnv, wecomEnv } from '#bot/wecom/wecom-env.ts';
import { testTools } from '#tests/bot/platform-tools.ts';
import { archivePem } from '#tests/bot/wecom-double.ts';
import { aesKey, keys } from '#tests/bot/wecom-sealed.ts';

const env = {
  WECOM_CORP_ID: keys.receiver,
  WECOM_AGENT_ID: '1000002',
  WECOM_SECRET: 'secret',
  WECOM_CALLBACK_TOKEN: keys.token,
  WECOM_CALLBACK_AES_KEY: keys.encodingAesKey,
};
const archive = {
  WECOM_ARCHIVE_SECRET: 'archive-secret',
  WECOM_ARCHIVE_PRIVATE_KEYS: JSON.stringify({ 3: archivePem }),
  WECOM_ARCHIVE_SDK: './sdk.js',
};

test('a deployment that names nothing of WeCom has none', () => {
  expect(
    wecom.create({ PATH: '/bin', WECOM_SECRET: '', WECOM_API_BASE: 'http://127.0.0.1:3100' }, testTools()),
  ).toBeNull();
});

test('what is not set is what the settings say it is', () => {
  expect(readWecomEnv({ ...env, WECOM_API_BASE: '' })).toEqual({
    corpId: keys.receiver,
    agentId: 1_000_002,
    secret: 'secret',
    callbackToken: keys.token,
    callbackAesKey: aesKey,
    callbackAgeMaxSeconds: 300,
    apiBase: 'https://qyapi.weixin.qq.com',
    oauthBase: 'https://open.weixin.qq.com',
    archive: null,
  });
  const said = Object.fromEntries(wecomEnv.flatMap((one) => ('default' in one ? [[one.key, one.default]] : [])));
  expect(readWecomEnv({ ...env, ...said })).toEqual(readWecomEnv(env));
});

test.each([
  [{ ...env, WECOM_SECRET: undefined }, 'WeCom is set up by half: WECOM_SECRET is missing.'],
  [{ WECOM_CORP_ID: 'ww1' }, 'WECOM_AGENT_ID, WECOM_SECRET, WECOM_CALLBACK_TOKEN, WECOM_CALLBACK_AES_KEY are missing.'],
  [{ ...env, WECOM_CALLBACK_AES_KEY: 'short' }, 'has 43 letters and digits'],
  [{ ...env, WECOM_AGENT_ID: 'abc', WECOM_API_BASE: 'ftp://x' }, 'WECOM_AGENT_ID'],
  [
    { ...env, WECOM_ARCHIVE_SECRET: 'x' },
    'The WeCom archive is set up by half: WECOM_ARCHIVE_PRIVATE_KEYS, WECOM_ARCHIVE_SDK are missing.',
  ],
])('a set-up by half, or wrong, is told in a sentence', (env, sentence) => {
  expect(() => wecom.create(env, testTools())).toThrow(sentence);
});

test('a wrong secret never stands in what is told', () => {
  const error = (() => {
    try {
      readWecomEnv({ ...env, ...archive, WECOM_ARCHIVE_PRIVATE_KEYS: '{"3":"BEGIN hush-hush"}' });
    } catch (error) {
      return String(error);
    }
    return '';
  })();
  expect(error).toContain('WECOM_ARCHIVE_PRIVATE_KEYS');
  expect(error).not.toContain('hush');
});

test('private keys may stand in a file', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wecom-keys-'));
  const file = path.join(folder, 'keys.json');
  writeFileSync(file, archive.WECOM_ARCHIVE_PRIVATE_KEYS);
  const config = readWecomEnv({ ...env, ...archive, WECOM_ARCHIVE_PRIVATE_KEYS: file });
  expect([...(config?.archive?.privateKeys.keys() ?? [])]).toEqual([3]);
  rmSync(folder, { recursive: true });
});
