import type { Deps } from '#server/base/deps.ts';
import type { Random } from '#tests/support/random.ts';

const DAY_MS = 86_400_000;

export interface Population {
  memberIds: string[];
  tagIds: string[];
  broadcastIds: string[];
  listIds: string[];
}

export const customFields = [
  { key: 'budget', label: '预算', type: 'number', options: [] },
  { key: 'renewal', label: '续约日', type: 'date', options: [] },
  { key: 'system', label: '现用系统', type: 'text', options: [] },
  { key: 'size', label: '规模', type: 'choice', options: ['小', '中', '大'] },
] as const;
export const corpNames = ['云帆科技', '云海科技', '100%纯果', 'ACME_Ltd', 'acme', "O'Neil \\ Co", ''];
export const sources = ['展会', '官网', '转介绍'];
export const channels = ['ch-east', 'ch-south'];
export const regions = ['110105', '110000', '330106', '330100', '440305', '441900'];
export const industries = ['I65', 'I6511', 'C39', 'J', 'C3911'];
export const systemNames = ['金蝶', '用友 U8', 'SAP', 'sap b1', '100%自研', 'a_b'];

/** Contacts with every kind of data a rule asks about, many of them without, some right at midnight. */
export async function populate(deps: Deps, random: Random, count: number): Promise<Population> {
  const { db } = deps;
  const now = deps.now().getTime();
  const id = () => {
    const hex = random.hex(31);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(12, 15)}-8${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
  };
  const ids = (length: number) => Array.from({ length }, id);
  /** Within two years or the last weeks; now and then just at, or just before, a midnight of the company. */
  const past = (): Date => {
    const days = random.below(random.chance(0.5) ? 40 : 700);
    if (random.chance(0.3)) {
      const midnight = Math.floor((now + 8 * 3_600_000) / DAY_MS) * DAY_MS - 8 * 3_600_000;
      return new Date(midnight - days * DAY_MS - random.below(2));
    }
    return new Date(now - days * DAY_MS - random.below(DAY_MS));
  };
  const maybe = <T>(probability: number, make: () => T): T | null => (random.chance(probability) ? make() : null);
  const some = <T>(items: readonly T[], max: number): T[] => random.shuffle(items).slice(0, random.below(max + 1));

  const memberIds = ids(5);
  const tagIds = ids(5);
  const broadcastIds = ids(3);
  const listIds = ids(3);
  await db.member.createMany({ data: memberIds.map((member, n) => ({ id: member, name: `成员${n}` })) });
  await db.tag.createMany({
    data: tagIds.map((tag, n) => ({
      id: tag,
      platform: 'wecom',
      key: `t${n}`,
      name: `标签${n}`,
      groupKey: 'g',
      groupName: '组',
    })),
  });
  await db.customerField.createMany({ data: customFields.map((field) => ({ ...field, options: [...field.options] })) });

  const contactIds = ids(count);
  await db.contact.createMany({
    data: contactIds.map((contact, n) => ({
      id: contact,
      platform: random.chance(0.8) ? 'wecom' : 'dingtalk',
      key: `key-${n}`,
      name: `联系人${n}`,
      type: random.chance(0.8) ? 'messenger' : 'colleague',
      gender: random.below(3),
      corpName: maybe(0.5, () => random.pick(corpNames)),
      corpFullName: maybe(0.3, () => random.pick(corpNames)),
      optedOutAt: maybe(0.1, past),
    })),
  });
  const follows = contactIds.flatMap((contactId) =>
    some(memberIds, 3).map((memberId) => ({
      id: id(),
      contactId,
      memberId,
      state: random.pick([
        'active',
        'active',
        'active',
        'pending',
        'removed_by_contact',
        'removed_by_contact',
        'removed_by_member',
        'transferred',
      ]),
      addWay: maybe(0.7, () => random.below(4)),
      channel: maybe(0.4, () => random.pick(channels)),
      addedAt: maybe(0.8, past),
      changedAt: past(),
    })),
  );
  await db.follow.createMany({ data: follows });
  await db.followTag.createMany({
    data: follows.flatMap(({ id: followId, contactId, state }) =>
      some(tagIds, 2).map((tagId) => ({ followId, tagId, contactId, state })),
    ),
  });

  const customerIds = ids(Math.floor(count * 0.7));
  await db.customer.createMany({
    data: customerIds.map((customer, n) => ({
      id: customer,
      kind: random.pick(['organisation', 'person']),
      name: `客户${n}`,
      regionCode: maybe(0.7, () => random.pick(regions)),
      industryCode: maybe(0.7, () => random.pick(industries)),
      grade: maybe(0.7, () => random.pick(['A', 'B', 'C', 'D'])),
      stage: random.pick(['new', 'contacted', 'qualified', 'quoted', 'won', 'lost']),
      source: maybe(0.6, () => random.pick([...sources, ''])),
      ownerId: maybe(0.8, () => random.pick(memberIds)),
      createdAt: past(),
      custom: Object.fromEntries(
        [
          ['budget', random.pick([0, 5, 12.5, 1e6, -3, '5'])] as const,
          ['renewal', new Date(past().getTime() + 60 * DAY_MS).toISOString().slice(0, 10)] as const,
          ['system', random.pick(systemNames)] as const,
          ['size', random.pick(['小', '中', '大', '特大'])] as const,
        ].filter(() => random.chance(0.5)),
      ),
    })),
  });
  await db.binding.createMany({
    data: contactIds.flatMap((contactId) =>
      some(customerIds, 2).map((customerId) => ({
        contactId,
        customerId,
        role: random.pick(['decision_maker', 'user', 'influencer', 'buyer', 'other']),
        reasons: [],
      })),
    ),
  });
  await db.opportunity.createMany({
    data: customerIds.flatMap((customerId) =>
      Array.from({ length: random.below(4) }, () => ({
        customerId,
        ownerId: random.pick(memberIds),
        createdBy: random.pick(memberIds),
        title: '密',
        amountFen: maybe(0.8, () => BigInt(random.below(3) === 0 ? random.below(99_999) : random.below(9) * 100_000)),
        discountBp: random.pick([0, 0, 1500, 333]),
        stage: random.pick(['discovery', 'quoted', 'won', 'won', 'lost']),
        stageAt: past(),
      })),
    ),
  });
  await db.score.createMany({
    data: contactIds.flatMap((contactId) =>
      Array.from({ length: random.below(3) }, () => ({
        id: id(),
        contactId,
        // Two in one instant: the later id counts.
        at: random.chance(0.3) ? new Date(now) : past(),
        value: random.below(101),
        factors: '密',
        method: 'rules@1',
        override: maybe(0.3, () => random.below(101)),
      })),
    ),
  });
  const conversations = contactIds.flatMap((contactId) =>
    some(memberIds, 2).map((memberId) => {
      const messages = Array.from({ length: random.below(4) }, () => ({
        at: past(),
        sender: random.chance(0.5) ? 'contact' : 'member',
      }));
      const lastMessageAt = messages.length > 0 ? new Date(Math.max(...messages.map(({ at }) => at.getTime()))) : null;
      return { id: id(), contactId, memberId, lastMessageAt, messages };
    }),
  );
  await db.conversation.createMany({
    data: conversations.map(({ messages, ...row }) => ({ ...row, messageCount: messages.length })),
  });
  await db.message.createMany({
    data: conversations.flatMap(({ id: conversationId, messages }) =>
      messages.map((message) => ({ ...message, conversationId, sourceId: 'wecom:paste', key: id(), kind: 'text' })),
    ),
  });
  await db.task.createMany({
    data: contactIds.flatMap((contactId) =>
      Array.from({ length: random.below(3) }, () => ({
        contactId,
        title: '密',
        assigneeId: random.pick(memberIds),
        state: random.pick(['proposed', 'open', 'done', 'dismissed']),
        quote: maybe(0.6, () => '密'),
      })),
    ),
  });
  const emptyJson = {};
  await db.broadcast.createMany({
    data: broadcastIds.map((broadcast) => ({
      id: broadcast,
      name: '群发',
      platform: 'wecom',
      audience: emptyJson,
      content: emptyJson,
      ownerId: memberIds[0] ?? '',
    })),
  });
  await db.broadcastRecipient.createMany({
    data: contactIds.flatMap((contactId) =>
      some(broadcastIds, 2).map((broadcastId) => ({
        broadcastId,
        contactId,
        part: random.pick(['target', 'target', 'hold_out', 'excluded']),
        state: random.pick(['planned', 'asked', 'delivered', 'failed', 'dropped']),
        deliveredAt: maybe(0.5, past),
        repliedAt: maybe(0.3, past),
      })),
    ),
  });
  await db.contactList.createMany({
    data: listIds.map((list, n) => ({ id: list, name: `名单${n}`, createdBy: memberIds[0] ?? '' })),
  });
  await db.contactListEntry.createMany({
    data: contactIds.flatMap((contactId) => some(listIds, 1).map((listId) => ({ listId, contactId }))),
  });
  return { memberIds, tagIds, broadcastIds, listIds };
}
