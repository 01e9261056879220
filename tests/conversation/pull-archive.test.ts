import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Contact, Member } from '#prisma/client/client.ts';
import { modelAllowed, openMedia, readConversation } from '#server/conversation/conversation-store.ts';
import { editChatSource, listChatSources } from '#server/conversation/edit-chat-source.ts';
import { pullArchive } from '#server/conversation/pull-archive.ts';
import { callerOf, makeContact, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const archive = () => {
  if (!platform.archive) throw new Error('This fake has an archive.');
  return platform.archive;
};
const at = (minute: number) => new Date(Date.UTC(2026, 1, 28, 2, minute));
const pull = () => pullArchive(world.deps, { platform: 'wecom' });

let rep: Member;
let contact: Contact;

beforeEach(async () => {
  platform.reset();
  platform.addMember('rep');
  platform.addContact('wm1', { name: '陈女士', follows: ['rep'] });
  rep = await makeMember(world.deps, { key: 'rep' });
  contact = await makeContact(world.deps, { key: 'wm1', followedBy: [rep] });
});

/** What is stored of the chat of rep and contact, as a person would read it. */
async function said(): Promise<string[]> {
  const conversation = await world.deps.db.conversation.findFirst({
    where: { contactId: contact.id, memberId: rep.id },
  });
  const messages = conversation ? await readConversation(world.deps, conversation.id, 1000, 'rules') : [];
  return messages.map(({ sender, text }) => `${sender}: ${text}`);
}

const source = async () => {
  const found = (await listChatSources(world.deps)).find(({ kind }) => kind === 'archive');
  return found;
};

describe('the archive', () => {
  test('gives each message to the conversation of its contact and member, once however often it is pulled', async () => {
    archive().say('wm1', 'rep', '报价多少？', { at: at(1) });
    archive().say('rep', 'wm1', '稍等', { at: at(2) });
    await pull();
    await pull();
    await world.deps.db.chatSource.updateMany({ data: { cursor: '0' } });
    await pull();
    expect(await said()).toEqual(['contact: 报价多少？', 'member: 稍等']);
    expect(await world.deps.db.conversation.findMany()).toMatchObject([{ messageCount: 2, lastMessageAt: at(2) }]);
  });

  test('is stored encrypted', async () => {
    archive().say('wm1', 'rep', '预算二十万', { at: at(1) });
    await pull();
    const { rows } = await world.deps.pool.query<{ text: string }>('SELECT "Message"::text AS text FROM "Message"');
    expect(rows).toHaveLength(1);
    expect(rows[0]?.text).not.toContain('预算');
  });

  test('new messages are summarised and scored once for the burst, and screens are told', async () => {
    archive().say('wm1', 'rep', '在吗', { at: at(1) });
    archive().say('wm1', 'rep', '报价多少？', { at: at(1) });
    const told: string[] = [];
    const stop = world.deps.live.subscribe([`contact.${contact.id}`], ({ part }) => told.push(part));
    await pull();
    stop();
    const conversation = await world.deps.db.conversation.findFirstOrThrow();
    expect(world.jobs.waiting).toMatchObject([
      {
        name: 'summarise-conversation',
        payload: { conversationId: conversation.id },
        options: { key: conversation.id, delayMs: 3000 },
      },
      { name: 'score-contact', payload: { contactId: contact.id } },
    ]);
    expect(told).toEqual(['messages']);
    world.jobs.clear();
    await pull();
    expect(world.jobs.waiting).toEqual([]);
  });

  test('messages stored by a process that died before it told anyone are told by the next pull', async () => {
    archive().say('wm1', 'rep', '在吗', { at: at(1) });
    await pull();
    world.jobs.clear();
    await world.deps.db.conversation.updateMany({ data: { hasNews: true } });
    await pull();
    expect(world.jobs.waiting.map(({ name }) => name)).toEqual(['summarise-conversation', 'score-contact']);
  });

  test('goes on where it stopped when a pull breaks off', async () => {
    for (let n = 1; n <= 1200; n += 1) archive().say('wm1', 'rep', `第 ${n} 条`, { at: at(1) });
    const pulls = archive().pull.bind(archive());
    let calls = 0;
    archive().pull = async (after, limit) => {
      calls += 1;
      if (calls === 2) platform.fail('pull', 'unavailable');
      return pulls(after, limit);
    };
    await expect(pull()).rejects.toMatchObject({ kind: 'unavailable' });
    const stored = await world.deps.db.message.count();
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(1200);
    await pull();
    expect(await world.deps.db.message.count()).toBe(1200);
    expect(await source()).toMatchObject({ gaps: 0, lost: 0 });
  });

  test('is pulled by one process at a time, and the other comes back', async () => {
    archive().say('wm1', 'rep', '在吗', { at: at(1) });
    const letGo = platform.hold('pull');
    const first = pull();
    while (platform.called('pull').length === 0) await new Promise((resolve) => setImmediate(resolve));
    await pull();
    expect(platform.called('pull')).toHaveLength(1);
    expect(world.jobs.waiting).toMatchObject([{ name: 'pull-archive', options: { key: 'wecom' } }]);
    letGo();
    await first;
    expect(await said()).toEqual(['contact: 在吗']);
  });

  test('keeps media by reference and its name, not its bytes', async () => {
    const media = { name: '报价单.pdf', bytes: 1024, reference: 'sdkfileid-1' };
    archive().say('rep', 'wm1', '', { at: at(1), kind: 'file', media });
    await pull();
    const [row, ...more] = await world.deps.db.message.findMany();
    expect(more).toEqual([]);
    expect(row).toMatchObject({ kind: 'file', text: '' });
    expect(row && openMedia(world.deps.cipher, row)).toEqual(media);
    expect(platform.called('readMedia')).toEqual([]);
  });

  test('leaves alone group chats and talk between colleagues, and counts them', async () => {
    await makeMember(world.deps, { key: 'colleague' });
    archive().say('wm1', 'rep', '群里', { at: at(1), group: 'wr1' });
    archive().say('rep', 'colleague', '内部', { at: at(2) });
    archive().records.push({ seq: 3n, key: 'switch', state: 'skipped', reason: 'A member changed device.' });
    await pull();
    expect(await world.deps.db.message.count()).toBe(0);
    expect(await source()).toMatchObject({ gaps: 0, passedOver: { group: 1, internal: 1, refused: 0, other: 1 } });
  });

  test('is not pulled when an admin has switched it off', async () => {
    const admin = await callerOf(world.deps, await makeMember(world.deps, { role: 'admin' }));
    await editChatSource(world.deps, admin, 'wecom:archive', { enabled: false });
    archive().say('wm1', 'rep', '在吗', { at: at(1) });
    await pull();
    expect(platform.called('pull')).toEqual([]);
    await editChatSource(world.deps, admin, 'wecom:archive', { enabled: true });
    await world.jobs.drain();
    expect(await said()).toEqual(['contact: 在吗']);
  });
});

describe('people the archive names before anyone else', () => {
  test('a contact nobody has told us of is asked for', async () => {
    platform.addContact('wm2', { name: '刘先生', follows: ['rep'] });
    archive().say('wm2', 'rep', '您好', { at: at(1) });
    await pull();
    expect(await world.deps.db.message.count()).toBe(1);
    expect(await world.deps.db.contact.findFirst({ where: { key: 'wm2' } })).toMatchObject({ name: '刘先生' });
  });

  test('a member nobody has told us of is asked for', async () => {
    platform.addMember('newcomer', { name: '新同事' });
    archive().say('wm1', 'newcomer', '您好', { at: at(1) });
    await pull();
    expect(await world.deps.db.message.count()).toBe(1);
    expect(await world.deps.db.member.count({ where: { name: '新同事' } })).toBe(1);
  });

  test('a contact the platform does not show yet keeps the message, and gets the name later', async () => {
    archive().say('wm3', 'rep', '您好', { at: at(1) });
    await pull();
    expect(await world.deps.db.message.count()).toBe(1);
    expect(await world.deps.db.contact.findFirst({ where: { key: 'wm3' } })).toMatchObject({
      name: '',
      syncedAt: null,
    });
  });

  test('a person the platform hides is a gap, and the message comes when it shows them', async () => {
    archive().say('wm1', 'hidden', '您好', { at: at(1) });
    platform.fail('getMember', 'forbidden', { times: 1 });
    await pull();
    expect(await source()).toMatchObject({ gaps: 1 });
    expect(await world.deps.db.archiveGap.findMany()).toMatchObject([{ reason: 'people_unknown' }]);
    platform.addMember('hidden');
    world.clock.advance(2 * 60_000);
    await pull();
    expect(await world.deps.db.message.count()).toBe(1);
    expect(await source()).toMatchObject({ gaps: 0 });
  });
});

describe('consent', () => {
  const consentOf = async () => (await world.deps.db.follow.findFirstOrThrow()).archiveConsent;

  test('a chat whose contact refused is not stored', async () => {
    archive().consents.set('wm1:rep', 'refused');
    archive().say('wm1', 'rep', '在吗', { at: at(1) });
    await pull();
    expect(await world.deps.db.message.count()).toBe(0);
    expect(await consentOf()).toBe('refused');
    expect(await source()).toMatchObject({ passedOver: { refused: 1 }, gaps: 0 });
  });

  test('one who agreed is not asked after again', async () => {
    archive().consents.set('wm1:rep', 'agreed');
    archive().say('wm1', 'rep', '在吗', { at: at(1) });
    await pull();
    archive().say('wm1', 'rep', '报价多少？', { at: at(2) });
    await pull();
    expect(await said()).toHaveLength(2);
    expect(await consentOf()).toBe('agreed');
    expect(platform.called('consentOf')).toEqual([[[{ contact: 'wm1', member: 'rep' }]]]);
  });

  test('whoever has said neither is stored', async () => {
    archive().say('wm1', 'rep', '在吗', { at: at(1) });
    await pull();
    expect(await said()).toHaveLength(1);
    expect(await consentOf()).toBe('unknown');
  });
});

describe('a recall', () => {
  const recall = (seq: bigint, recalledKey: string) =>
    archive().records.push({ seq, key: `recall-${seq}`, state: 'recall', recalledKey, at: at(5) });

  test('hides the message and tells who reads it', async () => {
    archive().say('wm1', 'rep', '发错了', { at: at(1), key: 'm1' });
    await pull();
    world.jobs.clear();
    recall(2n, 'm1');
    await pull();
    expect(await said()).toEqual([]);
    expect(await world.deps.db.message.findMany()).toMatchObject([{ recalledAt: at(5) }]);
    expect(world.jobs.waiting.map(({ name }) => name)).toContain('summarise-conversation');
  });

  test('that comes before its message hides it all the same', async () => {
    archive().say('wm1', 'rep', '前面', { at: at(1), seq: 1n });
    recall(3n, 'late');
    await pull();
    archive().say('wm1', 'rep', '发错了', { at: at(2), seq: 2n, key: 'late' });
    world.clock.advance(2 * 60_000);
    await pull();
    expect(await said()).toEqual(['contact: 前面']);
    expect(await world.deps.db.message.count()).toBe(2);
  });
});

describe('a gap in the archive', () => {
  test('is no gap where the archive begins', async () => {
    archive().say('wm1', 'rep', '在吗', { at: at(1), seq: 4711n });
    await pull();
    expect(await source()).toMatchObject({ gaps: 0 });
    expect(await said()).toHaveLength(1);
  });

  test('is seen, asked for again and filled', async () => {
    archive().say('wm1', 'rep', '一', { at: at(1), seq: 1n });
    archive().say('wm1', 'rep', '四', { at: at(4), seq: 4n });
    await pull();
    expect(await source()).toMatchObject({ gaps: 1 });
    archive().say('wm1', 'rep', '二', { at: at(2), seq: 2n });
    world.clock.advance(2 * 60_000);
    await pull();
    expect(await said()).toEqual(['contact: 一', 'contact: 二', 'contact: 四']);
    expect(await world.deps.db.archiveGap.findMany({ where: { state: 'open' } })).toMatchObject([
      { fromSeq: 3n, toSeq: 3n, attempts: 1 },
    ]);
    archive().say('wm1', 'rep', '三', { at: at(3), seq: 3n });
    world.clock.advance(10 * 60_000);
    await pull();
    expect(await said()).toHaveLength(4);
    expect(await source()).toMatchObject({ gaps: 0, lost: 0 });
  });

  test('is not asked for before its time, and given up in the end', async () => {
    archive().say('wm1', 'rep', '一', { at: at(1), seq: 1n });
    archive().say('wm1', 'rep', '三', { at: at(3), seq: 3n });
    await pull();
    const before = platform.called('pull').length;
    await pull();
    expect(platform.called('pull').length - before).toBe(1);
    for (let day = 0; day < 30; day += 1) {
      world.clock.advance(24 * 3_600_000);
      await pull();
    }
    expect(await source()).toMatchObject({ gaps: 0, lost: 1 });
    const after = platform.called('pull').length;
    await pull();
    expect(platform.called('pull').length - after).toBe(1);
  });

  test('is also a record that cannot be read, with the reason, until it can', async () => {
    archive().records.push({ seq: 1n, key: 'm1', state: 'unreadable', reason: 'No private key of version 3.' });
    archive().say('wm1', 'rep', '二', { at: at(2), seq: 2n });
    await pull();
    expect(await world.deps.db.archiveGap.findMany()).toMatchObject([
      { fromSeq: 1n, toSeq: 1n, reason: 'No private key of version 3.' },
    ]);
    archive().records.shift();
    archive().say('wm1', 'rep', '一', { at: at(1), seq: 1n, key: 'm1' });
    world.clock.advance(2 * 60_000);
    await pull();
    expect(await said()).toEqual(['contact: 一', 'contact: 二']);
  });
});

describe('what the model may read', () => {
  test('is nothing of a source until an admin allows it, and then the chats of the last days are summarised', async () => {
    archive().say('wm1', 'rep', '在吗', { at: at(1) });
    await pull();
    world.jobs.clear();
    const { id } = await world.deps.db.conversation.findFirstOrThrow();
    expect(await modelAllowed(world.deps, id)).toBe(false);
    expect(await readConversation(world.deps, id, 50)).toEqual([]);
    expect(await readConversation(world.deps, id, 50, 'rules')).toHaveLength(1);

    const admin = await callerOf(world.deps, await makeMember(world.deps, { role: 'admin' }));
    await editChatSource(world.deps, admin, 'wecom:archive', { modelAllowed: true });
    expect(await modelAllowed(world.deps, id)).toBe(true);
    expect(await readConversation(world.deps, id, 50)).toMatchObject([{ sender: 'contact', text: '在吗', at: at(1) }]);
    expect(world.jobs.waiting.map(({ name }) => name)).toContain('summarise-conversation');
    expect(await world.deps.db.auditEntry.findMany()).toMatchObject([
      {
        memberId: admin.memberId,
        action: 'chat_source.changed',
        subject: 'chat-source:wecom:archive',
        detail: { enabled: true, modelAllowed: true },
      },
    ]);
  });
});

describe('whatever the archive does', () => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);
  type Deed = { is: 'said' | 'late' | 'unreadable' | 'recalled' | 'group'; fault: FaultyCall | null };
  type FaultyCall = (typeof faulty)[number];
  const faulty = ['pull', 'consentOf', 'getContact'] as const;
  const deeds = fc.array(
    fc.record<Deed>({
      is: fc.constantFrom('said', 'said', 'said', 'late', 'unreadable', 'recalled', 'group'),
      fault: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, fc.constantFrom(...faulty)),
    }),
    { minLength: 1, maxLength: 25 },
  );

  test(`every message ends up stored once, and every recalled one hidden (seed ${seed})`, async () => {
    let chats = 0;
    await fc.assert(
      fc.asyncProperty(deeds, async (script) => {
        await world.deps.db.chatSource.deleteMany();
        await world.deps.db.archiveGap.deleteMany();
        await world.deps.db.earlyRecall.deleteMany();
        platform.archive?.records.splice(0);
        chats += 1;
        // Nobody we know yet: the platform is asked for them.
        const key = `wm-chat-${chats}`;
        platform.addContact(key, { follows: ['rep'] });

        const held: (typeof platform.archive & object)['records'] = [];
        const wanted = new Map<string, boolean>();
        archive().say(key, 'rep', 'first', { at: at(0), key: `${key}-0` });
        wanted.set(`${key}-0`, true);
        for (const [n, { is, fault }] of script.entries()) {
          const seq = BigInt(n + 2);
          const messageKey = `${key}-${n + 1}`;
          const told = archive().say(key, 'rep', `text ${n}`, { at: at(1), key: messageKey, seq });
          if (is === 'recalled') {
            const recalledKey = [...wanted.keys()][n % wanted.size] ?? '';
            archive().records.splice(-1, 1, { seq, key: messageKey, state: 'recall', recalledKey, at: at(2) });
            wanted.set(recalledKey, false);
          } else if (is === 'group') {
            archive().records.splice(-1, 1, { ...told, message: { ...messageOf(told), group: 'wr1' } } as typeof told);
          } else {
            wanted.set(messageKey, true);
          }
          if (is === 'late') held.push(...archive().records.splice(-1, 1));
          if (is === 'unreadable') {
            held.push(told);
            archive().records.splice(-1, 1, { seq, key: messageKey, state: 'unreadable', reason: 'No key.' });
          }
          if (fault) platform.fail(fault, 'unavailable');
          if (n % 3 === 0) await pull().catch(() => {});
        }
        const seqs = new Set(held.map(({ seq }) => seq));
        // The end of the archive is seen once something comes after it.
        archive().say(key, 'rep', 'last', { at: at(3), key: `${key}-last`, seq: BigInt(script.length + 2) });
        wanted.set(`${key}-last`, true);
        await pull().catch(() => {});
        const { records } = archive();
        records.splice(0, records.length, ...records.filter(({ seq }) => !seqs.has(seq)), ...held);
        for (let again = 0; again < script.length + 4; again += 1) {
          world.clock.advance(3_600_000);
          await pull().catch(() => {});
        }
        const stored = await world.deps.db.message.findMany({ where: { key: { startsWith: `${key}-` } } });
        expect(new Map(stored.map((row) => [row.key, row.recalledAt === null]))).toEqual(wanted);
        expect(await world.deps.db.archiveGap.count({ where: { state: 'open' } })).toBe(0);
      }),
      { seed, numRuns: 15 },
    );
  });

  function messageOf(record: ReturnType<ReturnType<typeof archive>['say']>) {
    return record.state === 'message' ? record.message : null;
  }
});
