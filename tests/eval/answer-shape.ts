import { signalWords, type SignalKind, type ToldSummary } from '#server/summary/summary-answer.ts';

/** A message as the prompt tells it. */
export interface ToldMessage {
  id: string;
  sender: 'contact' | 'member';
  text: string;
}

/** What a model makes of a chat, free of the form the prompt asks for. */
export interface Reading {
  statements: {
    kind: 'need' | 'budget' | 'decision_maker' | 'objection' | 'promise' | 'next_step';
    text: string;
    quotes: Quoted[];
    who?: 'contact' | 'member' | null;
  }[];
  signals: { signal: SignalKind; quotes: Quoted[] }[];
  tags: string[];
  reply: string | null;
}

interface Quoted {
  id: string;
  quote: string;
}

const line = /^(([cm])\d+) (.*)$/;

/** The messages of a prompt for a summary, without those read before. */
export function messagesTold(prompt: readonly { role: string; content: string }[]): ToldMessage[] {
  const chat = prompt
    .filter(({ role }) => role === 'user')
    .map(({ content }) => /<chat>\n([\s\S]*)\n<\/chat>/.exec(content)?.[1] ?? '')
    .join('\n')
    .split('\n');
  return chat.slice(chat.indexOf('--') + 1).flatMap((said): ToldMessage[] => {
    const [, id, side, text] = line.exec(said) ?? [];
    if (!id || text === undefined) return [];
    return [{ id, sender: side === 'c' ? 'contact' : 'member', text: text.replaceAll('⏎', '\n') }];
  });
}

const words = new Map(Object.entries(signalWords).map(([word, kind]) => [kind, word as keyof typeof signalWords]));

/** The answer in the form prompts/summarise-conversation.md asks for. */
export function asAnswer({ statements, signals, tags, reply }: Reading): ToldSummary {
  const cited = (quotes: Quoted[]) => quotes.map(({ id, quote }) => `${id}:${quote}`);
  return {
    s: statements.map((one) => ({ k: wordOf(one), t: one.text, q: cited(one.quotes) })),
    ...(signals.length > 0
      ? { g: signals.flatMap(({ signal, quotes }) => ({ k: words.get(signal) ?? 'positive', q: cited(quotes) })) }
      : {}),
    ...(tags.length > 0 ? { tags } : {}),
    ...(reply === null ? {} : { r: reply }),
  };
}

function wordOf({ kind, who }: Reading['statements'][number]): ToldSummary['s'][number]['k'] {
  switch (kind) {
    case 'promise':
      return who === 'member' ? 'ours' : 'theirs';
    case 'decision_maker':
      return 'decider';
    case 'next_step':
      return 'next';
    default:
      return kind;
  }
}
