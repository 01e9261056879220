import { z } from 'zod';
import { jsonIn } from './stage.ts';

const lineOfChat = z.object({ sender: z.enum(['member', 'contact']), text: z.string() });
const lineOfPassages = z.object({ id: z.string(), title: z.string(), text: z.string() });
const lineOfDraft = z.object({ text: z.string() });

type Passage = z.infer<typeof lineOfPassages>;

/** What the prompt for drafting a reply gives to read. */
interface ReplyAsked {
  style: string;
  chat: z.infer<typeof lineOfChat>[];
  passages: Passage[];
  draft: string;
}

/** Null when the prompt asks for something else. */
export function replyIn(user: string): ReplyAsked | null {
  if (!user.includes('<passages>\n') || !user.includes('<draft>\n')) return null;
  return {
    style: /style："(\w+)"/.exec(user)?.[1] ?? 'another',
    chat: linesIn(user, 'chat', lineOfChat),
    passages: linesIn(user, 'passages', lineOfPassages),
    draft: linesIn(user, 'draft', lineOfDraft)[0]?.text.trim() ?? '',
  };
}

function linesIn<T>(user: string, tag: string, form: z.ZodType<T>): T[] {
  const inside = new RegExp(`<${tag}>\\n([\\s\\S]*?)\\n</${tag}>`).exec(user)?.[1] ?? '';
  return inside.split('\n').flatMap((line) => {
    const read = form.safeParse(jsonIn(Buffer.from(line)));
    return read.success ? [read.data] : [];
  });
}

const openings = ['您好，', '感谢您的咨询，', '好的，跟您说明一下：', '您问的这点，'];

/** Puts the piece of the first passage that shares most with the question into a sentence; no language model. */
export function replyTo(asked: ReplyAsked): { text: string; used: string[] } {
  const question = askedIn(asked);
  const fitting = asked.passages.flatMap((passage) => piecesOf(passage, question)).sort((a, b) => b.shared - a.shared);
  const [best] = fitting;
  const used = best && best.shared > 0 ? [best.id] : [];
  const fact = best && best.shared > 0 ? `${best.words}。` : '您问的我跟同事确认后马上回复您。';
  switch (asked.style) {
    case 'shorter':
      return asked.draft === '' ? { text: fact, used } : { text: shorter(asked.draft), used: quoted(asked) };
    case 'more_formal':
      return asked.draft === '' ? { text: formal(fact), used } : { text: formal(asked.draft), used: quoted(asked) };
    default: {
      const text = openings.map((opening) => opening + fact).find((one) => one !== asked.draft) ?? fact;
      // The next opening after the one that stands in the field.
      const at = openings.findIndex((opening) => asked.draft.startsWith(opening));
      return { text: at < 0 ? text : `${openings[(at + 1) % openings.length]}${fact}`, used };
    }
  }
}

function askedIn({ chat }: ReplyAsked): string {
  const spoken = chat.findLastIndex(({ sender }) => sender === 'member');
  const since = chat.slice(spoken + 1);
  return (since.length > 0 ? since : chat.slice(-2)).map(({ text }) => text).join(' ');
}

const pairs = (text: string): Set<string> => {
  const letters = text.replaceAll(/[^\p{L}\p{N}]/gu, '');
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) => letters.slice(at, at + 2)));
};

/** Sentences and rows, the first passage's before those of the others. */
function piecesOf({ id, title, text }: Passage, question: string) {
  const asked = pairs(`${question}${/多少钱|价格|费用/.test(question) ? '价格元/年' : ''}`);
  return text.split(/[\n。！？]/).flatMap((piece) => {
    const words = piece
      .trim()
      .replaceAll('；', '，')
      .replaceAll(/(^|，)([^，：]{1,8})：/g, '$1$2 ');
    if (words === '') return [];
    const shared = [...pairs(title + piece)].filter((pair) => asked.has(pair)).length - Number(id.slice(1)) * 0.1;
    return [{ id, words: words.slice(0, 160), shared }];
  });
}

/** The passages whose numbers the draft repeats. */
const quoted = ({ draft, passages }: ReplyAsked): string[] =>
  passages
    .filter(({ text }) => (draft.match(/\d[\d,.]*/g) ?? []).some((number) => text.includes(number)))
    .map(({ id }) => id)
    .slice(0, 1);

function shorter(draft: string): string {
  const plain = draft.replace(/^(?:尊敬的客户|您好|感谢您的咨询|好的|您问的这点)[，！!,：:]*(?:您好[！，]?)?/, '');
  const [first = plain] = plain.split(/(?<=[。！？])/);
  if (first.length <= 40 && first !== draft) return first;
  const cut = first.slice(0, 40).replace(/[，,][^，,]*$/, '');
  return `${cut.replace(/[。，,]$/, '')}。`;
}

function formal(draft: string): string {
  const plain = draft
    .replace(/^(?:尊敬的客户|您好|感谢您的咨询|好的，跟您说明一下|您问的这点)[，！!,：:]*(?:您好[！，]?)?/, '')
    .replaceAll('你', '您')
    .replace(/如有其他需要，请随时告知。$/, '');
  return `尊敬的客户，您好！${plain}如有其他需要，请随时告知。`;
}
