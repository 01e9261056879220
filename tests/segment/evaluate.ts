import type { Deps } from '#server/base/deps.ts';
import type { SegmentRule } from '#server/segment/segment-api.ts';

type Rows = Awaited<ReturnType<typeof readRows>>;
type Row = Rows[number];

/** Everything a rule may ask about, as it lies in the tables. */
export async function readRows(deps: Deps) {
  const { db } = deps;
  const [contacts, scores, conversations, tasks, recipients, entries] = await Promise.all([
    db.contact.findMany({
      include: {
        follows: { include: { tags: true } },
        bindings: { include: { customer: { include: { opportunities: true } } } },
      },
    }),
    db.score.findMany(),
    db.conversation.findMany({ include: { messages: true } }),
    db.task.findMany(),
    db.broadcastRecipient.findMany(),
    db.contactListEntry.findMany(),
  ]);
  const of = <T extends { contactId: string | null }>(rows: T[], id: string) =>
    rows.filter((row) => row.contactId === id);
  return contacts.map((contact) => ({
    ...contact,
    scores: of(scores, contact.id),
    conversations: of(conversations, contact.id),
    tasks: of(tasks, contact.id),
    recipients: of(recipients, contact.id),
    entries: of(entries, contact.id),
  }));
}

/** Who is in a segment, worked out contact by contact and without a database. */
export function evaluate(rows: Rows, rule: SegmentRule, now: Date): string[] {
  return rows
    .filter((row) => fits(row, rule, now))
    .map(({ id }) => id)
    .sort();
}

function fits(row: Row, rule: SegmentRule, now: Date): boolean {
  if ('all' in rule) return rule.all.every((one) => fits(row, one, now));
  if ('any' in rule) return rule.any.some((one) => fits(row, one, now));
  if ('not' in rule) return !fits(row, rule.not, now);
  return asks(row, rule.field, rule.operator, rule.value, now);
}

/** The calendar date in Shanghai, as YYYY-MM-DD. */
const calendar = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' });
const dateIn = (at: Date) => calendar.format(at);
const daysBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000;

type Value = string | number | (string | number)[] | undefined;

