import { request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { cookiesFor, dingtalkAgent, dingtalkClientPath, jarred, phoneOf } from './dingtalk-client.ts';
import { frameMark as phoneMark } from './dingtalk-phone-api.ts';
import type { Stage } from './stage.ts';

const frameMark = 'sandbox_frame';
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the real client calls itself to the pages it opens. */
export const clientAgent = (theme: 'light' | 'dark'): string =>
  'Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.6668.101 Safari/537.36 ' +
  `wxwork/4.1.36 (MicroMessenger/6.2) WindowsWechat MailPlugin_Electron WeMail embeddisk ColorScheme/${theme === 'dark' ? 'Dark' : 'Light'}`;

/**
 * Hands a request on to the product and its answer back, byte by byte as they come. A document opened in the sandbox's
 * frame gets the client's bridge first, as a page in the client's webview finds it there.
 */
export function passOn(stage: Stage, request: IncomingMessage, response: ServerResponse, url: URL): void {
  const isFramed = request.method === 'GET' && isFrameDocument(request, url);
  const phone = phoneOf(request, url);
  if (phone && isFramed && !url.searchParams.has(phoneMark)) return reopen(response, url, phone);
  const headers: Record<string, string | string[] | undefined> = { ...request.headers };
  for (const name of hopByHop) delete headers[name];
  headers['x-forwarded-host'] = request.headers.host;
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? '';
  if (isFramed) {
    // A copy kept from an ordinary tab lacks the bridge, a packed one cannot be added to.
    for (const name of ['if-none-match', 'if-modified-since', 'accept-encoding']) delete headers[name];
    headers['user-agent'] = clientAgent(stage.world.settings.theme);
  }
  if (phone) headers['user-agent'] = dingtalkAgent(stage.world.settings.theme);
  const cookies = cookiesFor(phone, request.headers.cookie);
  if (cookies) headers['cookie'] = cookies;
  else delete headers['cookie'];

  // A connection of its own: a kept one may be closed by the product in the very moment it is used again.
  const options = { method: request.method, headers, agent: false };
  const onward = send(new URL(request.url ?? '/', stage.productUrl), options, (answer) => {
    const kept = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name)));
    const isHtml = (answer.headers['content-type'] ?? '').startsWith('text/html');
    if (phone) {
      kept['set-cookie'] = jarred(phone, answer.headers['set-cookie'] ?? []);
      // The page's own requests tell by it whose phone they come from.
      kept['referrer-policy'] = 'same-origin';
    }
    if (isFramed && isHtml && answer.statusCode === 200) {
      delete kept['etag'];
      delete kept['last-modified'];
      withBridge(answer, response, kept, phone ? dingtalkClientPath : '/sandbox/client.js').catch(() =>
        response.destroy(),
      );
      return;
    }
    response.writeHead(answer.statusCode ?? 502, kept);
    response.flushHeaders();
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => {
    if (response.headersSent) return response.destroy();
    response.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('产品还没有启动，或已经停止。/ The product is not up.\n');
  });
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

/** A page that moves on inside the phone stays the phone's. */
function reopen(response: ServerResponse, url: URL, phone: string): void {
  const marked = new URL(url);
  marked.searchParams.set(phoneMark, phone);
  response.writeHead(302, { location: marked.pathname + marked.search, 'cache-control': 'no-store' }).end();
}

/** The browser says so itself; older ones are told by the mark. */
function isFrameDocument(request: IncomingMessage, url: URL): boolean {
  const destination = request.headers['sec-fetch-dest'];
  if (destination) return destination === 'iframe';
  const accepts = request.headers.accept ?? '';
  return (
    accepts.includes('text/html') &&
    (url.searchParams.has(frameMark) || url.searchParams.has(phoneMark) || hasMark(request))
  );
}

const hasMark = (request: IncomingMessage): boolean =>
  (request.headers.cookie ?? '').split(/; */).some((cookie) => cookie.startsWith(`${frameMark}=`));

async function withBridge(
  answer: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string | string[] | undefined>,
  path: string,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const html = Buffer.concat(chunks).toString('utf8');
  // A file of its own, and not inline: the product's content security policy lets its own origin's scripts run.
  const script = `<script src="${path}"></script>`;
  const bridged = /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + script) : script + html;
  response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(bridged), 'cache-control': 'no-store' });
  response.end(bridged);
}
