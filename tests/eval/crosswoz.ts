import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { jobPayloads, type JobName } from '#server/base/job-payloads.ts';
import type { JobOptions, Jobs } from '#server/base/queue.ts';
import { announceMessages } from '#server/conversation/announce-messages.ts';
import { getSource, saveSource } from '#server/conversation/chat-source-store.ts';
import { insertMessages } from '#server/conversation/conversation-store.ts';
import { summariseConversation } from '#server/summary/summarise-conversation.ts';
import { viewSummary } from '#server/summary/view-summary.ts';
import { callerOf, makeContact, makeMember } from '#tests/support/factories.ts';
import { seededRandom, type Random } from '#tests/support/random.ts';
import { asAnswer, messagesTold, type Reading } from './answer-shape.ts';
import { evalStart, withModel } from './eval-world.ts';
import { serveModel } from './model-endpoint.ts';
import { sharedPrefix, tokensOf } from './tokens.ts';
import { unzip } from './unzip.ts';

const act = z.tuple([z.string(), z.string(), z.string(), z.string()]);
const dialogue = z.object({
  messages: z.array(z.object({ role: z.enum(['usr', 'sys']), content: z.string(), dialog_act: z.array(act) })),
});
type Dialogue = z.infer<typeof dialogue>;

export interface CrosswozReport {
  seed: number;
  pace: number;
  quietSeconds: number;
  dialogues: number;
  messages: number;
  calls: number;
  /** Of the chats as people see them. */
  transcriptTokens: number;
  inputTokens: number;
  /** Of those, in the beginning a call shares with the call before it. */
  cachedTokens: number;
  outputTokens: number;
  citations: number;
  exactCitations: number;
  statements: number;
  /** True statements of the scripted model that the checks dropped all the same. */
  dropped: number;
}

/** CrossWOZ's dialogues, from the archive it is published as, its JSON, or a folder with either. */
export function readDialogues(from: string): Dialogue[] {
  const file = statSync(from).isDirectory()
    ? path.join(from, readdirSync(from).find((name) => /\.json(\.zip)?$/.test(name)) ?? '')
    : from;
  const bytes = readFileSync(file);
  const json = file.endsWith('.zip') ? unzip(bytes, '.json')[0]?.content : bytes;
  if (!json) throw new Error(`${file} holds no .json.`);
  return Object.values(z.record(z.string(), dialogue).parse(JSON.parse(json.toString())));
}

/** Every dialogue through the summary, its messages coming in as people type them, with a model that answers well. */
export async function runCrosswoz(deps: Deps, from: string, pace = 1): Promise<CrosswozReport> {
  const dialogues = readDialogues(from);
  const random = seededRandom();
  const report: CrosswozReport = {
    seed: random.seed,
    pace,
    quietSeconds: deps.config.SUMMARY_QUIET_S,
    dialogues: dialogues.length,
    messages: 0,
    calls: 0,
    transcriptTokens: 0,
    inputTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    citations: 0,
    exactCitations: 0,
    statements: 0,
    dropped: 0,
  };
  let playing: Dialogue | undefined;
  let before = '';
  const model = await serveModel(({ messages }) => {
    const told = messages.map(({ content }) => content).join('\n');
    const text = JSON.stringify(asAnswer(readingOf(messagesTold(messages), playing)));
    const tokens = {
      inputTokens: tokensOf(told),
      cachedTokens: tokensOf(sharedPrefix(before, told)),
      outputTokens: tokensOf(text),
    };
    before = told;
    report.calls += 1;
    report.inputTokens += tokens.inputTokens;
    report.cachedTokens += tokens.cachedTokens;
    report.outputTokens += tokens.outputTokens;
    return { text, ...tokens };
  });
  try {
    const member = await makeMember(deps, { name: '王明' });
    const caller = await callerOf(deps, member);
    const { id: sourceId } = await getSource(deps.db, 'wecom', 'archive');
    await saveSource(deps.db, sourceId, { modelAllowed: true });
    let now = evalStart;
    const jobs = new TimedJobs(() => now);
    const asked: Deps = { ...withModel({ ...deps, now: () => now }, model.urlFor('crosswoz')), jobs };
    const runUntil = (until: Date) =>
      jobs.runUntil(
        until,
        (to) => (now = to),
        (conversationId) => summariseConversation(asked, { conversationId }),
      );

    for (const [n, one] of dialogues.entries()) {
      playing = one;
      const contact = await makeContact(deps, { key: `crosswoz-${n}`, name: '陈丽华', followedBy: [member] });
      const pauses = pausesIn(one, random, pace);
      for (const [at, message] of one.messages.entries()) {
        const saidAt = new Date(now.getTime() + (pauses[at] ?? 0));
        await runUntil(saidAt);
        now = saidAt;
        await insertMessages(deps.db, deps.cipher, sourceId, [
          {
            contactId: contact.id,
            memberId: member.id,
            key: `crosswoz-${n}-${at}`,
            sender: message.role === 'usr' ? 'contact' : 'member',
            at: saidAt,
            kind: 'text',
            text: message.content,
            media: null,
          },
        ]);
        await announceMessages(asked);
      }
      await runUntil(new Date(now.getTime() + HOUR_MS));
      await note(asked, report, one, { contactId: contact.id, caller });
      await deps.db.modelRun.deleteMany();
    }
    return report;
  } finally {
    await model.close();
  }
}

