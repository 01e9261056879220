import type { Deps } from '#server/base/deps.ts';
import { listCustomerNames } from '#server/binding/binding-store.ts';
import { getContactById } from '#server/contact/contact-store.ts';
import type { NewNotice } from '#server/notice/notice-store.ts';
import type { ChurnAlert } from './health-store.ts';
import type { Told } from './who-to-tell.ts';

const REASONS_SHOWN = 3;

/** To whoever follows the contact beside the chat, to all others in the list of alerts. */
export async function alertNotice(deps: Deps, alert: ChurnAlert, to: Told, locale: string): Promise<NewNotice> {
  const contact = await getContactById(deps.db, alert.contactId);
  const names = alert.customerId ? await listCustomerNames(deps.db, [alert.customerId]) : new Map<string, string>();
  const who = [contact.name, names.get(alert.customerId ?? '')].filter(Boolean).join(' · ');
  const reasons = heaviest(alert).map(({ text }) => text);
  const lines = locale.startsWith('en')
    ? [`Customer at risk: ${who}`, `Risk ${alert.risk}`, `Why: ${reasons.join('; ')}`]
    : [`客户有流失风险：${who}`, `风险 ${alert.risk}`, `原因：${reasons.join('；')}`];
  return {
    key: `churn-alert:${alert.id}:${to.memberId}`,
    memberId: to.memberId,
    text: lines.join('\n'),
    path: to.isFollower ? `/sidebar.html?contact=${encodeURIComponent(contact.key)}` : `/inbox.html#/churn/${alert.id}`,
  };
}

/** What speaks most for it. */
export const heaviest = ({ factors }: Pick<ChurnAlert, 'factors'>) =>
  factors
    .filter(({ key, points }) => points > 0 && key !== 'start')
    .toSorted((a, b) => b.points - a.points)
    .slice(0, REASONS_SHOWN);
