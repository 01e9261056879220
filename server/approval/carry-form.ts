import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { findAccounts, findMemberByKey } from '#server/member/member-store.ts';
import { nextAttemptAfter } from '#server/notice/notice.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ApprovalForms } from '#server/platform/approval-form.ts';
import { Refusal } from '#server/base/refusal.ts';
import { withdraw } from './approval-end.ts';
import { changeApproval } from './change-approval.ts';
import { decideApproval } from './decide-approval.ts';
import { takeOverFromForm } from './take-over-from-form.ts';
import { noteForm } from './note-form.ts';
import { claimForm, endForm, findApprovalOfForm, listDueForms, saveFormRun, type FormRow } from './form-store.ts';

export const sweepFormsEveryMs = 30_000;
const LEASE_MS = 2 * MINUTE_MS;
/** The platform says when a form moves on; this is for what it says and we never hear. */
const ASK_EVERY_MS = 10 * MINUTE_MS;
const BATCH = 100;
/** A clock of ours and one of the platform are not one clock. */
const CLOCK_SKEW_MS = 5 * MINUTE_MS;

/** Brings a form on: starts one that is owed, takes back one that is not wanted any more, asks how one stands that runs. */
export async function carryForm(deps: Deps, { approvalId }: { approvalId: string }): Promise<void> {
  const now = deps.now();
  const row = await claimForm(deps.db, deps.cipher, approvalId, {
    now,
    leaseUntil: new Date(now.getTime() + LEASE_MS),
  });
  if (!row) return;
  const { forms } = deps.platforms.get(row.platform);
  try {
    if (!forms) await fail(deps, row, 'forms.none');
    else if (row.run === 'owed' || row.run === 'starting') await start(deps, forms, row);
    else if (row.run === 'withdrawing') await takeBack(deps, forms, row);
    else await learn(deps, forms, row);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    await afterError(deps, row, error);
  }
}

async function start(deps: Deps, forms: ApprovalForms, row: FormRow): Promise<void> {
  const isWanted = row.state === 'pending';
  if (!isWanted && row.run === 'owed') return saveFormRun(deps.db, row.approvalId, { run: 'ended' });
  const by = await accountOf(deps, row.requesterId, row.platform);
  if (!by) return fail(deps, row, 'forms.no_account');
  const { template, labels } = row.form;
  const number = { label: labels.number, text: row.approvalId };
  const since = new Date(row.createdAt.getTime() - CLOCK_SKEW_MS);
  // The answer of an earlier attempt may have been lost: what it started is looked for before another is started.
  const found = row.run === 'starting' ? await forms.find({ template, by, since, ...number }) : null;
  if (!isWanted && !found) return saveFormRun(deps.db, row.approvalId, { run: 'ended' });
  const key = found ?? (await forms.start({ template, by, fields: [number, ...fieldsOf(row)], approvers: [] }));
  const nextAttemptAt = new Date(deps.now().getTime() + ASK_EVERY_MS);
  await saveFormRun(deps.db, row.approvalId, { run: 'running', key, nextAttemptAt });
  await noteForm(deps, row.approvalId, 'form_started', null);
  await endWhatIsOver(deps, row.approvalId);
}

/** An approval may have been taken back while its form was being started. */
async function endWhatIsOver(deps: Deps, approvalId: string): Promise<void> {
  const isToTakeBack = await deps.db.$transaction((tx) => endForm(tx, approvalId, deps.now()));
  if (isToTakeBack) await deps.jobs.add('carry-form', { approvalId }, { key: approvalId });
}

function fieldsOf({ form: { labels }, title, customerName, amountFen, measure, reason }: FormRow) {
  const values = [
    [labels.title, title],
    [labels.customer, customerName],
    [labels.amount, amountFen === null ? null : (amountFen / 100).toFixed(2)],
    [labels.measure, String(measure)],
    [labels.reason, reason],
  ] as const;
  return values.flatMap(([label, text]) => (label && text !== null ? [{ label, text }] : []));
}

async function takeBack(deps: Deps, forms: ApprovalForms, row: FormRow): Promise<void> {
  const by = await accountOf(deps, row.requesterId, row.platform);
  if (by && row.key) {
    await forms.withdraw(row.key, by).catch(async (error: unknown) => {
      // It may have ended meanwhile, which is as good.
      if (!(error instanceof PlatformError) || error.kind !== 'rejected' || !row.key) throw error;
      if ((await forms.read(row.key)).state === 'running') throw error;
    });
  }
  await saveFormRun(deps.db, row.approvalId, { run: 'ended' });
}

