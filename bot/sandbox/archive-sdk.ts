import { createDecipheriv, createHash } from 'node:crypto';

/**
 * Stands where the platform's native library (WeWorkFinanceSdk) stands in a real deployment: same calls, same answers, but
 * asks the sandbox at `apiBase`.
 */
export function createArchiveSdk(options: { corpId: string; secret: string; apiBase?: string }) {
  const base = options.apiBase ?? '';

  async function ask(call: string, body: Record<string, unknown>): Promise<string> {
    const answer = await fetch(new URL(`/sandbox/archive/${call}`, base), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ corpid: options.corpId, secret: options.secret, ...body }),
      signal: AbortSignal.timeout(30_000),
    });
    return answer.text();
  }

  return {
    /** GetChatData: the JSON text, records after `seq`. */
    getChatData: (seq: bigint, limit: number): Promise<string> => ask('chatdata', { seq: String(seq), limit }),

    /** DecryptData: `randomKey` is what the company's private key made of encrypt_random_key. */
    async decryptData(randomKey: string, encrypted: string): Promise<string> {
      const bytes = Buffer.from(encrypted, 'base64');
      const key = createHash('sha256').update(randomKey).digest();
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    },

    /** GetMediaData: one chunk; go on with `nextIndex` until it is finished. */
    async getMediaData(
      reference: string,
      indexBuf: string,
    ): Promise<{ data: Buffer; nextIndex: string; finished: boolean }> {
      const text = await ask('media', { sdkfileid: reference, indexbuf: indexBuf });
      const said = JSON.parse(text) as { errcode: number; data?: string; outindexbuf?: string; is_finish?: number };
      if (said.errcode !== 0) throw new Error(`GetMediaData: ${said.errcode}`);
      return {
        data: Buffer.from(said.data ?? '', 'base64'),
        nextIndex: said.outindexbuf ?? '',
        finished: said.is_finish === 1,
      };
    },
  };
}
