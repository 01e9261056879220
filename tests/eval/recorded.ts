import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const recordedLine = z.strictObject({
  /** Of the case and the prompt's name. */
  key: z.string(),
  case: z.string(),
  /** `summarise-conversation@2`. */
  prompt: z.string(),
  /** `by hand`, or the model that gave it. */
  by: z.string(),
  /** One list a repetition: what is answered to the first call, the second … A text stands for itself, the rest for its JSON. */
  takes: z.array(z.array(z.unknown())),
});
export type Recorded = z.infer<typeof recordedLine>;

const header = {
  note: 'Answers written by hand as a good model would give them, some faulty on purpose so that the scorers have something to find. `npm run eval -- --live` asks a model of your own, `--record` keeps what it says.',
};

const fileOf = (useCase: string) => path.join(import.meta.dirname, 'answers', `${useCase}.jsonl`);

export function readRecorded(useCase: string): Recorded[] {
  if (!existsSync(fileOf(useCase))) return [];
  const [, ...rows] = readFileSync(fileOf(useCase), 'utf8').trim().split('\n');
  return rows.map((row) => recordedLine.parse(JSON.parse(row)));
}

export function writeRecorded(useCase: string, recorded: readonly Recorded[], note = header.note): void {
  const rows = [{ note }, ...recorded].map((row) => JSON.stringify(row));
  writeFileSync(fileOf(useCase), `${rows.join('\n')}\n`);
}

/** Those of this version of the prompt, or, when it has none, of the newest that has. */
export function recordedFor(all: readonly Recorded[], key: string, prompt: string): Recorded | null {
  const ofCase = all.filter((one) => one.key === key);
  return ofCase.find((one) => one.prompt === prompt) ?? ofCase.at(-1) ?? null;
}

export const answerText = (answer: unknown) => (typeof answer === 'string' ? answer : JSON.stringify(answer));
