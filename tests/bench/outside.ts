import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import type { SummaryAnswer } from '#server/summary/summary-answer.ts';

/** How the model behaves; what the bench sends over its channel. */
export const faults = ['5xx', 'time-out', '429', 'bad JSON', 'slow drip', 'empty'] as const;
export type Fault = (typeof faults)[number];
export type Behaviour = Fault | 'well';

/** As long as a good endpoint takes for a summary of few messages. */
const THINKING_MS = 400;
const MESSENGER_MS = 5;
let behaviour: Behaviour = 'well';

const answer: SummaryAnswer = { s: [], u: [], x: [], g: [], tags: [], r: '好的，周五前给您报价。', rk: [] };

/** The model and the messenger, in a process of their own: what they cost is not the product's. */
const server = createServer((request, response) => {
  void (async () => {
    await text(request);
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname.startsWith('/cgi-bin/')) return void (await messenger(url, response));
    await model(response);
  })().catch(() => response.destroy());
});

async function messenger(url: URL, response: ServerResponse): Promise<void> {
  await sleep(MESSENGER_MS);
  const answers: Record<string, object> = {
    '/cgi-bin/gettoken': { access_token: 'token', expires_in: 7200 },
    '/cgi-bin/user/get': { userid: url.searchParams.get('userid'), name: '林晓', department: [1] },
    '/cgi-bin/externalcontact/get': {
      external_contact: {
        external_userid: url.searchParams.get('external_userid'),
        name: '陈女士',
        type: 1,
        gender: 2,
      },
      follow_user: [{ userid: 'outage-rep', createtime: 1_700_000_000 }],
    },
  };
  const said = answers[url.pathname];
  json(response, 200, said ? { errcode: 0, errmsg: 'ok', ...said } : { errcode: -1, errmsg: 'system busy' });
}

async function model(response: ServerResponse): Promise<void> {
  switch (behaviour) {
    case '5xx':
      return json(response, 503, { error: { message: 'overloaded' } });
    case '429':
      return json(response, 429, { error: { message: 'too many' } }, { 'retry-after': '5' });
    case 'time-out':
      return;
    case 'slow drip':
      response.writeHead(200, { 'content-type': 'application/json' });
      while (!response.destroyed) {
        response.write(' ');
        await sleep(50);
      }
      return;
    case 'bad JSON':
    case 'empty':
    case 'well':
      await sleep(THINKING_MS);
      return json(response, 200, completion(said[behaviour]));
  }
}

const said = { 'bad JSON': '{"statements": [{"kind": "need", "te', empty: '', well: JSON.stringify(answer) };

const completion = (content: string) => ({
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1200, completion_tokens: 150, prompt_tokens_details: { cached_tokens: 900 } },
});

function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

if (import.meta.main) {
  process.on('message', (next: Behaviour) => {
    behaviour = next;
    process.send?.({ behaviour });
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
}
