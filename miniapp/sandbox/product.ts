import { isApiError } from '#miniapp/api/api-error.ts';
import { api } from '#miniapp/api/api.ts';
import { to, type Answer } from '#miniapp/api/call.ts';
import { frameMark } from '#bot/sandbox/dingtalk-phone-api.ts';
import type { ApprovalPolicy, policyApi } from '#server/approval/policy-api.ts';
import type { memberApi } from '#server/member/member-api.ts';
import { control } from './control.ts';
import { dingtalk } from './dingtalk.ts';
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
  const open = items.find(
    (one) =>
      one.stage !== 'won' &&
      one.stage !== 'lost' &&
      one.approval?.state !== 'pending' &&
      one.discountBp < ask.discountBp,
  );
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

/** The window's page logs in when it is opened; where it stands somewhere else, this does. */
async function asMember<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let patience = 6; ; patience -= 1) {
    try {
      return await call();
    } catch (error) {
      if (!isApiError(error, 401) || patience === 0) throw error;
      // Two logins of one browser at the same time would spoil each other.
      if (patience === 1) await logIn();
      else await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** As whoever the browser plays. */
export async function logIn(): Promise<void> {
  const { url } = await api.loginUrl({ query: { platform, page: '/sidebar.html' } });
  const back = new URL((await fetch(url, { cache: 'no-store' })).url).searchParams;
  const state = back.get('state');
  await api.login({ body: { platform, code: back.get('code') ?? '', ...(state ? { state } : {}) } });
}

/** Who decides on a discount: on cards, on cards and somebody above soon after, or the company's own form. */
export const discountRules = ['cards', 'escalates', 'form'] as const;
export type DiscountRule = (typeof discountRules)[number];

const soonMinutes = 0.5;
const formLabels = {
  number: '审批编号',
  title: '事项',
  customer: '客户',
  amount: '金额',
  measure: '折扣',
  reason: '理由',
};

type Policies = Answer<typeof policyApi.list>;

/** Null where nobody administers. */
export async function readDiscountRule(): Promise<DiscountRule | null> {
  const admin = adminUser();
  if (!admin) return null;
  const { policy } = await discountPolicy(admin);
  if (policy.mode === 'form') return 'form';
  const isSoon = policy.bands.some(({ levels }) => levels.some((one) => one.escalateAfterMinutes === soonMinutes));
  return isSoon ? 'escalates' : 'cards';
}

/** As the company's admin would do it on the desk; it holds for what is asked from then on. */
export async function chooseDiscountRule(rule: DiscountRule): Promise<void> {
  const admin = adminUser();
  if (!admin) return;
  const { version, policy } = await discountPolicy(admin);
  const template = dingtalk.state?.formTemplates.find((one) =>
    one.fields.some(({ name }) => name === formLabels.measure),
  );
  const escalateAfterMinutes = rule === 'escalates' ? soonMinutes : 240;
  const changed: ApprovalPolicy = {
    ...policy,
    mode: rule === 'form' ? 'form' : 'own',
    form:
      rule === 'form' && template ? { platform: 'dingtalk', template: template.template, labels: formLabels } : null,
    bands: policy.bands.map((band) => ({
      ...band,
      levels: band.levels.map((level) => ({ ...level, escalateAfterMinutes })),
    })),
  };
  await asDingtalkUser(admin, () =>
    to<typeof policyApi.save>(
      'PUT',
      onPhone('/api/approval-policies/:kind', admin),
    )({
      params: { kind: 'discount' },
      body: { version, policy: changed },
    }),
  );
}

async function discountPolicy(admin: string): Promise<Policies['items'][number]> {
  const { items } = await asDingtalkUser(admin, () =>
    to<typeof policyApi.list>('GET', onPhone('/api/approval-policies', admin))(),
  );
  const found = items.find(({ kind }) => kind === 'discount');
  if (!found) throw new Error('The product has no policy for discounts.');
  return found;
}

function adminUser(): string | null {
  const admin = dingtalk.state?.users.find((one) => one.active && one.title.includes('管理员'));
  return admin?.user ?? null;
}

/** The mark says whose phone asks, and so whose session it is. */
const onPhone = (path: string, user: string): string => `${path}?${frameMark}=${encodeURIComponent(user)}`;

async function asDingtalkUser<Result>(user: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!isApiError(error, 401)) throw error;
    const { corpId, clientId } = dingtalk.state?.company ?? {};
    const name = 'runtime.permission.requestAuthCode';
    const said = await control.dingtalk.bridge({
      frame: 'sandbox',
      name,
      params: { corpId, clientId },
      url: onPhone(`${location.origin}/inbox.html`, user),
      user,
    });
    const { code } = (said.reply?.['result'] ?? {}) as { code?: string };
    await to<typeof memberApi.login>(
      'POST',
      onPhone('/api/login', user),
    )({
      body: { platform: 'dingtalk', code: code ?? '' },
    });
    return call();
  }
}