function asks(row: Row, field: string, operator: string, value: Value, now: Date): boolean {
  const today = dateIn(now);
  const active = row.follows.filter(({ state }) => state === 'active');
  const customers = row.bindings.map(({ customer }) => customer);
  const choice = (values: unknown[]) => {
    const has = values.filter((one) => one !== null && one !== undefined && one !== '');
    const hit = has.some((one) => (Array.isArray(value) ? value : []).includes(one as string));
    switch (operator) {
      case 'is_any':
        return hit;
      case 'is_none':
        return !hit;
      case 'is_set':
        return has.length > 0;
      default:
        return has.length === 0;
    }
  };
  const codes = (values: (string | null)[], below: (code: string, value: string) => boolean) => {
    const has = values.filter((one): one is string => one !== null);
    const hit = has.some((code) => (Array.isArray(value) ? value : []).some((one) => below(code, String(one))));
    return { is_any: hit, is_none: !hit, is_set: has.length > 0, is_not_set: has.length === 0 }[operator] ?? false;
  };
  const text = (values: (string | null | undefined)[]) => {
    const has = values.filter((one): one is string => Boolean(one)).map((one) => one.toLowerCase());
    const sought = String(value).toLowerCase();
    switch (operator) {
      case 'equals':
        return has.includes(sought);
      case 'contains':
        return has.some((one) => one.includes(sought));
      case 'starts_with':
        return has.some((one) => one.startsWith(sought));
      case 'is_set':
        return has.length > 0;
      default:
        return has.length === 0;
    }
  };
  const number = (values: number[]) => {
    const pair = Array.isArray(value) ? value.map(Number) : [];
    switch (operator) {
      case 'equals':
        return values.includes(Number(value));
      case 'at_least':
        return values.some((one) => one >= Number(value));
      case 'at_most':
        return values.some((one) => one <= Number(value));
      case 'between':
        return values.some((one) => one >= (pair[0] ?? 0) && one <= (pair[1] ?? 0));
      case 'is_set':
        return values.length > 0;
      default:
        return values.length === 0;
    }
  };
  /** Dates as YYYY-MM-DD. */
  const date = (dates: string[]) => {
    const lately = dates.some((one) => daysBetween(one, today) < Number(value) && one <= today);
    switch (operator) {
      case 'before':
        return dates.some((one) => one < String(value));
      case 'after':
        return dates.some((one) => one > String(value));
      case 'within_days':
        return lately;
      case 'not_within_days':
        return !lately;
      case 'is_set':
        return dates.length > 0;
      default:
        return dates.length === 0;
    }
  };
  const times = (values: (Date | null)[]) => values.flatMap((at) => (at ? [dateIn(at)] : []));
  const event = (values: (Date | null)[]) => {
    const dates = times(values);
    const lately = dates.some((one) => daysBetween(one, today) < Number(value));
    return { within_days: lately, not_within_days: !lately, ever: dates.length > 0, never: dates.length === 0 }[
      operator
    ];
  };
  const yesNo = (is: boolean) => (operator === 'yes' ? is : !is);
  const wonBy = (customer: (typeof customers)[number], days: number) =>
    customer.opportunities.filter(
      ({ stage, stageAt }) => stage === 'won' && daysBetween(dateIn(stageAt), today) < days,
    );
  const net = ({ amountFen, discountBp }: { amountFen: bigint | null; discountBp: number }) => {
    const fen = Number(amountFen ?? 0n);
    return fen - Math.floor((fen * discountBp) / 10_000 + 0.5);
  };
  const targets = row.recipients.filter(({ part }) => part === 'target');

  switch (field) {
    case 'contact.type':
      return choice([row.type]);
    case 'contact.gender':
      // 0 can be chosen, and means that it is not known.
      if (operator === 'is_set') return row.gender > 0;
      if (operator === 'is_not_set') return row.gender === 0;
      return choice([row.gender]);
    case 'contact.corp_name':
      return text([row.corpName, row.corpFullName]);
    case 'contact.opted_out':
      return yesNo(row.optedOutAt !== null);
    case 'follow.member':
      return choice(active.map(({ memberId }) => memberId));
    case 'follow.added':
      return date(times(active.map(({ addedAt }) => addedAt)));
    case 'follow.add_way':
      return choice(active.map(({ addWay }) => addWay));
    case 'follow.channel':
      return choice(active.map(({ channel }) => channel));
    case 'follow.tag':
      return choice(active.flatMap(({ tags }) => tags.map(({ tagId }) => tagId)));
    case 'follow.removed_by_contact': {
      const states = new Set(row.follows.map(({ state }) => state).filter((state) => state !== 'transferred'));
      return yesNo(states.size === 1 && states.has('removed_by_contact'));
    }
    case 'binding.bound':
      return yesNo(row.bindings.length > 0);
    case 'binding.role':
      return choice(row.bindings.map(({ role }) => role));
    case 'customer.kind':
      return choice(customers.map(({ kind }) => kind));
    case 'customer.stage':
      return choice(customers.map(({ stage }) => stage));
    case 'customer.grade':
      return choice(customers.map(({ grade }) => grade));
    case 'customer.source':
      return choice(customers.map(({ source }) => source));
    case 'customer.owner':
      return choice(customers.map(({ ownerId }) => ownerId));
    case 'customer.region':
      return codes(
        customers.map(({ regionCode }) => regionCode),
        (code, asked) =>
          code === asked ||
          (asked.endsWith('0000') && code.slice(0, 2) === asked.slice(0, 2)) ||
          (asked.endsWith('00') && code.slice(0, 4) === asked.slice(0, 4)),
      );
    case 'customer.industry':
      return codes(
        customers.map(({ industryCode }) => industryCode),
        (code, asked) => code.slice(0, asked.length) === asked,
      );
    case 'customer.created':
      return date(times(customers.map(({ createdAt }) => createdAt)));
    case 'rfm.recency':
      return number(
        customers.flatMap((customer) => {
          const days = wonBy(customer, Infinity).map(({ stageAt }) => daysBetween(dateIn(stageAt), today));
          return days.length > 0 ? [Math.min(...days)] : [];
        }),
      );
    case 'rfm.frequency':
      return number(customers.map((customer) => wonBy(customer, 365).length));
    case 'rfm.monetary':
      return number(customers.map((customer) => wonBy(customer, 365).reduce((sum, one) => sum + net(one), 0) / 100));
    case 'score.value': {
      const newest = row.scores.toSorted((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1))[0];
      return number(newest ? [newest.override ?? newest.value] : []);
    }
    case 'chat.last_message':
      return event(row.conversations.map(({ lastMessageAt }) => lastMessageAt)) ?? false;
    case 'chat.replied':
      return (
        event(
          row.conversations.flatMap(({ messages }) =>
            messages.filter(({ sender }) => sender === 'contact').map(({ at }) => at),
          ),
        ) ?? false
      );
    case 'task.promise_open':
      return yesNo(row.tasks.some(({ state, quote }) => state === 'open' && quote !== null));
    case 'opportunity.open':
      return yesNo(
        customers.some(({ opportunities }) => opportunities.some(({ stage }) => stage !== 'won' && stage !== 'lost')),
      );
    case 'broadcast.received':
      return choice(
        targets.filter(({ state }) => !['failed', 'dropped'].includes(state)).map(({ broadcastId }) => broadcastId),
      );
    case 'broadcast.replied':
      return choice(targets.filter(({ repliedAt }) => repliedAt !== null).map(({ broadcastId }) => broadcastId));
    case 'broadcast.any_received':
      return event(targets.map(({ deliveredAt }) => deliveredAt)) ?? false;
    case 'list.member':
      return choice(row.entries.map(({ listId }) => listId));
    default: {
      const key = field.replace('custom.', '');
      const values = customers.map(({ custom }) => (custom as Record<string, unknown>)[key]);
      const texts = values.filter((one): one is string => typeof one === 'string');
      if (operator === 'is_set' || operator === 'is_not_set') return choice(values);
      switch (key) {
        case 'budget':
          return number(values.filter((one): one is number => typeof one === 'number'));
        case 'renewal':
          return date(texts);
        case 'size':
          return choice(texts);
        case 'system':
          return text(texts);
        default:
          throw new Error(`Nobody knows ${field}.`);
      }
    }
  }
}