async function note(
  deps: Deps,
  report: CrosswozReport,
  { messages }: Dialogue,
  { contactId, caller }: { contactId: string; caller: Awaited<ReturnType<typeof callerOf>> },
): Promise<void> {
  const { summary } = await viewSummary(deps, caller, contactId);
  const rows = await deps.db.message.findMany({
    where: { conversation: { contactId } },
    select: { id: true, text: true },
  });
  const texts = new Map(rows.map(({ id, text }) => [id, deps.cipher.decrypt(text)]));
  const quotes = (summary?.statements ?? []).flatMap((statement) => statement.quotes);
  const kept = await deps.db.summary.findMany({
    where: { conversation: { contactId } },
    select: { droppedCount: true },
  });
  report.messages += messages.length;
  report.transcriptTokens += tokensOf(
    messages.map(({ role, content }) => `${role === 'usr' ? '客户' : '销售'}：${content}`).join('\n'),
  );
  report.statements += summary?.statements.length ?? 0;
  report.citations += quotes.length;
  report.exactCitations += quotes.filter(
    ({ messageId, quote }) => quote !== '' && texts.get(messageId)?.includes(quote),
  ).length;
  report.dropped += kept.reduce((sum, { droppedCount }) => sum + droppedCount, 0);
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * How long people take to read and to type: 3 to 10 s, and 0.2 s a letter. One conversation in ten is interrupted for
 * minutes, one in twenty goes on the next morning. `pace` stretches the first.
 */
function pausesIn({ messages }: Dialogue, random: Random, pace: number): number[] {
  const pauses = messages.map(({ content }, at) =>
    at === 0 ? HOUR_MS : pace * (3000 + random.below(7000) + content.length * 200),
  );
  const middle = 1 + random.below(Math.max(1, messages.length - 1));
  const kind = random.below(20);
  if (kind < 3 && middle < pauses.length)
    pauses[middle] = kind === 0 ? 18 * HOUR_MS : (2 + random.below(8)) * MINUTE_MS;
  return pauses;
}

interface WaitingJob {
  name: JobName;
  conversationId: string;
  key: string | undefined;
  due: Date;
}

/** The queue in a time of its own: a job waits as long as it is told to, and one of its key takes no second beside it. */
class TimedJobs implements Jobs {
  #waiting: WaitingJob[] = [];
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  async add(name: JobName, payload: unknown, { key, delayMs = 0, moves = false }: JobOptions = {}): Promise<void> {
    if (name !== 'summarise-conversation') return;
    const { conversationId } = jobPayloads[name].parse(payload);
    const due = new Date(this.#now().getTime() + delayMs);
    const same = this.#waiting.find((job) => key !== undefined && job.name === name && job.key === key);
    if (same && moves) same.due = due;
    if (!same) this.#waiting.push({ name, conversationId, key, due });
  }

  async addAll(name: JobName, items: { payload: unknown; options?: JobOptions }[]): Promise<void> {
    for (const { payload, options } of items) await this.add(name, payload, options);
  }

  async runUntil(
    until: Date,
    setClock: (to: Date) => void,
    work: (conversationId: string) => Promise<void>,
  ): Promise<void> {
    for (;;) {
      const next = this.#waiting.toSorted((a, b) => a.due.getTime() - b.due.getTime())[0];
      if (!next || next.due > until) return;
      this.#waiting = this.#waiting.filter((job) => job !== next);
      setClock(next.due);
      await work(next.conversationId);
    }
  }
}

const budgetSlots = new Set(['人均消费', '价格', '门票']);
const STATEMENTS_MAX = 4;
const TEXT_CHARS_MAX = 28;

/** What a good model makes of the messages it is shown: the newest wish in each domain, its budget, what was asked of price. */
function readingOf(told: ReturnType<typeof messagesTold>, one: Dialogue | undefined): Reading {
  const statements: Reading['statements'] = [];
  const signals: Reading['signals'] = [];
  const domains = new Set<string>();
  for (const { id, text, sender } of told.toReversed()) {
    if (sender !== 'contact') continue;
    const acts = one?.messages.find(({ content }) => content.trim() === text.trim())?.dialog_act ?? [];
    const informed = acts.filter(
      ([intent, domain, , value]) =>
        intent === 'Inform' && domain !== 'General' && value.length > 1 && text.includes(value),
    );
    const [first] = informed;
    if (first && !domains.has(first[1]) && statements.length < STATEMENTS_MAX) {
      domains.add(first[1]);
      const mine = informed.filter(([, domain]) => domain === first[1]);
      const [, domain, slot, value] = mine.find(([, , name]) => budgetSlots.has(name)) ?? first;
      const kind = budgetSlots.has(slot) ? 'budget' : 'need';
      const words = slot === '名称' ? `想了解${value}` : `${domain}要${slot}${value}`;
      statements.push({ kind, text: words.slice(0, TEXT_CHARS_MAX), quotes: [{ id, quote: value }] });
    }
    const asksPrice = /多少钱|什么价|价格(?:是|怎么)|贵不贵/.exec(text);
    if (asksPrice && signals.length === 0)
      signals.push({ signal: 'asks_price', quotes: [{ id, quote: asksPrice[0] }] });
  }
  return { statements: statements.toReversed(), signals, tags: [], reply: null };
}

const CALLS_MAX = 1.2;
const TOKENS_MAX = 1.35;

export function crosswozFaults(report: CrosswozReport): string[] {
  return [
    ...(report.exactCitations === report.citations && report.citations > 0
      ? []
      : ['a citation is not letter by letter']),
    ...(report.calls / report.dialogues <= CALLS_MAX ? [] : [`more than ${CALLS_MAX} calls a conversation`]),
    ...(outside(report) / report.transcriptTokens <= TOKENS_MAX
      ? []
      : [`more than ${TOKENS_MAX} tokens for each of the transcript`]),
  ];
}

const outside = ({ inputTokens, cachedTokens, outputTokens }: CrosswozReport) =>
  inputTokens - cachedTokens + outputTokens;

export function describeCrosswoz(report: CrosswozReport): string {
  const per = (value: number) => (value / report.dialogues).toFixed(2);
  const ratio = (value: number) => (value / report.transcriptTokens).toFixed(3);
  const { inputTokens, cachedTokens, outputTokens, exactCitations, citations } = report;
  return [
    `${report.dialogues} dialogues, ${report.messages} messages (seed ${report.seed}), a scripted model; a token is estimated as three bytes of UTF-8`,
    `citations letter by letter       ${exactCitations} of ${citations} (${((exactCitations / citations) * 100).toFixed(2)} %) in ${report.statements} statements; dropped though true: ${report.dropped}`,
    `calls a conversation             ${per(report.calls)}  (≤ ${CALLS_MAX}); summarised after ${report.quietSeconds} s of silence, pace ${report.pace}`,
    `tokens a conversation            transcript ${per(report.transcriptTokens)}, input ${per(inputTokens)} of which in the shared beginning ${per(cachedTokens)}, output ${per(outputTokens)}`,
    `outside the shared beginning     ${ratio(outside(report))} × transcript  (≤ ${TOKENS_MAX}); input alone ${ratio(inputTokens - cachedTokens)}`,
    ...crosswozFaults(report).map((fault) => `✗ ${fault}`),
  ].join('\n');
}
