import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Card } from '#server/platform/card.ts';
import { platformEvent, type PlatformEvent } from '#server/platform/event.ts';
import { CallbackRefused, PlatformError } from '#server/platform/platform-error.ts';
import type { CallbackRequest } from '#server/platform/callback.ts';
import type { Platform } from '#server/platform/platform.ts';
import { sendingContract, type SendingWorld } from '#tests/bot/sending-contract.ts';

/** What is asked of a platform beyond what every one can do. */
export interface ContractScope {
  contacts: boolean;
  welcome: boolean;
  /** Files, messages to many, ways in. */
  sends: boolean;
  todos: boolean;
  forms: boolean;
}

/** A platform with somebody to talk to on the other side, and what is to be found there. */
export interface ContractWorld {
  platform: Platform;
  /** What is about contacts is '' where there are none. */
  known: {
    /** A member who follows `contact` and has at least one more contact. */
    member: string;
    contact: string;
    /** A member nobody outside the company knows. */
    idleMember: string;
    /** A tag `contact` does not have from `member`. */
    tag: string;
  };
  /** A form `member` may start, and who else is there to decide it. */
  form?: { template: string; fields: { label: string; text: string }[]; decider: string };
  /** A code as a browser brings it back after `member` logged in. */
  loginCode(): Promise<string>;
  /** A code as an event carries it after somebody added `member`. */
  welcomeCode?(): Promise<string>;
  /** Something happens, and the other side says so. */
  callback(): Promise<{ request: CallbackRequest; event: Partial<PlatformEvent> }>;
  /** `member` presses a button of a card we sent them, and the other side says so. */
  pressCard?(card: string, action: string): Promise<CallbackRequest>;
  /** Every contact on the way from one member to another arrives. */
  finishTransfers?(): Promise<void>;
  sending?: SendingWorld['sending'];
  /** Stops the other side; the platform stays. */
  close(): Promise<void>;
}

