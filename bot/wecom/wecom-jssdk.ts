import { hash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { PlatformTools } from '#server/platform/driver.ts';
import type { WecomApi } from './wecom-api.ts';

interface App {
  corpId: string;
  agentId: number;
}

export interface Signature {
  timestamp: number;
  nonceStr: string;
  signature: string;
}

/** What `ww.register` asks for: a signature for the corp and one for the app, both for this page. */
export async function clientConfig(
  api: WecomApi,
  tools: PlatformTools,
  app: App,
  url: string,
): Promise<{ corpId: string; agentId: number; corp: Signature; agent: Signature }> {
  // One after the other: the first call fetches the token both need.
  const corpTicket = await sharedTicket(api, tools, app, 'corp');
  const agentTicket = await sharedTicket(api, tools, app, 'agent');
  const page = url.split('#', 1)[0] ?? '';
  const timestamp = Math.floor(tools.now().getTime() / 1000);
  const sign = (ticket: string): Signature => {
    const nonceStr = randomBytes(8).toString('hex');
    return { timestamp, nonceStr, signature: signatureOf(ticket, nonceStr, timestamp, page) };
  };
  return { corpId: app.corpId, agentId: app.agentId, corp: sign(corpTicket), agent: sign(agentTicket) };
}

/** D90506: this order, keys in lower case, the URL as it is and without `#…`. */
export function signatureOf(ticket: string, nonceStr: string, timestamp: number, url: string): string {
  return hash('sha1', `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`, 'hex');
}

const ticketAnswer = z.object({ ticket: z.string().min(1), expires_in: z.number().positive() });
const ticketCalls = {
  corp: { path: 'get_jsapi_ticket', answer: ticketAnswer },
  agent: { path: 'ticket/get', query: { type: 'agent_config' }, answer: ticketAnswer },
};

// D90506: valid 7200 s; at most 400 an hour per corp and 100 per app.
function sharedTicket(api: WecomApi, tools: PlatformTools, app: App, of: 'corp' | 'agent'): Promise<string> {
  return tools.sharedToken(`wecom:${of}-ticket:${app.corpId}:${app.agentId}`, async () => {
    const { ticket, expires_in } = await api(ticketCalls[of]);
    return { value: ticket, expiresInMs: expires_in * 1000 };
  });
}
