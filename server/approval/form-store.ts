import type { z } from 'zod';
import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import { approvalPolicy } from './policy-api.ts';

export type FormRun = 'none' | 'owed' | 'starting' | 'running' | 'withdrawing' | 'ended' | 'failed';

/** What an approval keeps of the policy that sent it to a form. */
const keptForm = approvalPolicy.shape.form.unwrap().omit({ platform: true });

export interface FormRow {
  approvalId: string;
  requesterId: string;
  customerName: string | null;
  title: string;
  reason: string;
  measure: number;
  amountFen: number | null;
  createdAt: Date;
  state: string;
  run: FormRun;
  attempts: number;
  platform: string;
  key: string | null;
  form: z.infer<typeof keptForm>;
}

/**
 * Whose turn it is, and until `leaseUntil` nobody else's. A start that is found under way was cut off, and may have
 * happened. Null when there is nothing to do now.
 */
export async function claimForm(
  db: Db,
  cipher: FieldCipher,
  approvalId: string,
  { now, leaseUntil }: { now: Date; leaseUntil: Date },
): Promise<FormRow | null> {
  const due = { id: approvalId, OR: [{ formNextAttemptAt: null }, { formNextAttemptAt: { lte: now } }] };
  const lease = { formNextAttemptAt: leaseUntil, formAttempts: { increment: 1 } };
  const { count: started } = await db.approval.updateMany({
    where: { ...due, formState: 'owed' satisfies FormRun },
    data: { ...lease, formState: 'starting' satisfies FormRun },
  });
  if (started > 0) return readRow(db, cipher, approvalId, 'owed');
  const { count } = await db.approval.updateMany({
    where: { ...due, formState: { in: ['starting', 'running', 'withdrawing'] satisfies FormRun[] } },
    data: lease,
  });
  return count > 0 ? readRow(db, cipher, approvalId, null) : null;
}

async function readRow(db: Db, cipher: FieldCipher, approvalId: string, run: FormRun | null): Promise<FormRow | null> {
  const row = await db.approval.findUnique({ where: { id: approvalId } });
  const form = keptForm.safeParse(row?.form);
  if (!row?.formPlatform || !form.success) return null;
  const customer = row.customerId
    ? await db.customer.findUnique({ where: { id: row.customerId }, select: { name: true } })
    : null;
  return {
    approvalId,
    requesterId: row.requesterId,
    customerName: customer?.name ?? null,
    title: cipher.decrypt(row.title),
    reason: cipher.decrypt(row.reason),
    measure: row.measure,
    amountFen: row.amountFen === null ? null : Number(row.amountFen),
    createdAt: row.createdAt,
    state: row.state,
    run: run ?? (row.formState as FormRun),
    attempts: row.formAttempts,
    platform: row.formPlatform,
    key: row.formKey,
    form: form.data,
  };
}

export async function saveFormRun(
  db: Db,
  approvalId: string,
  change: { run: FormRun; key?: string; nextAttemptAt?: Date },
): Promise<void> {
  await db.approval.update({
    where: { id: approvalId },
    data: {
      formState: change.run,
      ...(change.key === undefined ? {} : { formKey: change.key, formAttempts: 0 }),
      ...(change.nextAttemptAt === undefined ? {} : { formNextAttemptAt: change.nextAttemptAt }),
    },
  });
}

/** An approval that ended here takes its form with it: one not started never is, one that runs is taken back. */
export async function endForm(tx: Db, approvalId: string, now: Date): Promise<boolean> {
  const row = await tx.approval.findUnique({ where: { id: approvalId }, select: { state: true, formState: true } });
  if (!row || row.state === 'pending') return false;
  const run = row.formState as FormRun;
  const isDecided = row.state === 'approved' || row.state === 'rejected';
  if (run === 'owed' || (isDecided && run === 'running')) {
    await saveFormRun(tx, approvalId, { run: 'ended' });
    return false;
  }
  // One that is being started is taken back by whoever starts it.
  if (run !== 'running') return false;
  await saveFormRun(tx, approvalId, { run: 'withdrawing', nextAttemptAt: now });
  return true;
}

export async function findApprovalOfForm(db: Db, platform: string, key: string): Promise<string | null> {
  const row = await db.approval.findFirst({ where: { formPlatform: platform, formKey: key }, select: { id: true } });
  return row?.id ?? null;
}

export async function listDueForms(db: Db, now: Date, limit: number): Promise<string[]> {
  const rows = await db.approval.findMany({
    where: {
      formState: { in: ['owed', 'starting', 'running', 'withdrawing'] satisfies FormRun[] },
      OR: [{ formNextAttemptAt: null }, { formNextAttemptAt: { lte: now } }],
    },
    orderBy: { formNextAttemptAt: { sort: 'asc', nulls: 'first' } },
    take: limit,
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}
