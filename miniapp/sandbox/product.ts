import { isApiError } from '#miniapp/api/api-error.ts';
import { api } from '#miniapp/api/api.ts';
import { to } from '#miniapp/api/call.ts';
import type { OpportunityView, opportunityApi } from '#server/opportunity/opportunity-api.ts';

const platform = 'wecom';

const opportunities = {
  list: to<typeof opportunityApi.list>('GET', '/api/opportunities'),
  create: to<typeof opportunityApi.create>('POST', '/api/opportunities'),
  requestDiscount: to<typeof opportunityApi.requestDiscount>('POST', '/api/opportunities/:id/discount'),
};

export interface Ask {
  /** The contact's key in WeCom. */
  contact: string;
  title: string;
  amountFen: number;
  need: string;
  discountBp: number;
  reason: string;
}

/**
 * What the rep of this window does in the sidebar, through the same public calls: finds out whose contact it is, puts down
 * the sale, and asks for a discount. What is there already stays.
 */
export async function askForDiscount(ask: Ask): Promise<OpportunityView> {
  const view = await asMember(() => api.sidebar({ query: { platform, contact: ask.contact } }));
  const customerId = view.customer?.id ?? (await bound(view.contact.id, view.contact.name, view.candidates));
  const { items } = await opportunities.list({ query: { customerId } });
  const open = items.find((one) => one.stage !== 'won' && one.stage !== 'lost' && one.approval?.state !== 'pending');
  const { title, amountFen, need } = ask;
  const sale =
    open ?? (await opportunities.create({ body: { customerId, contactId: view.contact.id, title, amountFen, need } }));
  return opportunities.requestDiscount({
    params: { id: sale.id },
    body: { discountBp: ask.discountBp, reason: ask.reason, requestKey: crypto.randomUUID() },
  });
}

async function bound(
  contactId: string,
  name: string,
  candidates: readonly { customer: { id: string } }[],
): Promise<string> {
  const best = candidates[0];
  if (!best) {
    const made = await api.createAndBind({ body: { contactId, customer: { kind: 'organisation', name } } });
    return made.customer.id;
  }
  await api.bind({ body: { contactId, customerId: best.customer.id } });
  return best.customer.id;
}

/** The window's client logs in by itself where its page has not done so yet. */
async function asMember<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!isApiError(error, 401)) throw error;
    const { url } = await api.loginUrl({ query: { platform, page: '/sidebar.html' } });
    const back = new URL((await fetch(url, { cache: 'no-store' })).url).searchParams;
    const state = back.get('state');
    await api.login({ body: { platform, code: back.get('code') ?? '', ...(state ? { state } : {}) } });
    return call();
  }
}
