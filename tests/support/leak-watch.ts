import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyOf } from 'node:stream/consumers';
import { readConfig } from '#server/base/config.ts';
import { makeMasking, type MaskedText } from '#server/base/masking.ts';
import { makeModelCall } from '#server/base/model-call.ts';
import { readPrompt } from '#server/base/prompt.ts';
import { draftAnswer, draftQuestion } from '#server/segment/draft-segment.ts';
import { draftReplyAnswer } from '#server/summary/draft-reply-answer.ts';
import { draftReplyQuestion } from '#server/summary/draft-reply-question.ts';
import { summaryAnswer } from '#server/summary/summary-answer.ts';
import { summaryQuestion } from '#server/summary/summary-question.ts';
import { personalLine, type PersonalLine } from './personal-lines.ts';
import { seededRandom, type Random } from './random.ts';

/** What came of asking a model that looks for personal data in everything it is asked. */
export interface Watched {
  seed: number;
  requests: number;
  planted: number;
  /** What was found raw, with its kind. */
  leaks: string[];
}

export interface Planted {
  kind: string;
  text: string;
}

const answers = {
  'summarise-conversation': summaryAnswer,
  'draft-segment': draftAnswer,
  'draft-reply': draftReplyAnswer,
};
/** The prompts whose questions are asked here. */
export const watchedPrompts = Object.keys(answers).toSorted();

/**
 * Asks so many questions as the product asks them, from its builders through its prompts over HTTP, of an endpoint that
 * knows what was planted in each and looks for it in what arrives.
 */
