import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { keys } from '#tests/bot/wecom-sealed.ts';

// What anyone would write first: node:http, the crypto of a callback, one INSERT for each. The yardstick of the bench.

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 20 });
await pool.query('CREATE TABLE IF NOT EXISTS bare_callback (hash bytea PRIMARY KEY, body text NOT NULL)');
const aesKey = Buffer.from(`${keys.encodingAesKey}=`, 'base64');

function open(query: URLSearchParams, body: string): Buffer | null {
  const encrypted = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1] ?? '';
  const parts = [keys.token, query.get('timestamp') ?? '', query.get('nonce') ?? '', encrypted];
  const expected = Buffer.from(createHash('sha1').update(parts.sort().join('')).digest('hex'));
  const given = Buffer.from(query.get('msg_signature') ?? '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const decipher = createDecipheriv('aes-256-cbc', aesKey, aesKey.subarray(0, 16)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
  return plain.subarray(20, 20 + plain.readUInt32BE(16));
}

const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const query = new URL(req.url ?? '/', 'http://bare').searchParams;
    const message = open(query, Buffer.concat(chunks).toString());
    if (!message) return res.writeHead(401).end();
    const values = [createHash('sha256').update(message).digest(), message.toString()];
    const insert = { name: 'insert', text: 'INSERT INTO bare_callback VALUES ($1, $2) ON CONFLICT DO NOTHING', values };
    return pool.query(insert).then(
      () => res.end('success'),
      () => res.writeHead(503).end(),
    );
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once('SIGTERM', () => process.exit(0));
