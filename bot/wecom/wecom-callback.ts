import { decrypt, isSameSignature, signatureOf, type CallbackKeys } from '#bot/shared/callback-crypto.ts';
import { CallbackRefused } from '#server/platform/platform-error.ts';
import type { CallbackRequest, CallbackResult } from '#server/platform/callback.ts';
import { eventOf } from './wecom-event.ts';
import { messageLengthMax, readXml, textOf, type XmlNode, type XmlValue } from './wecom-xml.ts';

export interface CallbackRules extends CallbackKeys {
  /** 0: any age will do. */
  ageMaxSeconds: number;
}

/** verify → decrypt → parse. */
export function readCallback(rules: CallbackRules, request: CallbackRequest): CallbackResult {
  return request.method === 'GET' ? answerUrlCheck(rules, request) : readPush(rules, request);
}

/** D90930: saving the URL in the console sends `echostr`; the answer is its plaintext, bare, within 1 s. */
function answerUrlCheck(rules: CallbackRules, request: CallbackRequest): CallbackResult {
  const echo = verified(rules, request, parameter(request, 'echostr'));
  return { reply: decrypt(rules, echo).message.toString(), events: [] };
}

/** D90930: to be answered with 200 within 5 s, otherwise it comes again, three times in all. */
function readPush(rules: CallbackRules, request: CallbackRequest): CallbackResult {
  const body = decrypt(rules, verified(rules, request, encryptedPart(request.body.toString()))).message;
  const event = eventOf(readMessage(body.toString()), request.receivedAt);
  return { reply: 'success', events: [{ event, body }] };
}

function verified(rules: CallbackRules, request: CallbackRequest, encrypted: string): string {
  const timestamp = parameter(request, 'timestamp');
  const expected = signatureOf(rules.token, timestamp, parameter(request, 'nonce'), encrypted);
  if (!isSameSignature(expected, parameter(request, 'msg_signature'))) {
    throw new CallbackRefused('signature', 'The callback is not signed with our token.');
  }
  if (!/^\d{1,12}$/.test(timestamp)) throw new CallbackRefused('malformed', 'The timestamp is no number.');
  const ageSeconds = Math.abs(request.receivedAt.getTime() / 1000 - Number(timestamp));
  if (rules.ageMaxSeconds > 0 && ageSeconds > rules.ageMaxSeconds) {
    throw new CallbackRefused('stale', `The callback was signed ${Math.round(ageSeconds)} s away from now.`);
  }
  return encrypted;
}

/** A parameter given twice arrives as no string from some query parsers, whatever the type says. */
function parameter(request: CallbackRequest, name: string): string {
  const value: unknown = Object.hasOwn(request.query, name) ? request.query[name] : undefined;
  if (typeof value !== 'string' || value === '') throw new CallbackRefused('signature', `The callback has no ${name}.`);
  return value;
}

function encryptedPart(body: string): string {
  const envelope = readMessage(body);
  const encrypted = textOf(envelope, 'Encrypt') || textOf(envelope, 'encrypt');
  if (!encrypted) throw new CallbackRefused('malformed', 'The callback has no encrypted part.');
  return encrypted;
}

/** XML, or JSON where the console was told so. */
function readMessage(body: string): XmlNode {
  return /^\s*\{/.test(body) ? readJson(body) : readXml(body);
}

function readJson(body: string): XmlNode {
  if (body.length > messageLengthMax) throw new CallbackRefused('malformed', 'The callback is too long.');
  try {
    const value = nodeOf(JSON.parse(body));
    if (typeof value === 'object') return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CallbackRefused('malformed', 'The callback is no JSON object.');
}

function nodeOf(value: unknown, depth = 0): XmlValue {
  if (depth > 32) throw new CallbackRefused('malformed', 'The callback is nested too deep.');
  if (value === null || value === undefined) return '';
  // PostgreSQL keeps neither NUL nor half a surrogate pair.
  if (typeof value !== 'object') return String(value).toWellFormed().replaceAll('\0', '\uFFFD');
  const node = Object.create(null) as XmlNode;
  for (const [name, child] of Object.entries(value)) {
    node[name] = Array.isArray(child) ? child.map((one) => nodeOf(one, depth + 1)) : nodeOf(child, depth + 1);
  }
  return node;
}
