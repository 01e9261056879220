import { z } from 'zod';
import { chatData, mediaBytes } from './archive.ts';
import { jsonIn, type Stage } from './stage.ts';

const chunkBytes = 512 * 1024;
const credentials = { corpid: z.string(), secret: z.string() };
const chatDataAsked = z.object({ ...credentials, seq: z.string().regex(/^\d{1,20}$/), limit: z.number().int() });
const mediaAsked = z.object({ ...credentials, sdkfileid: z.string(), indexbuf: z.string() });

/** Behind the archive SDK: what the native library would fetch. Null: no such door. */
export function archiveDoor(stage: Stage, call: string, raw: Buffer): Record<string, unknown> | null {
  const body = jsonIn(raw);
  const startedAt = performance.now();
  const said = call === 'chatdata' ? giveChatData(stage, body) : call === 'media' ? giveMedia(stage, body) : null;
  if (said) {
    const ms = Math.round(performance.now() - startedAt);
    const records = Array.isArray(said['chatdata']) ? `${said['chatdata'].length} records` : '';
    stage.log({ kind: 'archive', name: call, code: String(said['errcode']), ms, detail: records });
  }
  return said;
}

function refusal(stage: Stage, asked: { corpid: string; secret: string }): Record<string, unknown> | null {
  const { company } = stage.world;
  if (asked.corpid !== company.corpId) return { errcode: 40013, errmsg: 'invalid corpid' };
  if (asked.secret !== company.archiveSecret) return { errcode: 40001, errmsg: 'invalid credential' };
  return null;
}

function giveChatData(stage: Stage, body: unknown): Record<string, unknown> {
  const asked = chatDataAsked.safeParse(body);
  if (!asked.success) return { errcode: 10000, errmsg: 'invalid parameter' };
  const refused = refusal(stage, asked.data);
  if (refused) return refused;
  // D91774: at most 1000 at a time.
  if (asked.data.limit < 1 || asked.data.limit > 1000) return { errcode: 301058, errmsg: 'limit out of range' };
  return { errcode: 0, errmsg: 'ok', chatdata: chatData(stage, BigInt(asked.data.seq), asked.data.limit) };
}

function giveMedia(stage: Stage, body: unknown): Record<string, unknown> {
  const asked = mediaAsked.safeParse(body);
  if (!asked.success) return { errcode: 10000, errmsg: 'invalid parameter' };
  const refused = refusal(stage, asked.data);
  if (refused) return refused;
  const media = stage.world.media.find((one) => one.id === asked.data.sdkfileid);
  if (!media) return { errcode: 301048, errmsg: 'file gone' };
  const from = Number(asked.data.indexbuf || 0);
  const bytes = mediaBytes(media);
  const to = Math.min(from + chunkBytes, bytes.length);
  return {
    errcode: 0,
    errmsg: 'ok',
    data: bytes.subarray(from, to).toString('base64'),
    outindexbuf: String(to),
    is_finish: to >= bytes.length ? 1 : 0,
  };
}
