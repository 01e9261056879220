import { hash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { PlatformTools } from '#server/platform/driver.ts';
import type { DingtalkApi } from './dingtalk-api.ts';

interface App {
  clientId: string;
  corpId: string;
  agentId: number;
}

/** What `dd.config` takes, and `dd.requestAuthCode` (corpId, clientId). */
export interface ClientConfig {
  corpId: string;
  clientId: string;
  agentId: number;
  timeStamp: number;
  nonceStr: string;
  signature: string;
}

export async function clientConfig(
  api: DingtalkApi,
  tools: PlatformTools,
  app: App,
  url: string,
): Promise<ClientConfig> {
  const ticket = await sharedTicket(api, tools, app);
  const timeStamp = Math.floor(tools.now().getTime() / 1000);
  const nonceStr = randomBytes(8).toString('hex');
  const { corpId, clientId, agentId } = app;
  return { corpId, clientId, agentId, timeStamp, nonceStr, signature: signatureOf(ticket, nonceStr, timeStamp, url) };
}

/** K01@0031, K03@0003: this order, SHA-256 in lower hex; the address without `#…`, its query decoded. */
export function signatureOf(ticket: string, nonceStr: string, timeStamp: number, url: string): string {
  const page = withQueryDecoded(url.split('#', 1)[0] ?? '');
  return hash('sha256', `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timeStamp}&url=${page}`, 'hex');
}

function withQueryDecoded(page: string): string {
  const at = page.indexOf('?');
  if (at < 0) return page;
  try {
    return page.slice(0, at) + decodeURIComponent(page.slice(at));
  } catch {
    // A stray % stands for itself.
    return page;
  }
}

const ticketAnswer = z.object({ jsapiTicket: z.string().min(1), expireIn: z.number().positive() });

// K02@0037: valid 7200 s, renewed by asking, but never older than a day.
function sharedTicket(api: DingtalkApi, tools: PlatformTools, app: App): Promise<string> {
  return tools.sharedToken(`dingtalk:ticket:${app.clientId}`, async () => {
    const call = { path: '/v1.0/oauth2/jsapiTickets', body: {}, answer: ticketAnswer };
    const { jsapiTicket, expireIn } = await api.call(call);
    return { value: jsapiTicket, expiresInMs: expireIn * 1000 };
  });
}
