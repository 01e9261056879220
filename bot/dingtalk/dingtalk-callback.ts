import { createHmac, hash } from 'node:crypto';
import { decrypt, encrypt, isSameSignature, signatureOf } from '#bot/shared/callback-crypto.ts';
import { CallbackRefused } from '#server/platform/platform-error.ts';
import type { CallbackRequest, CallbackResult } from '#server/platform/callback.ts';
import { cardSignature, robotSignature } from './dingtalk-crypto.ts';
import { cardEvent, eventsOf, robotEvent, textOf, timeOf, type Fields, type UserOf } from './dingtalk-event.ts';

/** What of it is null is not taken by HTTP at all. */
export interface CallbackRules {
  clientId: string;
  clientSecret: string;
  corpId: string;
  callback: { token: string; aesKey: Buffer } | null;
  cardSecret: string | null;
  userOf: UserOf;
}

const eventAgeMsMax = 5 * 60_000;
/** K02@0771 */
const robotAgeMsMax = 3_600_000;
/** A press has 2 s to be answered and is never sent again. */
const cardAgeMsMax = 60_000;

/** Three senders post to one address, each signing in its own way: events, messages to the robot, presses of cards. */
export function readCallback(rules: CallbackRules, request: CallbackRequest): CallbackResult {
  if (request.method !== 'POST') throw new CallbackRefused('malformed', 'DingTalk posts its callbacks.');
  if (request.headers['x-ddpaas-signature']) return readCardPress(rules, request);
  if (request.headers['sign']) return readRobotMessage(rules, request);
  return readEvent(rules, request);
}

/** K04@0004: to be answered within 1.5 s, otherwise it comes again after 10 s and after 30 s more. */
function readEvent(rules: CallbackRules, request: CallbackRequest): CallbackResult {
  const { callback: keys, clientId, corpId } = rules;
  if (!keys) throw new CallbackRefused('signature', 'This deployment takes no events by HTTP.');
  const timestamp = parameter(request, 'timestamp', 'timeStamp');
  const nonce = parameter(request, 'nonce');
  const encrypted = encryptedPart(request.body);
  const expected = signatureOf(keys.token, timestamp, nonce, encrypted);
  if (!isSameSignature(expected, parameter(request, 'msg_signature', 'signature')))
    throw new CallbackRefused('signature', 'The callback is not signed with our token.');
  refuseOld(request, timestamp, eventAgeMsMax);

  const { message, receiver } = decrypt({ ...keys, receivers: [clientId, corpId] }, encrypted);
  const text = message.toString();
  const fields = jsonOf(text);
  const name = textOf(fields, 'EventType') || 'nameless';
  // As a function of the request alone, the answer is the same to the same request.
  const random = createHmac('sha256', keys.aesKey)
    .update(`${timestamp}\n${nonce}\n${encrypted}`)
    .digest()
    .subarray(0, 16);
  const reply = sealedReply(keys, { timestamp, nonce, random, receiver });
  const isCheck = name === 'check_url';
  const at = timeOf(fields, ['EventTime', 'timeStamp'], request.receivedAt);
  const told = { name, fields, eventId: textOf(fields, 'eventId'), at };
  return { reply, replyType: 'application/json', events: isCheck ? [] : eventsOf(told, text, rules.userOf) };
}

/** K04@0004: the word `success`, encrypted and signed as the question was. */
export function sealedReply(
  keys: { token: string; aesKey: Buffer },
  about: { timestamp: string; nonce: string; random: Buffer; receiver: string },
): string {
  const { timestamp, nonce, random, receiver } = about;
  const encrypted = encrypt(keys.aesKey, { message: Buffer.from('success'), receiver }, random);
  const signature = signatureOf(keys.token, timestamp, nonce, encrypted);
  return JSON.stringify({ msg_signature: signature, timeStamp: timestamp, nonce, encrypt: encrypted });
}

function readRobotMessage(rules: CallbackRules, request: CallbackRequest): CallbackResult {
  const timestamp = header(request, 'timestamp');
  if (!isSameSignature(robotSignature(rules.clientSecret, timestamp), header(request, 'sign')))
    throw new CallbackRefused('signature', 'The message is not signed with our secret.');
  refuseOld(request, timestamp, robotAgeMsMax);
  const text = request.body.toString();
  return { reply: '{}', replyType: 'application/json', events: [robotEvent(jsonOf(text), text, request.receivedAt)] };
}

/** K02@0786. The signature covers the time alone: with the same one, another body would pass, so a press comes once. */
function readCardPress(rules: CallbackRules, request: CallbackRequest): CallbackResult {
  const timestamp = header(request, 'x-ddpaas-signature-timestamp');
  const isOurs =
    rules.cardSecret !== null &&
    isSameSignature(cardSignature(rules.cardSecret, timestamp), header(request, 'x-ddpaas-signature'));
  if (!isOurs) throw new CallbackRefused('signature', 'The press is not signed with our secret.');
  refuseOld(request, timestamp, cardAgeMsMax);
  const text = request.body.toString();
  const identity = `${timestamp}\n${text}`;
  const messageKey = hash('sha256', identity, 'base64url');
  const event = cardEvent(jsonOf(text), { identity, messageKey, receivedAt: request.receivedAt });
  return { reply: '{}', replyType: 'application/json', events: [event], neverRepeats: true };
}

/** In milliseconds; older samples sign seconds. */
function refuseOld(request: CallbackRequest, timestamp: string, ageMsMax: number): void {
  if (!/^\d{10}(\d{3})?$/.test(timestamp)) throw new CallbackRefused('malformed', 'The timestamp is no time.');
  const signedMs = Number(timestamp) * (timestamp.length === 10 ? 1000 : 1);
  const ageMs = Math.abs(request.receivedAt.getTime() - signedMs);
  if (ageMs > ageMsMax)
    throw new CallbackRefused('stale', `The callback was signed ${Math.round(ageMs / 1000)} s away from now.`);
}

function parameter(request: CallbackRequest, ...names: string[]): string {
  for (const name of names) {
    const value: unknown = Object.hasOwn(request.query, name) ? request.query[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
  }
  throw new CallbackRefused('signature', `The callback has no ${names[0]}.`);
}

function header(request: CallbackRequest, name: string): string {
  const value: unknown = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined;
  if (typeof value !== 'string' || value === '') throw new CallbackRefused('signature', `The callback has no ${name}.`);
  return value;
}

function encryptedPart(body: Buffer): string {
  const encrypted = jsonOf(body.toString())['encrypt'];
  if (typeof encrypted !== 'string' || encrypted === '')
    throw new CallbackRefused('malformed', 'The callback has no encrypted part.');
  return encrypted;
}

function jsonOf(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CallbackRefused('malformed', 'The callback is no JSON object.');
}
