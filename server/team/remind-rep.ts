import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { recordAudit } from '#server/base/audit.ts';
import { getCustomer } from '#server/customer/customer-store.ts';
import { getMember } from '#server/member/member-store.ts';
import { daysSince } from '#server/opportunity/opportunity.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { isOverdue, mayHave } from '#server/task/task.ts';
import { getTask, listNames } from '#server/task/task-store.ts';
import { taskPath } from '#server/task/tell-of-task.ts';
import { readFollowUp } from './follow-up-setting.ts';
import { remindCustomerText, remindTaskText } from './remind-words.ts';
import {
  mayRemindFrom,
  nobodyToRemind,
  notOverdue,
  notSilent,
  recentRemindKeys,
  remindedAlready,
  remindKey,
  type Reminded,
} from './team.ts';
import { findContactFor, listNoticeTimes, listSilent, lockReminders } from './team-store.ts';
import { REMIND_HOURS } from './team-api.ts';

interface Message {
  to: { id: string; name: string };
  text: string;
  path: string | null;
}

/** A manager has whoever lags told so, in words that are ready; about one thing not too often, whoever asks. */
export async function remindRep(
  deps: Deps,
  caller: Caller,
  of: Reminded,
): Promise<{ to: { id: string; name: string }; text: string; remindedAt: string }> {
  const { to, text, path } =
    of.about === 'task' ? await taskMessage(deps, caller, of.id) : await customerMessage(deps, caller, of.id);
  const now = deps.now();
  const key = remindKey(of, now);
  await deps.db.$transaction(async (tx) => {
    await lockReminders(tx, `${of.about}:${of.id}`);
    const times = await listNoticeTimes(tx, recentRemindKeys(of, now, REMIND_HOURS));
    const last = [...times.values()].find((at) => mayRemindFrom(at) > now);
    if (last) throw remindedAlready(mayRemindFrom(last));
    await insertNotices(tx, deps.cipher, [{ key, memberId: to.id, text, path }], now);
    const subject = `${of.about}:${of.id}`;
    await recordAudit(tx, { memberId: caller.memberId, action: 'team.reminded', subject, detail: { to: to.id } });
  });
  await nudgeNotices(deps, [key]);
  return { to, text, remindedAt: now.toISOString() };
}

async function taskMessage(deps: Deps, caller: Caller, id: string): Promise<Message> {
  const task = await getTask(deps.db, deps.cipher, caller.scope, id);
  if (!isOverdue(task, deps.now()) || !task.dueAt) throw notOverdue();
  const { contacts, customers } = await listNames(deps.db, [task]);
  const contact = contacts.get(task.contactId ?? '');
  const to = await recipient(deps, task.assigneeId);
  const who = [contact?.name, customers.get(task.customerId ?? '')].filter(Boolean).join(' · ');
  const about = { by: caller.name, title: task.title, who, dueAt: task.dueAt };
  return { to, text: remindTaskText(to.locale, about), path: taskPath(task.id, contact?.key ?? null) };
}

async function customerMessage(deps: Deps, caller: Caller, id: string): Promise<Message> {
  const customer = await getCustomer(deps.db, caller.scope, id);
  if (!customer.ownerId || !mayHave(caller.scope, customer.ownerId)) throw nobodyToRemind();
  const { silentDays } = await readFollowUp(deps.db);
  const now = deps.now();
  const [silent] = await listSilent(deps.db, caller.scope, silentDays, { now, id, after: null, limit: 1 });
  if (!silent) throw notSilent();
  const to = await recipient(deps, customer.ownerId);
  const contactKey = await findContactFor(deps.db, id, to.id);
  const { name, grade, since, daysMax } = silent;
  return {
    to,
    text: remindCustomerText(to.locale, { by: caller.name, name, grade, days: daysSince(since, now), daysMax }),
    path: contactKey ? `/sidebar.html?contact=${encodeURIComponent(contactKey)}` : null,
  };
}

async function recipient(deps: Deps, memberId: string): Promise<{ id: string; name: string; locale: string }> {
  const { id, name, locale, status } = await getMember(deps.db, memberId);
  if (status !== 'active') throw nobodyToRemind();
  return { id, name, locale };
}
