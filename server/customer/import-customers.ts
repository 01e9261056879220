import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import { decodeText, readCsv } from '#server/base/csv.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { createdBy, rowOf } from './create-customer.ts';
import { listFields } from './custom-field-store.ts';
import { customerDraft, type ImportRow } from './customer-api.ts';
import { insertChanges, insertNewCustomers, listSameCustomers, type NewCustomer } from './customer-store.ts';
import { listPossibleOwners } from '#server/member/member-store.ts';
import { readHeading, readLine } from './import-table.ts';

const IMPORT_ROWS_MAX = 5000;
const ROWS_AT_ONCE = 500;

export interface ImportResult {
  created: number;
  exists: number;
  refused: number;
  unknownColumns: string[];
  rows: ImportRow[];
}

interface Ready {
  line: number;
  row: NewCustomer & { sameAs: string };
}

/** Takes a table in. A line that is wrong is refused alone; a customer that exists is left as it is, so it can be repeated. */
export async function importCustomers(deps: Deps, caller: Caller, bytes: Uint8Array): Promise<ImportResult> {
  const [heading, ...lines] = readTable(bytes);
  const fields = await listFields(deps.db);
  const table = readHeading(heading?.cells ?? [], fields);
  const owners = Map.groupBy(await listPossibleOwners(deps.db, caller.scope), ({ name }) => name);
  const ownerIds = new Map([...owners].map(([name, members]) => [name, members.map(({ id }) => id)]));

  const rows: ImportRow[] = [];
  const ready: Ready[] = [];
  for (const { line, cells } of lines) {
    try {
      const draft = customerDraft.parse(readLine(table, cells, ownerIds));
      const row = rowOf(deps, fields, { ...draft, ownerId: draft.ownerId ?? caller.memberId });
      ready.push({ line, row: withKey(row) });
    } catch (error) {
      rows.push({ line, name: nameIn(table, cells), result: 'refused', customerId: null, ...reasonOf(error) });
    }
  }
  for (let start = 0; start < ready.length; start += ROWS_AT_ONCE)
    rows.push(...(await insertReady(deps, caller, ready.slice(start, start + ROWS_AT_ONCE))));

  const count = (result: ImportRow['result']) => rows.filter((row) => row.result === result).length;
  const counts = { created: count('created'), exists: count('exists'), refused: count('refused') };
  await recordAudit(deps.db, {
    memberId: caller.memberId,
    action: 'customer.imported',
    subject: 'customers',
    detail: counts,
  });
  const { unknownColumns } = table;
  return { ...counts, unknownColumns, rows: rows.toSorted((a, b) => a.line - b.line) };
}

function readTable(bytes: Uint8Array): { line: number; cells: string[] }[] {
  const text = decodeText(bytes);
  if (text === null) throw new Refusal('import.encoding', 'Save the table as CSV in UTF-8 or GB18030 (GBK).', 422);
  const records = readCsv(text);
  if (!records) throw new Refusal('import.csv', 'A quotation mark is not closed. Save the table as CSV again.', 422);
  if (records.length > IMPORT_ROWS_MAX + 1)
    throw new Refusal('import.too_many', `Import at most ${IMPORT_ROWS_MAX} rows at once: split the table.`, 413);
  return records;
}

/** Without a key of its own, a person would be made anew each time the table is taken in. */
function withKey(row: NewCustomer & { sameAs: string | null }): NewCustomer & { sameAs: string } {
  if (row.sameAs === null)
    throw new Refusal('import.person_phone', 'A person needs a phone number to be imported.', 422);
  return { ...row, sameAs: row.sameAs };
}

async function insertReady(deps: Deps, caller: Caller, ready: Ready[]): Promise<ImportRow[]> {
  const first = new Map<string, Ready>();
  for (const each of ready) if (!first.has(each.row.sameAs)) first.set(each.row.sameAs, each);
  const created = await deps.db.$transaction(async (tx) => {
    const customers = await insertNewCustomers(
      tx,
      [...first.values()].map(({ row }) => row),
    );
    await insertChanges(
      tx,
      customers.map((customer) => createdBy(caller, customer)),
    );
    return new Set(customers.map(({ sameAs }) => sameAs));
  });
  const visible = await listSameCustomers(deps.db, caller.scope, [...first.keys()]);
  return ready.map((each) => {
    const isNew = created.has(each.row.sameAs) && first.get(each.row.sameAs) === each;
    return {
      line: each.line,
      name: each.row.name,
      result: isNew ? 'created' : 'exists',
      customerId: visible.get(each.row.sameAs) ?? null,
      code: null,
      message: null,
    };
  });
}

function reasonOf(error: unknown): { code: string; message: string } {
  if (error instanceof Refusal) return { code: error.code, message: error.message };
  const { issues } = error as { issues?: { path: PropertyKey[]; message: string }[] };
  if (!issues) throw error;
  const message = issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  return { code: 'request.invalid', message };
}

function nameIn(table: ReturnType<typeof readHeading>, cells: readonly string[]): string {
  const at = table.columns.findIndex((each) => each && 'column' in each && each.column === 'name');
  return (cells[at] ?? '').slice(0, 120);
}
