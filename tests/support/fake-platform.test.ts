import { platformContract, type ContractWorld } from '#tests/bot/platform-contract.ts';
import { FakePlatform } from './fake-platform.ts';

platformContract('The platform in memory', makeWorld, {
  contacts: true,
  welcome: true,
  sends: true,
  todos: true,
  forms: true,
});

async function makeWorld(): Promise<ContractWorld> {
  const platform = new FakePlatform();
  platform.addDepartment('1');
  platform.addDepartment('2', { parentKey: '1' });
  platform.addMember('zhangsan', { departments: [{ key: '2', isLeader: false }] });
  platform.addMember('idle', { departments: [{ key: '1', isLeader: true }] });
  platform.addTags('意向', '高');
  for (const key of ['wang', 'chen', 'li']) platform.addContact(key, { follows: ['zhangsan'] });
  for (const text of ['在吗', '在的', '报价发我']) platform.archive?.say('wang', 'zhangsan', text, { at: new Date() });
  let made = 0;
  return {
    platform,
    known: { member: 'zhangsan', contact: 'wang', idleMember: 'idle', tag: '意向/高' },
    form: { template: 'discount', fields: [{ label: '编号', text: 'A-1' }], decider: 'idle' },
    async loginCode() {
      platform.logins.set(`login-${(made += 1)}`, 'zhangsan');
      return `login-${made}`;
    },
    async welcomeCode() {
      platform.welcomeCodes.add(`welcome-${(made += 1)}`);
      return `welcome-${made}`;
    },
    async callback() {
      const contact = `new-${(made += 1)}`;
      platform.addContact(contact, { follows: ['zhangsan'] });
      const receivedAt = new Date();
      const occurredAt = new Date(Math.floor(receivedAt.getTime() / 1000) * 1000).toISOString();
      const event = { kind: 'contact_added', contact, member: 'zhangsan', half: false, occurredAt } as const;
      return { request: platform.callback(event, receivedAt), event };
    },
    async pressCard(card, action) {
      const receivedAt = new Date();
      const occurredAt = new Date(Math.floor(receivedAt.getTime() / 1000) * 1000).toISOString();
      const pressed = { card, action, member: 'zhangsan', values: {}, messageKey: `press-${(made += 1)}` };
      return platform.callback({ kind: 'card_pressed', ...pressed, occurredAt }, receivedAt);
    },
    sending: {
      confirm: async (send) => platform.groupSends?.confirm(send),
      async loseAnswer(call) {
        platform.loseAnswer(call === 'start' ? 'groupSends.start' : `channels.${call}`);
      },
      async comeIn(code) {
        const channel = platform.channels?.codes.get(code)?.state ?? '';
        const receivedAt = new Date();
        const occurredAt = new Date(Math.floor(receivedAt.getTime() / 1000) * 1000).toISOString();
        const added = { contact: `new-${(made += 1)}`, member: 'zhangsan', half: false, channel };
        return platform.callback({ kind: 'contact_added', ...added, occurredAt }, receivedAt);
      },
    },
    async finishTransfers() {
      for (const of of platform.transfers?.asked.values() ?? []) platform.transfers?.settle(of, 'done');
    },
    async close() {
      platform.isDown = true;
    },
  };
}
