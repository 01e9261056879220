import { createHmac } from 'node:crypto';
import { encrypt, signatureOf } from '#bot/shared/callback-crypto.ts';
import type { CallbackRules } from '#bot/dingtalk/dingtalk-callback.ts';
import type { CallbackRequest } from '#server/platform/callback.ts';

/** Invented, and used nowhere. */
export const keys = {
  clientId: 'dingtestappkey01',
  clientSecret: 'SECtest123',
  corpId: 'dingtestcorp01',
  token: '666666',
  aesKey: 'TXpRMU5qYzRPVEF4TWpNME5UWTNPRGt3TVRJek5EVTI',
  cardSecret: 'cardApiSecret01',
};
export const aesKey = Buffer.from(`${keys.aesKey}=`, 'base64');
export const signedAt = new Date(1_700_000_000_000);

export const rules: CallbackRules = {
  clientId: keys.clientId,
  clientSecret: keys.clientSecret,
  corpId: keys.corpId,
  callback: { token: keys.token, aesKey },
  cardSecret: keys.cardSecret,
  userOf: (unionId) => (unionId === 'unionzhangsan' ? 'zhangsan' : null),
};

const post = (query: Record<string, string>, headers: Record<string, string>, body: string): CallbackRequest => ({
  method: 'POST',
  query,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(body),
  receivedAt: signedAt,
});

/** What DingTalk does before it calls us, so that tests can be DingTalk. */
export function eventRequest(
  message: unknown,
  about: { owner?: string; timestamp?: string; nonce?: string; names?: 'new' | 'old'; encrypted?: string } = {},
): CallbackRequest {
  const { owner = keys.clientId, timestamp = String(signedAt.getTime()), nonce = 'nonce888', names = 'new' } = about;
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  const sealed =
    about.encrypted ?? encrypt(aesKey, { message: Buffer.from(text), receiver: owner }, Buffer.alloc(16, 'r'));
  const signature = signatureOf(keys.token, timestamp, nonce, sealed);
  const query: Record<string, string> =
    names === 'new' ? { msg_signature: signature, timestamp, nonce } : { signature, timeStamp: timestamp, nonce };
  return post(query, {}, JSON.stringify({ encrypt: sealed }));
}

export function robotRequest(message: unknown, timestamp = String(signedAt.getTime())): CallbackRequest {
  const sign = createHmac('sha256', keys.clientSecret).update(`${timestamp}\n${keys.clientSecret}`).digest('base64');
  return post({}, { timestamp, sign }, JSON.stringify(message));
}

export function cardRequest(press: unknown, timestamp = String(signedAt.getTime())): CallbackRequest {
  const signature = createHmac('sha256', keys.cardSecret).update(timestamp).digest('base64');
  const headers = { 'x-ddpaas-signature-timestamp': timestamp, 'x-ddpaas-signature': signature };
  return post({}, headers, JSON.stringify(press));
}

export const cardPress = {
  type: 'actionCallback',
  outTrackId: 'approval-1-lisi',
  corpId: keys.corpId,
  userId: 'lisi',
  content: JSON.stringify({
    cardPrivateData: { actionIds: ['btn_reject'], params: { action: 'reject', reason: '折扣太低', level: 2 } },
  }),
};

export const robotMessage = {
  conversationId: 'cid1',
  conversationType: '1',
  chatbotCorpId: keys.corpId,
  msgId: 'msg-1',
  createAt: 1_699_999_999_000,
  senderNick: '张三',
  senderStaffId: 'zhangsan',
  msgtype: 'text',
  text: { content: ' 今天还有几个审批？' },
};
