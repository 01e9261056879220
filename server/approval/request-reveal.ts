import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getCustomer } from '#server/customer/customer-store.ts';
import { getMember } from '#server/member/member-store.ts';
import type { Approval } from './approval.ts';
import { requestApproval } from './request-approval.ts';

/** Asks to read a sensitive field of a customer in scope. */
export async function requestReveal(
  deps: Deps,
  caller: Caller,
  wish: { customerId: string; field: 'phone'; hours: number; reason: string; requestKey: string },
): Promise<Approval> {
  const { customerId, field, hours, reason, requestKey } = wish;
  const customer = await getCustomer(deps.db, caller.scope, customerId);
  const { locale } = await getMember(deps.db, caller.memberId);
  return requestApproval(deps, caller, {
    kind: 'sensitive_reveal',
    content: { customerId, field, hours },
    title: locale.startsWith('en')
      ? `Read the phone number of ${customer.name} for ${hours} h`
      : `查看${customer.name}的电话 ${hours} 小时`,
    reason,
    measure: hours,
    amountFen: null,
    customerId,
    contactId: null,
    subject: `customer:${customerId}`,
    requestKey: `reveal:${requestKey}`,
  });
}
