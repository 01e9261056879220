import { answerText, type Recorded } from './recorded.ts';
import { serveModel, type AskedOfModel, type ModelEndpoint } from './model-endpoint.ts';
import { sharedPrefix, tokensOf } from './tokens.ts';

/** A question that left the product, and what came back. */
export interface Exchange {
  messages: AskedOfModel['messages'];
  answer: string;
  inputTokens: number;
  /** Of those, read before. */
  cachedTokens: number;
  outputTokens: number;
}

export interface EvalModel {
  /** Where the product asks about a case; each call is answered by the take. */
  urlFor(key: string, take: number): string;
  /** What was asked there. */
  exchanges(key: string, take: number): Exchange[];
  close(): Promise<void>;
}

/** A model of one's own. */
export interface LiveModel {
  baseUrl: string;
  apiKey: string;
  model: string;
}

const TIMEOUT_MS = 120_000;

/** Answers as recorded, or as the live model does; either way what leaves the product is kept and counted. */
export async function openEvalModel(
  recorded: ReadonlyMap<string, Recorded>,
  live: LiveModel | null,
): Promise<EvalModel> {
  const kept = new Map<string, Exchange[]>();
  let before = '';
  const endpoint: ModelEndpoint = await serveModel(async (asked) => {
    const [key = '', take = '0'] = asked.key.split('.');
    const exchanges = kept.get(asked.key) ?? [];
    kept.set(asked.key, exchanges);
    const told = asked.messages.map(({ content }) => content).join('\n');
    const shared = tokensOf(sharedPrefix(before, told));
    before = told;
    const said = live
      ? await askLive(live, asked)
      : { text: recordedAnswer(recorded.get(key), Number(take), exchanges.length) };
    const inputTokens = said.inputTokens ?? tokensOf(told);
    const exchange = {
      messages: asked.messages,
      answer: said.text,
      inputTokens,
      cachedTokens: Math.min(said.cachedTokens ?? shared, inputTokens),
      outputTokens: said.outputTokens ?? tokensOf(said.text),
    };
    exchanges.push(exchange);
    const { inputTokens: input, cachedTokens, outputTokens } = exchange;
    return { text: said.text, inputTokens: input, cachedTokens, outputTokens };
  });
  return {
    urlFor: (key, take) => endpoint.urlFor(`${key}.${take}`),
    exchanges: (key, take) => kept.get(`${key}.${take}`) ?? [],
    close: endpoint.close,
  };
}

function recordedAnswer(recorded: Recorded | undefined, take: number, call: number): string {
  if (!recorded) throw new Error('No answer is recorded for this case: run with --record and a model.');
  const answers = recorded.takes[take % recorded.takes.length] ?? [];
  const answer = answers[call];
  if (answer === undefined) throw new Error(`Only ${answers.length} answers are recorded for this case.`);
  return answerText(answer);
}

interface LiveAnswer {
  text: string;
  inputTokens?: number;
  cachedTokens?: number;
  outputTokens?: number;
}

async function askLive(
  { baseUrl, apiKey, model }: LiveModel,
  { messages, temperature }: AskedOfModel,
): Promise<LiveAnswer> {
  const response = await fetch(`${baseUrl.replace(/\/$/, '')}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model, messages, temperature, response_format: { type: 'json_object' } }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`The model answered ${response.status}.`);
  const said = (await response.json()) as {
    choices?: { message?: { content?: string | null } }[];
    usage?: {
      prompt_tokens?: number;
      completion_tokens?: number;
      prompt_tokens_details?: { cached_tokens?: number };
    };
  };
  return {
    text: said.choices?.[0]?.message?.content ?? '',
    inputTokens: said.usage?.prompt_tokens,
    cachedTokens: said.usage?.prompt_tokens_details?.cached_tokens,
    outputTokens: said.usage?.completion_tokens,
  };
}
