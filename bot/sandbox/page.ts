import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = new URL('../../miniapp/dist/', import.meta.url);
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};

/** The sandbox's own page and the built assets it needs, also while the product is down. False: not a file of its own. */
export async function pageFile(path: string, response: ServerResponse): Promise<boolean> {
  const isPage = path === '/' || path === '/sandbox.html';
  if (!isPage && !/^\/assets\/[\w.-]+$/.test(path)) return false;
  const file = fileURLToPath(new URL(isPage ? 'sandbox.html' : path.slice(1), built));
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!found) {
    if (!isPage) return false;
    response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('页面还没有构建：npm run build / The page is not built yet.\n');
    return true;
  }
  response.writeHead(200, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-length': found.size,
    'cache-control': isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
  });
  createReadStream(file).pipe(response);
  return true;
}