export async function watchForLeaks(requests: number, inFlight = 16): Promise<Watched> {
  const random = seededRandom();
  const plantedBy = new Map<number, Planted[]>();
  const watched: Watched = { seed: random.seed, requests: 0, planted: 0, leaks: [] };
  const { server, url } = await listen((body) => {
    // Which question this is stands in a tag, where the product tells it like any other.
    const number = Number(/第(\d+)批/.exec(body)?.[1]);
    const planted = plantedBy.get(number);
    if (!planted) throw new Error(`A question nobody asked: ${body.slice(0, 200)}`);
    plantedBy.delete(number);
    watched.requests += 1;
    watched.planted += planted.length;
    watched.leaks.push(...leaksIn(body, planted));
  });
  const call = makeModelCall(
    readConfig({
      NODE_ENV: 'test',
      SESSION_SECRET: 'x'.repeat(32),
      OPENAI_BASE_URL: url,
      OPENAI_API_KEY: 'key',
      OPENAI_MODEL: 'watching',
    }),
    0,
  );
  let next = 0;
  const askOn = async () => {
    while (next < requests) {
      const number = (next += 1);
      const { prompt, variables, planted } = question(random, number);
      plantedBy.set(number, planted);
      const { system, user } = readPrompt(prompt).render(variables);
      await call.ask({
        messages: [
          { role: 'system', content: system },
          { role: 'user', content: user },
        ],
        answer: answers[prompt],
        temperature: 0,
        maxOutputTokens: undefined,
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: inFlight }, askOn));
  } finally {
    call.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return watched;
}

interface Asked {
  prompt: keyof typeof answers;
  variables: Record<string, MaskedText>;
  planted: Planted[];
}

const now = new Date('2026-11-22T02:00:00Z');

function question(random: Random, number: number): Asked {
  const batch = `第${number}批`;
  const kind = random.below(10);
  if (kind < 2) {
    const line = withoutRecord(random);
    const tags = [{ value: '1', label: batch }];
    const masking = makeMasking([]);
    const variables = draftQuestion({ sentence: line.text, fields: [], tags, masking, now });
    return { prompt: 'draft-segment', variables, planted: plantedIn([line]) };
  }
  const lines = Array.from({ length: 1 + random.below(6) }, () => personalLine(random));
  const [contactName, memberName] = [personName(random), personName(random)];
  const messages = lines.map(({ text }, at) => ({
    id: `id-${at}`,
    sender: random.chance(0.7) ? ('contact' as const) : ('member' as const),
    at: new Date(now.getTime() - (lines.length - at) * 60_000),
    text,
  }));
  const planted = [contactName, memberName].map((text) => ({ kind: '姓名', text }));
  if (kind < 5) {
    const others = Array.from({ length: 3 }, () => personalLine(random));
    const [passage, example, draft] = others.map(({ text }) => text);
    const all = [...lines, ...others];
    const variables = draftReplyQuestion({
      style: 'another',
      messages,
      passages: [{ from: 'document', id: 'one', title: batch, headings: [], text: passage ?? '', by: 'words' }],
      examples: [example ?? ''],
      draft: draft ?? '',
      memberName,
      contactName,
      masking: makeMasking([contactName, memberName, ...all.flatMap(({ names }) => names)]),
      now,
    });
    return { prompt: 'draft-reply', variables, planted: [...plantedIn(all), ...planted] };
  }
  const read = random.below(messages.length);
  const { variables } = summaryQuestion({
    reading: { context: messages.slice(0, read), unread: messages.slice(read), isAnew: false },
    known: [{ kind: 'need', text: messages[0]?.text ?? '', quotes: [] }],
    memberName,
    contactName,
    tagNames: [batch, '高意向'],
    masking: makeMasking([contactName, memberName, ...lines.flatMap(({ names }) => names)]),
    now,
  });
  return { prompt: 'summarise-conversation', variables, planted: [...plantedIn(lines), ...planted] };
}

export const plantedIn = (lines: readonly PersonalLine[]): Planted[] =>
  lines.flatMap(({ text, personal }) =>
    personal.map(({ kind, start, end }) => ({ kind, text: text.slice(start, end) })),
  );

/** A marketer's sentence comes without a record to know names from. */
function withoutRecord(random: Random) {
  for (;;) {
    const line = personalLine(random);
    if (line.names.length === 0) return line;
  }
}

const personName = (random: Random) =>
  random.pick([...'王李张刘陈杨黄赵吴周徐孙']) + random.pick(['秀兰', '国栋', '雅琴', '鸿飞', '婉清', '振海', '玉莲']);

const numerals = new Map(
  ['〇一二三四五六七八九', '零壹贰叁肆伍陆柒捌玖'].flatMap((signs) =>
    [...signs].map((sign, digit) => [sign, String(digit)] as const),
  ),
);
numerals.set('幺', '1');

/** Without signs of no width, full width, circles and spaces. */
const plain = (text: string) =>
  text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase();
const letters = (text: string) => plain(text).replace(/[^\p{L}\p{N}]/gu, '');
const digits = (text: string) =>
  plain(text).replace(/./gsu, (sign) => numerals.get(sign) ?? (/\d/.test(sign) ? sign : ''));

/** Knows nothing of how data is found: looks for what was planted, in what is left of the body without disguises. */
export function leaksIn(body: string, planted: readonly Planted[]): string[] {
  const read = { plain: plain(body), letters: letters(body), digits: digits(body) };
  return planted.flatMap(({ kind, text }) => (holds(read, kind, text) ? [`${kind} ${text}`] : []));
}

function holds(read: { plain: string; letters: string; digits: string }, kind: string, text: string): boolean {
  switch (kind) {
    case '手机':
      // Some are written with an o for a zero: they are looked for as they stand, too.
      return read.letters.includes(letters(text)) || holdsNumber(read.digits, digits(text));
    case '电话':
    case '银行卡':
      return read.digits.includes(digits(text));
    case '证件':
      return read.digits.includes(digits(text.replace(/[xX]$/, '')));
    case 'QQ':
      return new RegExp(`(?<!\\d)${text}(?!\\d)`).test(read.plain);
    case '姓名':
      return read.plain.includes(text);
    default:
      return read.letters.includes(letters(text));
  }
}

const holdsNumber = (all: string, number: string) => number.length >= 11 && all.includes(number.slice(-11));

const completion = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'watching',
  choices: [{ index: 0, message: { role: 'assistant', content: '{}' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

async function listen(watch: (said: string) => void): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    void (async () => {
      const { messages } = JSON.parse(await bodyOf(request)) as { messages: { content: string }[] };
      watch(messages.map(({ content }) => content).join('\n'));
      response.writeHead(200, { 'content-type': 'application/json' }).end(completion);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` };
}