/** What server/ relies on, whatever the platform. */
export function platformContract(
  name: string,
  makeWorld: () => Promise<ContractWorld>,
  scope: ContractScope = { contacts: true, welcome: true, sends: true, todos: false, forms: false },
): void {
  describe(`${name} keeps what every platform promises`, () => {
    let world: ContractWorld;
    beforeAll(async () => {
      world = await makeWorld();
    });
    afterAll(() => world.close());

    test('it is asked about all it says it can do', () => {
      const { capabilities, forms, media, groupSends, channels } = world.platform;
      const { contacts, welcome, todos } = capabilities;
      for (const sends of [media, groupSends, channels].map((one) => one !== null)) {
        expect({ contacts, welcome, sends, todos, forms: forms !== null }).toEqual(scope);
      }
    });

    test('departments form a tree of their own', async () => {
      const departments = await world.platform.listDepartments();
      const keys = departments.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(departments.filter(({ parentKey }) => parentKey === null)).not.toEqual([]);
      expect(departments.filter(({ parentKey }) => parentKey !== null && !keys.includes(parentKey))).toEqual([]);
    });

    test('a member is the same alone and in the list of a department', async () => {
      const member = await world.platform.getMember(world.known.member);
      expect(member).toMatchObject({ key: world.known.member, active: true });
      const [department] = member.departments;
      expect(await world.platform.listMembers(department?.key ?? '')).toContainEqual(member);
    });

    test('a member nobody knows is not found', async () => {
      await expect(world.platform.getMember('no-such-member')).rejects.toMatchObject({ kind: 'not_found' });
    });

    test('a notice tells whom it did not reach', async () => {
      const to = [world.known.member, 'no-such-member'];
      expect(await world.platform.sendNotice(to, { text: '任务到期' })).toEqual({ unreached: ['no-such-member'] });
      const link = { text: '任务到期\n给王总发报价', url: 'https://crm.example.com/inbox' };
      expect(await world.platform.sendNotice([world.known.member], link)).toEqual({ unreached: [] });
      expect(await world.platform.sendNotice([], { text: '任务到期' })).toEqual({ unreached: [] });
    });

    test('a notice that reaches nobody says so, without an error', async () => {
      const to = ['no-such-member', 'nor-this-one'];
      expect(await world.platform.sendNotice(to, { text: '任务到期' })).toEqual({ unreached: to });
    });

    test('a login code names a member, once', async () => {
      const url = new URL(world.platform.loginUrl('https://crm.example.com/sidebar.html?x=1', 'state1'));
      expect(url.href).toContain(encodeURIComponent('https://crm.example.com/sidebar.html?x=1'));
      const code = await world.loginCode();
      expect(await world.platform.memberFromLogin(code)).toBe(world.known.member);
      await expect(world.platform.memberFromLogin(code)).rejects.toMatchObject({ kind: 'rejected' });
      await expect(world.platform.memberFromLogin('made-up')).rejects.toMatchObject({ kind: 'rejected' });
    });

    test('a page gets what it needs for the bridge, and it can be sent as JSON', async () => {
      const config = await world.platform.clientConfig('https://crm.example.com/sidebar.html?x=1');
      expect(JSON.parse(JSON.stringify(config))).toEqual(config);
      expect(Object.keys(config)).not.toEqual([]);
    });

    test('a callback says what happened, in the words of the port, and the same when it comes again', async () => {
      const { request, event: happened } = await world.callback();
      const [first, second] = [world.platform.readCallback(request), world.platform.readCallback(request)];
      expect(first.events.map(({ event }) => event)).toEqual([expect.objectContaining(happened)]);
      for (const { event } of first.events) expect(platformEvent.parse(event)).toEqual(event);
      expect(second).toEqual(first);
    });

    test('a callback that was changed on its way, or comes a day late, is refused', async () => {
      const { request } = await world.callback();
      const cut = { ...request, body: request.body.subarray(0, request.body.length / 2) };
      expect(() => world.platform.readCallback(cut)).toThrow(CallbackRefused);
      expect(() => world.platform.readCallback({ ...request, query: {} })).toThrow(CallbackRefused);
      const late = { ...request, receivedAt: new Date(request.receivedAt.getTime() + 86_400_000) };
      expect(() => world.platform.readCallback(late)).toThrow(CallbackRefused);
    });

    test('the archive is read in order, in steps of any size, and to its end', async () => {
      const { archive } = world.platform;
      if (!archive) return;
      const all = await archive.pull(0n, 1000);
      const seqs = all.map(({ seq }) => seq);
      expect(seqs.length).toBeGreaterThan(1);
      expect(seqs).toEqual(seqs.toSorted((a, b) => (a < b ? -1 : 1)));
      expect((await archive.pull(seqs[0] ?? 0n, 1)).map(({ seq }) => seq)).toEqual([seqs[1]]);
      expect(await archive.pull(seqs.at(-1) ?? 0n, 1000)).toEqual([]);
    });

    test('a card comes to its member once, and says whom it does not reach', async () => {
      const { platform, known } = world;
      if (platform.capabilities.cardUpdates === 'none') return;
      expect(await platform.sendCard(known.member, card('card_once'))).toMatchObject({ reached: true });
      expect(await platform.sendCard(known.member, card('card_once'))).toMatchObject({ reached: true });
      const nobody = await platform.sendCard('no-such-member', card('card_to_nobody'));
      expect(nobody).toEqual({ reached: false, updateCode: null });
    });

    test('a card shows another face, as often as the platform allows', async () => {
      const { platform, known } = world;
      if (platform.capabilities.cardUpdates === 'none') return;
      const { updateCode } = await platform.sendCard(known.member, card('card_changing'));
      const decided = { ...card('card_changing'), verdict: '王经理 已同意 11-22 10:03', buttons: [] };
      await platform.updateCard(known.member, decided, updateCode);
      const again = platform.updateCard(known.member, decided, updateCode);
      if (platform.capabilities.cardUpdates === 'any') return void (await again);
      expect(updateCode).toEqual(expect.any(String));
      await expect(again).rejects.toMatchObject({ kind: 'rejected' });
      await expect(platform.updateCard(known.member, decided, null)).rejects.toMatchObject({ kind: 'rejected' });
    });

    test('a press of a card says whose, which and what, in the words of the port', async () => {
      const { platform, known, pressCard } = world;
      if (!pressCard) return;
      await platform.sendCard(known.member, card('card_pressed'));
      const request = await pressCard('card_pressed', 'approve');
      const [told] = platform.readCallback(request).events;
      expect(told?.event).toMatchObject({
        kind: 'card_pressed',
        card: 'card_pressed',
        member: known.member,
        action: 'approve',
      });
      expect(platformEvent.parse(told?.event)).toEqual(told?.event);
      const code = told?.event.kind === 'card_pressed' ? told.event.updateCode : undefined;
      await platform.updateCard(known.member, { ...card('card_pressed'), buttons: [] }, code ?? null);
    });

    if (!scope.contacts)
      test('who has no contacts says so without an error, and finds none', async () => {
        const { platform, known } = world;
        expect(await platform.listContactOwners()).toEqual([]);
        expect(await platform.listContactKeys(known.member)).toEqual([]);
        expect(await platform.listContacts([known.member], '')).toEqual({ items: [], nextCursor: '' });
        expect(await platform.listTags()).toEqual([]);
        await expect(platform.getContact('anybody')).rejects.toMatchObject({ kind: 'not_found' });
        expect([platform.archive, platform.transfers]).toEqual([null, null]);
      });

    if (scope.contacts)
      describe('of contacts', () => {
        const follow = () => ({ contact: world.known.contact, member: world.known.member });
        const followNow = async () => {
          const contact = await world.platform.getContact(world.known.contact);
          return contact.follows.find(({ member }) => member === world.known.member);
        };

        test('members who may have contacts are members', async () => {
          const owners = await world.platform.listContactOwners();
          expect(owners).toContain(world.known.member);
          expect((await world.platform.getMember(owners[0] ?? '')).key).toBe(owners[0]);
        });

        test('a contact comes with who follows them', async () => {
          const contact = await world.platform.getContact(world.known.contact);
          expect(contact.key).toBe(world.known.contact);
          expect(contact.name).not.toBe('');
          expect(contact.follows.map(({ member }) => member)).toContain(world.known.member);
        });

        test('a contact nobody knows is not found', async () => {
          await expect(world.platform.getContact('no-such-contact')).rejects.toMatchObject({ kind: 'not_found' });
        });

        test('page by page one gets every contact of a member, and each with their follow', async () => {
          const keys = await world.platform.listContactKeys(world.known.member);
          const found = [];
          for (let cursor = '', pages = 0; pages === 0 || cursor !== ''; pages++) {
            expect(pages).toBeLessThan(1000);
            const page = await world.platform.listContacts([world.known.member], cursor);
            found.push(...page.items);
            cursor = page.nextCursor;
          }
          expect(keys.length).toBeGreaterThan(1);
          expect(found.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
          expect(new Set(found.flatMap(({ follows }) => follows.map(({ member }) => member)))).toEqual(
            new Set([world.known.member]),
          );
        });

        test('a member without contacts has none, and no error', async () => {
          expect(await world.platform.listContactKeys(world.known.idleMember)).toEqual([]);
        });

        test('contacts of nobody are none; of more members than a call takes, refused', async () => {
          expect(await world.platform.listContacts([], '')).toEqual({ items: [], nextCursor: '' });
          const tooMany = Array.from({ length: world.platform.capabilities.contactOwnersMax + 1 }, (_, at) => `m${at}`);
          await expect(world.platform.listContacts(tooMany, '')).rejects.toBeInstanceOf(PlatformError);
        });

        test('a remark written back is read again, and what was left out stays', async () => {
          await world.platform.saveRemark(follow(), {
            remark: '王总',
            description: '展会认识',
            phones: ['13900000001'],
          });
          expect(await followNow()).toMatchObject({
            remark: '王总',
            description: '展会认识',
            remarkPhones: ['13900000001'],
          });
          await world.platform.saveRemark(follow(), { remark: '王总 2', phones: [] });
          expect(await followNow()).toMatchObject({ remark: '王总 2', description: '展会认识', remarkPhones: [] });
        });

        test('a remark longer than the platform takes is refused, not cut', async () => {
          const before = await followNow();
          const remark = '很'.repeat(world.platform.capabilities.remarkLengthMax + 1);
          await expect(world.platform.saveRemark(follow(), { remark })).rejects.toMatchObject({ kind: 'rejected' });
          expect(await followNow()).toEqual(before);
        });

        test('a remark for a contact the member does not have is not found', async () => {
          const nobody = { member: world.known.member, contact: 'no-such-contact' };
          await expect(world.platform.saveRemark(nobody, { remark: 'x' })).rejects.toMatchObject({ kind: 'not_found' });
        });

        test('a tag put on is seen, and gone when taken off', async () => {
          const tags = (await world.platform.listTags()).flatMap((group) => group.tags.map(({ key }) => key));
          expect(tags).toContain(world.known.tag);
          await world.platform.markTags(follow(), { add: [world.known.tag], remove: [] });
          expect((await followNow())?.tagKeys).toContain(world.known.tag);
          await world.platform.markTags(follow(), { add: [], remove: [world.known.tag] });
          expect((await followNow())?.tagKeys).not.toContain(world.known.tag);
          await world.platform.markTags(follow(), { add: [], remove: [] });
        });

        test('consent is answered for each follow asked about, in that order', async () => {
          const asked = [follow(), { ...follow(), contact: 'no-such-contact' }];
          const answers = (await world.platform.archive?.consentOf(asked)) ?? asked.map((follow) => ({ follow }));
          expect(answers.map(({ follow }) => follow)).toEqual(asked);
        });

        test('contacts handed over are on their way until they have arrived, and who is nobody’s contact is refused', async () => {
          const { transfers } = world.platform;
          const { member } = world.known;
          if (!transfers) return;
          const owners = await world.platform.listContactOwners();
          const taker = owners.find((owner) => owner !== member) ?? '';
          const keys = await world.platform.listContactKeys(member);
          const contact = keys.find((key) => key !== world.known.contact) ?? '';
          const between = { from: member, to: taker, leaver: false };
          expect(await transfers.start({ ...between, contacts: [] })).toEqual({ refused: [] });
          const { refused } = await transfers.start({
            ...between,
            contacts: [contact, 'no-such-contact'],
            message: '您好',
          });
          expect(refused).toEqual([
            { contact: 'no-such-contact', code: expect.stringMatching(/./), reason: 'unknown_contact' },
          ]);
          const results = async () => (await transfers.results(between, '')).items;
          expect(await results()).toEqual([expect.objectContaining({ contact, state: 'waiting' })]);
          if (!world.finishTransfers) return;
          await world.finishTransfers();
          expect(await results()).toEqual([{ contact, state: 'done', at: expect.any(Date) }]);
        });
      });

    if (scope.welcome)
      describe('of welcomes', () => {
        const welcomeCode = () => world.welcomeCode?.() ?? Promise.reject(new Error('Nobody was added.'));

        test('a welcome is sent once', async () => {
          const code = await welcomeCode();
          await world.platform.sendWelcome(code, { text: '您好，我是张三', attachments: [] });
          const again = world.platform.sendWelcome(code, { text: '您好，我是张三', attachments: [] });
          await expect(again).rejects.toMatchObject({ kind: 'rejected' });
        });

        test('a welcome longer than the platform takes is refused and leaves the code good', async () => {
          const code = await welcomeCode();
          const text = 'x'.repeat(world.platform.capabilities.welcomeBytesMax + 1);
          await expect(world.platform.sendWelcome(code, { text, attachments: [] })).rejects.toMatchObject({
            kind: 'rejected',
          });
          await world.platform.sendWelcome(code, { text: text.slice(1), attachments: [] });
        });
      });

    if (scope.sends) sendingContract(() => world);

    if (scope.todos)
      describe('of todos', () => {
        const draft = (sourceKey: string) => ({
          sourceKey,
          to: world.known.member,
          title: '给王总发报价',
          dueAt: new Date('2026-12-01T02:00:00Z'),
          url: 'https://crm.example.com/inbox.html#/tasks/1',
        });

        test('a todo is made once for its key, is done when it is said to be, and then is gone', async () => {
          const { platform, known } = world;
          const todo = await platform.addTodo(draft('task-1'));
          expect(await platform.addTodo(draft('task-1'))).toBe(todo);
          const of = { todo, member: known.member };
          expect(await platform.readTodo(of)).toEqual({ done: false });
          await platform.changeTodo(of, { title: '给王总发新报价', dueAt: new Date('2026-12-02T02:00:00Z') });
          await platform.changeTodo(of, {});
          expect(await platform.readTodo(of)).toEqual({ done: false });
          await platform.changeTodo(of, { done: true });
          expect(await platform.readTodo(of)).toEqual({ done: true });
          await platform.removeTodo(of);
          expect(await platform.readTodo(of)).toBeNull();
        });

        test('a todo for nobody is refused; one nobody has is not found', async () => {
          const { platform, known } = world;
          const nobody = platform.addTodo({ ...draft('task-2'), to: 'no-such-member' });
          await expect(nobody).rejects.toMatchObject({
            name: 'PlatformError',
            kind: expect.stringMatching(/^(rejected|not_found)$/),
          });
          const of = { todo: 'no-such-todo', member: known.member };
          expect(await platform.readTodo(of)).toBeNull();
          await expect(platform.changeTodo(of, { done: true })).rejects.toMatchObject({ kind: 'not_found' });
          await expect(platform.removeTodo(of)).rejects.toMatchObject({ kind: 'not_found' });
        });
      });

    if (scope.forms)
      describe('of approval forms', () => {
        const started = async () => {
          const { platform, known, form } = world;
          if (!platform.forms || !form) throw new Error('There is no form to start.');
          const { template, fields, decider } = form;
          const key = await platform.forms.start({
            template,
            by: known.member,
            fields,
            approvers: [{ of: 'any', members: [decider] }],
          });
          return { forms: platform.forms, key, decider, by: known.member, template, fields };
        };

        test('a form is found again by what stands in it, and says whose turn it is', async () => {
          const { forms, key, decider, by, template, fields } = await started();
          expect(await forms.read(key)).toMatchObject({
            state: 'running',
            finishedAt: null,
            turns: [{ member: decider, result: null, at: null }],
          });
          const since = new Date(Date.now() - 60_000);
          const [field] = fields;
          const asked = { template, by, since, label: field?.label ?? '', text: field?.text ?? '' };
          expect(await forms.find(asked)).toEqual(expect.any(String));
          expect(await forms.find({ ...asked, text: '没有写过的' })).toBeNull();
        });

        test('a form is decided by whose turn it is, once, and by nobody else', async () => {
          const { forms, key, decider, by } = await started();
          const agree = { agree: true, remark: '可以' };
          await expect(forms.decide(key, { ...agree, by })).rejects.toMatchObject({ kind: 'rejected' });
          await forms.decide(key, { ...agree, by: decider });
          expect(await forms.read(key)).toMatchObject({
            state: 'agreed',
            finishedAt: expect.any(Date),
            turns: [{ member: decider, result: 'agreed', at: expect.any(Date), remark: '可以' }],
          });
          await expect(forms.decide(key, { ...agree, by: decider })).rejects.toMatchObject({ kind: 'rejected' });
          await expect(forms.withdraw(key, by)).rejects.toMatchObject({ kind: 'rejected' });
        });

        test('a form that is refused says so, and one nobody started is not found', async () => {
          const { forms, key, decider } = await started();
          await forms.decide(key, { by: decider, agree: false, remark: '太低' });
          expect(await forms.read(key)).toMatchObject({ state: 'refused', turns: [{ result: 'refused' }] });
          await expect(forms.read('no-such-form')).rejects.toMatchObject({ kind: 'not_found' });
        });
      });
  });

  test(`${name} that cannot be reached is unavailable, and nothing else`, async () => {
    const { platform, known, close } = await makeWorld();
    await close();
    const calls = [
      () => platform.listDepartments(),
      ...(scope.contacts
        ? [
            () => platform.getContact(known.contact),
            () => platform.saveRemark({ member: known.member, contact: known.contact }, { remark: 'x' }),
          ]
        : []),
      ...(scope.sends
        ? [
            () => platform.groupSends?.confirmations('send', ''),
            () => platform.media?.upload({ kind: 'file', name: 'a.pdf', type: '', bytes: Buffer.alloc(100) }),
          ]
        : []),
      ...(scope.todos ? [() => platform.readTodo({ todo: 'todo', member: known.member })] : []),
      () => platform.sendNotice([known.member], { text: 'x' }),
      () => platform.memberFromLogin('code'),
      () => platform.clientConfig('https://crm.example.com/'),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ name: 'PlatformError', kind: 'unavailable' });
    }
  });
}

function card(key: string): Card {
  return {
    key,
    title: '折扣申请 · 王总',
    lines: [{ label: '申请人', text: '张三' }],
    risk: '低于底价',
    url: 'https://crm.example.com/inbox.html#/approvals/1',
    buttons: [
      { action: 'approve', label: '同意', style: 'primary', opensPage: false },
      { action: 'read', label: '查看', style: 'plain', opensPage: true },
    ],
    verdict: '',
  };
}
