import { Readable } from 'node:stream';
import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { shanghaiTime } from '#server/base/shanghai.ts';
import { getMember } from '#server/member/member-store.ts';
import { readBroadcastRules } from './broadcast-rules.ts';
import { words, type ExportWords } from './export-words.ts';
import { windowOf } from './note-replies.ts';
import { getSent, listDealt, pageRecipients, type RecipientRow } from './results-store.ts';
import { viewResults } from './view-results.ts';

const PAGE = 2000;

/** Read while it is sent, page by page: it takes as much memory for a million as for a thousand. */
export async function exportBroadcast(
  deps: Deps,
  caller: Caller,
  { id, what }: { id: string; what: 'members' | 'recipients' },
): Promise<Readable> {
  const sent = await getSent(deps.db, id);
  const { locale } = await getMember(deps.db, caller.memberId);
  await recordAudit(deps.db, {
    memberId: caller.memberId,
    action: 'broadcast.exported',
    subject: `broadcast:${id}`,
    detail: { what },
  });
  const say = words(locale);
  return Readable.from(what === 'members' ? memberLines(deps, say, id) : recipientLines(deps, caller, say, sent));
}

async function* memberLines(deps: Deps, say: ExportWords, id: string): AsyncGenerator<string> {
  const { members } = await viewResults(deps, id);
  yield `\uFEFF${line([...say.memberColumns])}`;
  yield members
    .map(({ member, target, state, delivered, failed, replied, deals, remindedAt }) =>
      line([member.name, target, say.states[state], delivered, failed, replied, deals, timeOf(remindedAt)]),
    )
    .join('');
}

async function* recipientLines(
  deps: Deps,
  { scope }: Caller,
  say: ExportWords,
  { id, startedAt }: { id: string; startedAt: Date | null },
): AsyncGenerator<string> {
  const { windowDays } = await readBroadcastRules(deps.db);
  const dealt = await listDealt(deps.db, id, windowOf(startedAt, windowDays));
  yield `\uFEFF${line([...say.recipientColumns])}`;
  let after: string | null = null;
  do {
    const page: RecipientRow[] = await pageRecipients(deps.db, scope, id, { after, limit: PAGE });
    yield page.map((row) => recipientLine(say, row, dealt.get(row.contactId))).join('');
    after = page.length < PAGE ? null : (page.at(-1)?.contactId ?? null);
  } while (after !== null);
}

function recipientLine(say: ExportWords, row: RecipientRow, yuan: number | undefined): string {
  return line([
    row.name,
    row.customerName ?? '',
    row.memberName ?? '',
    say.parts[row.part] ?? row.part,
    row.reason === null ? '' : (say.reasons[row.reason] ?? row.reason),
    row.variant ?? '',
    row.part === 'target' ? (say.recipientStates[row.state] ?? row.state) : '',
    row.failure === null ? '' : (say.reasons[row.failure] ?? row.failure),
    timeOf(row.deliveredAt),
    timeOf(row.repliedAt),
    yuan ?? '',
  ]);
}

function timeOf(at: Date | string | null): string {
  return at === null ? '' : shanghaiTime(new Date(at));
}

/** A record of RFC 4180. */
function line(cells: (string | number)[]): string {
  return `${cells.map((cell) => (typeof cell === 'number' ? String(cell) : quoted(cell))).join(',')}\r\n`;
}

/** What begins like a formula would be worked out by the program that opens the file: an apostrophe keeps it a text. */
export function quoted(cell: string): string {
  const safe = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/u.test(cell) ? `'${cell}` : cell;
  return /[",\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
