import { z } from 'zod';
import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import type { Problem } from '#server/base/refusal.ts';
import { readSetting, saveSetting } from '#server/base/setting.ts';
import type { ResolvedContent } from './message-content.ts';
import { builtIn, makeFinder, plainWord, type Finding } from './sensitive-words.ts';

const wordLists = z
  .object({ forbidden: z.array(z.string()).default([]), allowed: z.array(z.string()).default([]) })
  .prefault({});
export type WordLists = z.infer<typeof wordLists>;

const KEY = 'sensitive-words';
let made: { lists: string; find: (text: string) => Finding[] } | null = null;

/** Words in a text that may not go out (`forbid`), or that somebody should think about (`warn`). */
export async function findWords(db: Db, text: string): Promise<Finding[]> {
  const lists = await viewWords(db);
  const key = JSON.stringify(lists);
  if (made?.lists !== key) made = { lists: key, find: finderOf(lists) };
  return made.find(text);
}

/** The same of a whole message: of its text, and of what its links, mini programs and files are called. */
export async function findWordsIn(db: Db, { text, attachments }: ResolvedContent): Promise<(Finding & Place)[]> {
  const parts = [
    { path: 'text', said: text },
    ...attachments.flatMap(({ content, file }, at) => {
      const path = `attachments.${at}`;
      // Of pictures and videos contacts see no name.
      if (content.kind === 'file') return file ? [{ path, said: file.name }] : [];
      if (content.kind === 'app') return [{ path, said: content.title }];
      return content.kind === 'link' ? [{ path, said: `${content.title}\n${content.description}` }] : [];
    }),
  ];
  const found = await Promise.all(parts.map(({ said }) => findWords(db, said)));
  return found.flatMap((findings, at) => findings.map((finding) => ({ ...finding, path: parts[at]?.path ?? '' })));
}

/** What keeps a message from going out. */
export async function forbiddenIn(db: Db, content: ResolvedContent): Promise<Problem[]> {
  const found = (await findWordsIn(db, content)).filter(({ level }) => level === 'forbid');
  return found.map(({ path, word }) => ({ path, message: `“${word}” may not be said: the company forbids it.` }));
}

interface Place {
  /** In the message. */
  path: string;
}

function finderOf({ forbidden, allowed }: WordLists): (text: string) => Finding[] {
  const isAllowed = new Set(allowed.map(plainWord));
  return makeFinder([
    ...forbidden.map((word) => ({ word, level: 'forbid' as const, source: null })),
    ...builtIn.filter(({ word }) => !isAllowed.has(plainWord(word))),
  ]);
}

export async function viewWords(db: Db): Promise<WordLists> {
  return readSetting(db, KEY, wordLists);
}

/** What may not be said from now on; what has left stays said. A word that is there twice is kept once. */
export async function saveWords(deps: Deps, caller: Caller, wish: WordLists): Promise<WordLists> {
  const lists = { forbidden: once(wish.forbidden), allowed: once(wish.allowed) };
  await deps.db.$transaction(async (tx) => {
    const before = await viewWords(tx);
    await saveSetting(tx, KEY, lists, caller.memberId);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'sensitive_words.changed',
      subject: `setting:${KEY}`,
      detail: {
        added: lists.forbidden.filter((word) => !before.forbidden.includes(word)),
        removed: before.forbidden.filter((word) => !lists.forbidden.includes(word)),
        allowed: lists.allowed,
      },
    });
  });
  return lists;
}

function once(words: readonly string[]): string[] {
  const byPlain = new Map(words.map((word) => [plainWord(word), word.trim()]));
  byPlain.delete('');
  return [...byPlain.values()];
}
