import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import type { Problem } from '#server/base/refusal.ts';
import { findWordsIn } from '#server/material/find-words.ts';
import { variableProblems } from '#server/material/message-content.ts';
import { resolveContent } from '#server/material/resolve-content.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { BroadcastContent, CheckItem } from './broadcast-api.ts';
import type { Broadcast } from './broadcast.ts';
import { contentHashOf, type FrozenContent } from './broadcast-hash.ts';

export interface CheckedContent {
  /** As it would be frozen now. What is wrong with it is not in it. */
  frozen: FrozenContent;
  contentHash: string;
  checks: CheckItem[];
}

/** The content with the materials as they are now, and what is wrong with it. */
export async function checkContent(
  deps: Pick<Deps, 'platforms'>,
  db: Db,
  { platform, content }: Pick<Broadcast, 'platform' | 'content'>,
): Promise<CheckedContent> {
  const where = deps.platforms.get(platform);
  const frozen: FrozenContent = { variants: [] };
  const checks: CheckItem[] = [];
  for (const [at, { key, share, content: message }] of content.variants.entries()) {
    const path = `content.variants.${at}.content`;
    const known = await resolveContent(db, message, { platform: null, variables: ['member', 'contact'] });
    const kept = await resolveContent(db, message, { platform: where, variables: ['member', 'contact'] });
    frozen.variants.push({ key, share, ...kept.resolved });
    // What is wrong with the text is said by its own rules.
    const [unknown, refused] = [known, kept].map(({ problems }) => problems.filter((one) => one.path !== 'text')) as [
      Problem[],
      Problem[],
    ];
    const isUnknown = new Set(unknown.map((problem) => problem.path));
    checks.push(
      ...textChecks(message, where, path),
      ...unknown.map((problem) => block('material_missing', path, problem)),
      ...refused
        .filter((problem) => !isUnknown.has(problem.path))
        .map((problem) => block(isOfFile(message, problem) ? 'file_too_large' : 'text_too_long', path, problem)),
      ...tooMany(message.attachments.length, where, path),
      ...wordChecks(await findWordsIn(db, known.resolved), path),
    );
  }
  return { frozen, contentHash: contentHashOf(frozen), checks: [...shareChecks(content), ...checks] };
}

const block = (code: CheckItem['code'], path: string, { path: at, message }: Problem): CheckItem => ({
  code,
  level: 'block',
  path: `${path}.${at}`,
  message,
});

/** What a long name takes more than `{member}` does: one text is for all who send it, and none of them may be refused. */
const NAME_BYTES = 60 - '{member}'.length;

type Message = BroadcastContent['variants'][number]['content'];

/** A platform that refuses an attachment refuses its file, unless it has none. */
function isOfFile({ attachments }: Message, { path }: Problem): boolean {
  const at = Number(/^attachments\.(\d+)/.exec(path)?.[1] ?? NaN);
  const attachment = attachments[at];
  if (!attachment || 'materialId' in attachment) return true;
  return path.endsWith('.fileId');
}

function textChecks({ text, attachments }: Message, { groupSends }: Platform, path: string): CheckItem[] {
  const contact = variableProblems(text, ['member', 'contact'], 'text');
  // The same text goes to all contacts of a member at once: nobody's own name can stand in it.
  const named = text.includes('{contact}')
    ? [{ path: 'text', message: '{contact} cannot be used here: all contacts of a member get the same text.' }]
    : [];
  const bytesMax = groupSends?.limits.textBytesMax ?? Infinity;
  const bytes = Buffer.byteLength(text) + (text.split('{member}').length - 1) * NAME_BYTES;
  const long = `The text has ${bytes} bytes, ${bytesMax} at most can be sent; a Chinese character takes three.`;
  const isEmpty = text.trim() === '' && attachments.length === 0;
  const nothing = { path: 'text', message: 'There is nothing to say: write a text or attach something.' };
  return [
    ...(isEmpty ? [block('text_empty', path, nothing)] : []),
    ...[...contact, ...named].map((problem) => block('variable_unknown', path, problem)),
    ...(bytes > bytesMax ? [block('text_too_long', path, { path: 'text', message: long })] : []),
  ];
}

function tooMany(count: number, { groupSends }: Platform, path: string): CheckItem[] {
  const most = groupSends?.limits.attachmentsMax ?? 0;
  const message = `At most ${most} attachments can be sent with it.`;
  return count > most ? [block('attachments_too_many', path, { path: 'attachments', message })] : [];
}

/** One line for each part of the message and level. */
function wordChecks(found: Awaited<ReturnType<typeof findWordsIn>>, path: string): CheckItem[] {
  return [...Map.groupBy(found, (finding) => finding.path)].flatMap(([at, findings]) =>
    wordsOfPart(findings, `${path}.${at}`),
  );
}

function wordsOfPart(findings: NonNullable<CheckItem['words']>, path: string): CheckItem[] {
  const forbidden = findings.filter(({ level }) => level === 'forbid');
  const risky = findings.filter(({ level }) => level === 'warn');
  const said = (words: typeof findings) => [...new Set(words.map(({ word }) => word))].join('、');
  return [
    ...(forbidden.length > 0
      ? [
          {
            code: 'word_forbidden' as const,
            level: 'block' as const,
            path,
            message: `May not be said: ${said(forbidden)}`,
            words: forbidden,
          },
        ]
      : []),
    ...(risky.length > 0
      ? [
          {
            code: 'word_risky' as const,
            level: 'warn' as const,
            path,
            message: `Look at these words again: ${said(risky)}`,
            words: risky,
          },
        ]
      : []),
  ];
}

function shareChecks({ variants }: BroadcastContent): CheckItem[] {
  const sum = variants.reduce((all, { share }) => all + share, 0);
  const keys = new Set(variants.map(({ key }) => key));
  if (sum === 100 && keys.size === variants.length) return [];
  const message =
    sum === 100 ? 'Two variants have the same letter.' : `The shares of the variants come to ${sum} %, not to 100 %.`;
  return [{ code: 'shares_sum', level: 'block', path: 'content.variants', message }];
}
