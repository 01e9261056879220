import { generateKeyPairSync } from 'node:crypto';
import { alphanumeric } from './alphanumeric.ts';
import type { Company } from './stage.ts';

/** Keys and secrets as the admin console would show them. Not from the seed: nobody shall guess them. */
export function foundCompany(): Company {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    name: '知合软件（杭州）有限公司',
    corpId: 'ww5a1dbc0de7fa9e21',
    agentId: '1000002',
    secret: alphanumeric(43),
    archiveSecret: alphanumeric(43),
    contactSyncSecret: alphanumeric(43),
    callbackToken: alphanumeric(32),
    // 43 characters carry 258 bits of which the last two must be nought to be plain base64: 'A' is.
    callbackAesKey: `${alphanumeric(42)}A`,
    modelKey: `sk-sandbox-${alphanumeric(24)}`,
    archiveKeys: [{ version: 1, privateKey, publicKey }],
  };
}
