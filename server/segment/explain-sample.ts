import { netOf } from '#server/base/net-of.ts';
import { dateOf, dayOf } from '#server/base/shanghai.ts';
import { industryName } from '#server/customer/industry.ts';
import { regionName } from '#server/customer/region.ts';
import { isOpen } from '#server/opportunity/opportunity.ts';
import type { OpportunityStage } from '#server/opportunity/opportunity-api.ts';
import type { SampleFacts } from './sample-store.ts';
import type { SegmentCondition } from './segment-api.ts';
import { customKeyOf } from './segment.ts';

const YEAR_DAYS = 365;
const FOUND_MAX = 5;

/** What a contact has of the field a condition asks about: names, days, numbers; '' when nothing. */
export function foundFor(condition: SegmentCondition, facts: SampleFacts, now: Date): string {
  const found = [...new Set(valuesFor(condition, facts, now))].filter((value) => value !== '');
  // What was asked for is shown, where a contact has that and more.
  const asked = new Set([condition.value ?? []].flat().map((value) => labelOf(condition.field, String(value), facts)));
  const hits = condition.operator === 'is_any' ? found.filter((value) => asked.has(value)) : [];
  return (hits.length > 0 ? hits : found).slice(0, FOUND_MAX).join('、');
}

function valuesFor({ field }: SegmentCondition, facts: SampleFacts, now: Date): string[] {
  const customers = facts.bindings.map(({ customer }) => customer);
  const active = facts.follows.filter(({ state }) => state === 'active');
  const name = (id: string | null) => (id === null ? '' : (facts.names.get(id) ?? id));
  const won = customers.map(({ opportunities }) => opportunities.filter(({ stage }) => stage === 'won'));
  const lately = won.map((sales) => sales.filter(({ stageAt }) => daysSince(stageAt, now) < YEAR_DAYS));
  switch (field) {
    case 'contact.type':
      return [facts.type];
    case 'contact.gender':
      return [String(facts.gender)];
    case 'contact.corp_name':
      return [facts.corpName ?? '', facts.corpFullName ?? ''];
    case 'contact.opted_out':
      return [dayText(facts.optedOutAt)];
    case 'follow.member':
      return active.map(({ memberId }) => name(memberId));
    case 'follow.added':
      return active.map(({ addedAt }) => dayText(addedAt));
    case 'follow.add_way':
      return active.map(({ addWay }) => String(addWay ?? ''));
    case 'follow.channel':
      return active.map(({ channel }) => name(channel));
    case 'follow.tag':
      return active.flatMap(({ tags }) => tags.map(({ tag }) => tag.name));
    case 'follow.removed_by_contact':
      return facts.follows.filter(({ state }) => state === 'removed_by_contact').map(({ memberId }) => name(memberId));
    case 'binding.bound':
      return [];
    case 'binding.role':
      return facts.bindings.map(({ role }) => role);
    case 'customer.kind':
      return customers.map(({ kind }) => kind);
    case 'customer.stage':
      return customers.map(({ stage }) => stage);
    case 'customer.grade':
      return customers.map(({ grade }) => grade ?? '');
    case 'customer.source':
      return customers.map(({ source }) => source ?? '');
    case 'customer.region':
      return customers.map(({ regionCode }) => (regionCode && regionName(regionCode)) ?? '');
    case 'customer.industry':
      return customers.map(({ industryCode }) => (industryCode && industryName(industryCode)) ?? '');
    case 'customer.owner':
      return customers.map(({ ownerId }) => name(ownerId));
    case 'customer.created':
      return customers.map(({ createdAt }) => dayText(createdAt));
    case 'rfm.recency':
      return won.flatMap((sales) =>
        sales.length === 0 ? [] : [String(Math.min(...sales.map(({ stageAt }) => daysSince(stageAt, now))))],
      );
    case 'rfm.frequency':
      return lately.map((sales) => String(sales.length));
    case 'rfm.monetary':
      return lately.map((sales) => {
        const nets = sales.map(({ amountFen, discountBp }) => netOf(Number(amountFen ?? 0n), discountBp));
        return String(nets.reduce((sum, fen) => sum + fen, 0) / 100);
      });
    case 'score.value':
      return facts.score ? [String(facts.score.override ?? facts.score.value)] : [];
    case 'chat.last_message':
      return [newestDay(facts.conversations.map(({ lastMessageAt }) => lastMessageAt))];
    case 'chat.replied':
      return [newestDay(facts.conversations.flatMap(({ messages }) => messages.map(({ at }) => at)))];
    case 'task.promise_open':
      return facts.promises.map(({ dueAt }) => dayText(dueAt));
    case 'opportunity.open': {
      const sales = customers.flatMap(({ opportunities }) => opportunities);
      return sales.map(({ stage }) => stage as OpportunityStage).filter((stage) => isOpen({ stage }));
    }
    case 'broadcast.received':
      return facts.recipients
        .filter(({ state }) => state !== 'failed' && state !== 'dropped')
        .map(({ broadcastId }) => name(broadcastId));
    case 'broadcast.replied':
      return facts.recipients.filter(({ repliedAt }) => repliedAt).map(({ broadcastId }) => name(broadcastId));
    case 'broadcast.any_received':
      return [newestDay(facts.recipients.map(({ deliveredAt }) => deliveredAt))];
    case 'list.member':
      return facts.entries.map(({ list }) => list.name);
    default: {
      const key = customKeyOf(field) ?? '';
      return customers.map(({ custom }) => String((custom as Record<string, unknown>)[key] ?? ''));
    }
  }
}

/** How a value of a rule reads where its field is shown by name. */
function labelOf(field: string, value: string, facts: SampleFacts): string {
  switch (field) {
    case 'follow.tag':
      return facts.follows.flatMap(({ tags }) => tags).find(({ tagId }) => tagId === value)?.tag.name ?? value;
    case 'list.member':
      return facts.entries.find(({ listId }) => listId === value)?.list.name ?? value;
    default:
      return facts.names.get(value) ?? value;
  }
}

const daysSince = (at: Date, now: Date): number => dayOf(now) - dayOf(at);

function newestDay(times: (Date | null)[]): string {
  const known = times.filter((at) => at !== null).map((at) => at.getTime());
  return known.length === 0 ? '' : dayText(new Date(Math.max(...known)));
}

function dayText(at: Date | null): string {
  if (!at) return '';
  const { year, month, date } = dateOf(dayOf(at));
  return [year, ...[month, date].map((part) => String(part).padStart(2, '0'))].join('-');
}