/** The platform told of a form. What it told may be old: how it stands is asked for. */
export async function readForm(deps: Deps, platform: string, key: string): Promise<void> {
  const approvalId = await findApprovalOfForm(deps.db, platform, key);
  const { forms } = deps.platforms.get(platform);
  // One that is told of before its start was answered is asked for by its sweep.
  if (approvalId && forms) await settle(deps, forms, { approvalId, platform, key });
}

async function learn(deps: Deps, forms: ApprovalForms, row: FormRow): Promise<void> {
  if (row.state !== 'pending') return endWhatIsOver(deps, row.approvalId);
  const nextAttemptAt = new Date(deps.now().getTime() + ASK_EVERY_MS);
  await saveFormRun(deps.db, row.approvalId, { run: 'running', nextAttemptAt });
  if (row.key) await settle(deps, forms, { approvalId: row.approvalId, platform: row.platform, key: row.key });
}

/** What was decided on the form is decided here the way every decision is. */
async function settle(
  deps: Deps,
  forms: ApprovalForms,
  { approvalId, platform, key }: { approvalId: string; platform: string; key: string },
): Promise<void> {
  const { state, turns } = await forms.read(key);
  if (state === 'running') return;
  if (state === 'withdrawn') {
    await unlessOver(() =>
      changeApproval(deps, approvalId, (approval, now) => withdraw(approval, approval.requesterId, now)),
    );
    // Not before: one that has ended is asked about by nobody.
    return saveFormRun(deps.db, approvalId, { run: 'ended' });
  }
  const last = turns.findLast(({ result }) => result === state);
  const member = last ? await findMemberByKey(deps.db, platform, last.member) : null;
  const actor = { memberId: member?.id ?? null, via: 'form' as const };
  const decision = state === 'agreed' ? ('approve' as const) : ('reject' as const);
  await unlessOver(() =>
    decideApproval(deps, actor, { id: approvalId, revision: 0, decision, reason: last?.remark }).catch(
      async (error: unknown) => {
        // A template may let whoever started it agree to it; here nobody decides their own request.
        if (!(error instanceof Refusal) || error.code !== 'approval.own_request') throw error;
        await takeOverFromForm(deps, approvalId);
      },
    ),
  );
  await saveFormRun(deps.db, approvalId, { run: 'ended' });
}

const overAlready = new Set(['approval.already_decided', 'approval.withdrawn', 'approval.expired']);

/** A form is told of more than once, and may end after its approval did. */
async function unlessOver(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Refusal) || !overAlready.has(error.code)) throw error;
  }
}

async function accountOf(deps: Deps, memberId: string, platform: string): Promise<string | null> {
  const accounts = await findAccounts(deps.db, [memberId]);
  return accounts.find((account) => account.platform === platform)?.key ?? null;
}

/** The template, or the requester's account, is not what the policy thinks: a person must look at it. */
async function fail(deps: Deps, row: FormRow, why: string): Promise<void> {
  // In this order: what has failed is not looked at again.
  await noteForm(deps, row.approvalId, 'form_failed', why);
  await saveFormRun(deps.db, row.approvalId, { run: 'failed' });
}

async function afterError(deps: Deps, row: FormRow, error: PlatformError): Promise<void> {
  const isFinal = error.kind === 'rejected' || error.kind === 'not_found';
  if (isFinal && row.run !== 'running') return fail(deps, row, [error.call, error.code].filter(Boolean).join(' '));
  const now = deps.now();
  const soonest = nextAttemptAfter(row.attempts, now).getTime();
  const nextAttemptAt = new Date(Math.max(soonest, now.getTime() + error.retryAfterMs));
  // What certainly did not leave need not be looked for.
  const didNotStart = row.run === 'owed' && error.kind !== 'unknown';
  await saveFormRun(deps.db, row.approvalId, { run: didNotStart ? 'owed' : runAfter(row), nextAttemptAt });
  if (error.kind === 'rate_limited') throw error;
}

const runAfter = ({ run }: FormRow) => (run === 'owed' ? 'starting' : run);

/** Forms whose job got lost, and those that have been silent. */
export async function sweepForms(deps: Deps): Promise<void> {
  const ids = await listDueForms(deps.db, deps.now(), BATCH);
  await deps.jobs.addAll(
    'carry-form',
    ids.map((approvalId) => ({ payload: { approvalId }, options: { key: approvalId } })),
  );
}
