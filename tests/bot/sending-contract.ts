import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { CallbackRequest } from '#server/platform/callback.ts';
import type { ContactMessage, MessageAttachment } from '#server/platform/message.ts';
import type { GroupSends } from '#server/platform/group-send.ts';
import type { Page } from '#server/platform/page.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { PlatformKey } from '#server/platform/key.ts';

/** What a world needs to show how one member sends to many, and how people come in. */
export interface SendingWorld {
  platform: Platform;
  /** A member and a contact of theirs. */
  known: { member: string; contact: string };
  sending?: {
    /** The member says yes; done when every contact has it. */
    confirm(send: PlatformKey): Promise<void>;
    /** The next such call is done, and its answer never comes. */
    loseAnswer(call: 'start' | 'createCode' | 'createLink'): Promise<void>;
    /** Somebody new comes in by a code. */
    comeIn(code: PlatformKey): Promise<CallbackRequest>;
    /** Before each test, where there is trouble. */
    trouble?(): Promise<void>;
  };
}

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const picture = { kind: 'image', name: '海报 "春".png', type: 'image/png', bytes: png } as const;
const words = (text: string): ContactMessage => ({ text, attachments: [] });
const link: MessageAttachment = {
  kind: 'link',
  title: '春季新品',
  description: '三分钟看完',
  url: 'https://crm.example.com/spring',
  pictureUrl: null,
};

/** The same call again for as long as the platform only says later; how long it says is not waited for here. */
async function soon<T>(call: () => Promise<T>): Promise<T> {
  for (let left = 200; ; left -= 1) {
    try {
      return await call();
    } catch (error) {
      if (left === 0 || !(error instanceof PlatformError) || error.kind !== 'rate_limited') throw error;
      await pause(20);
    }
  }
}

async function all<T>(page: (cursor: string) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  for (let cursor = '', pages = 0; pages === 0 || cursor !== ''; pages += 1) {
    expect(pages).toBeLessThan(100);
    const { items, nextCursor } = await soon(() => page(cursor));
    found.push(...items);
    cursor = nextCursor;
  }
  return found;
}

/** What server/ relies on where members send to many. */
export function sendingContract(worldNow: () => SendingWorld): void {
  const at = () => {
    const { platform, known, sending } = worldNow();
    const { media, groupSends, channels } = platform;
    if (!media || !groupSends || !channels || !sending) throw new Error('Nothing is sent here.');
    return { platform, known, sending, media, groupSends, channels };
  };
  beforeEach(() => worldNow().sending?.trouble?.());

  describe('of files', () => {
    test('a file is kept for some days, and can be sent', async () => {
      const { media, groupSends, known } = at();
      const { key, expiresAt } = await soon(() => media.upload(picture));
      expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 86_400_000);
      const message: ContactMessage = { text: '看图', attachments: [{ kind: 'image', media: key }, link] };
      const send = { sender: known.member, contacts: [known.contact], message };
      expect(await soon(() => groupSends.start(send))).toMatchObject({ unsendable: [] });
    });

    test('a file that is too large, empty or of another type is refused', async () => {
      const { media } = at();
      const { bytesMin, bytesMax } = media.limits.image;
      for (const wrong of [
        { bytes: Buffer.concat([png, Buffer.alloc(bytesMax)]) },
        { bytes: png.subarray(0, bytesMin - 1) },
        { type: 'image/tiff' },
      ]) {
        await expect(soon(() => media.upload({ ...picture, ...wrong }))).rejects.toMatchObject({ kind: 'rejected' });
      }
    });

    test('a message with a file the platform does not have, is not found', async () => {
      const { groupSends, known } = at();
      const message: ContactMessage = { text: '看图', attachments: [{ kind: 'image', media: 'no-such-file' }] };
      const send = { sender: known.member, contacts: [known.contact], message };
      await expect(soon(() => groupSends.start(send))).rejects.toMatchObject({ kind: 'not_found' });
      await expect(soon(() => groupSends.preview(known.member, message))).rejects.toMatchObject({ kind: 'not_found' });
    });
  });

  describe('of sends', () => {
    const started = async (text: string, contacts = [at().known.contact]) => {
      const { groupSends, known } = at();
      const send = { sender: known.member, contacts, message: words(text) };
      const done = await soon(() => groupSends.start(send));
      if (done === 'nobody') throw new Error('Nobody is sent to.');
      return done;
    };
    const resultsOf = (send: PlatformKey) => {
      const { groupSends, known } = at();
      return all((cursor) => groupSends.results({ send, member: known.member }, cursor));
    };
    const confirmationsOf = (send: PlatformKey) => all((cursor) => at().groupSends.confirmations(send, cursor));
    const listed = async (groupSends: GroupSends, text: string) => {
      const now = Date.now();
      const between = { since: new Date(now - 60_000), until: new Date(now + 60_000) };
      return (await all((cursor) => groupSends.list(between, cursor))).filter((one) => one.text === text);
    };
    /** Some platforms list a send a moment later. */
    const listedSoon = async (groupSends: GroupSends, text: string) => {
      for (let left = 100; left > 0; left -= 1) {
        const found = await listed(groupSends, text);
        if (found.length > 0) return found;
        await pause(20);
      }
      return [];
    };

    test('nothing is sent before the member confirms; then every contact has it, and both are told', async () => {
      const { groupSends, known, sending } = at();
      const { key, unsendable } = await started('春季新品 A', [known.contact, 'no-such-contact']);
      expect(unsendable).toEqual(['no-such-contact']);
      expect(await confirmationsOf(key)).toEqual([{ member: known.member, state: 'waiting', at: null }]);
      expect(await resultsOf(key)).toEqual([{ contact: known.contact, state: 'waiting', at: null }]);
      await sending.confirm(key);
      expect(await confirmationsOf(key)).toEqual([{ member: known.member, state: 'confirmed', at: expect.any(Date) }]);
      expect(await resultsOf(key)).toEqual([{ contact: known.contact, state: 'delivered', at: expect.any(Date) }]);
      expect(await listedSoon(groupSends, '春季新品 A')).toEqual([
        { key, at: expect.any(Date), text: '春季新品 A', attachments: [] },
      ]);
    });

    test('a start that gave no answer may have happened, and is then in the list, once', async () => {
      const { groupSends, known, sending } = at();
      await sending.loseAnswer('start');
      const message: ContactMessage = { text: '春季新品 B', attachments: [link] };
      const send = { sender: known.member, contacts: [known.contact], message };
      await expect(soon(() => groupSends.start(send))).rejects.toMatchObject({ kind: 'unknown' });
      const found = await listedSoon(groupSends, '春季新品 B');
      expect(found).toMatchObject([{ text: '春季新品 B', attachments: ['link'] }]);
      const key = found[0]?.key ?? '';
      expect(await confirmationsOf(key)).toMatchObject([{ member: known.member, state: 'waiting' }]);
      expect(await resultsOf(key)).toMatchObject([{ contact: known.contact, state: 'waiting' }]);
    });

    test('a send to nobody is none: to no contacts, to contacts nobody knows', async () => {
      const { groupSends, known } = at();
      const message = words('给谁');
      for (const contacts of [[], ['no-such-contact', 'nor-this-one']]) {
        expect(await soon(() => groupSends.start({ sender: known.member, contacts, message }))).toBe('nobody');
      }
      expect(await listed(groupSends, '给谁')).toEqual([]);
    });

    test('a message of nothing or of too much is refused and starts nothing', async () => {
      const { groupSends, known } = at();
      const { textBytesMax, attachmentsMax, contactsMax, link: most } = groupSends.limits;
      const long = words('x'.repeat(textBytesMax + 1));
      const wide = { text: '', attachments: Array.from({ length: attachmentsMax + 1 }, () => link) };
      const titled = { text: '', attachments: [{ ...link, title: 'x'.repeat(most.titleBytesMax + 1) }] };
      for (const message of [words(''), long, wide]) {
        const send = { sender: known.member, contacts: [known.contact], message };
        await expect(soon(() => groupSends.start(send))).rejects.toMatchObject({ kind: 'rejected' });
        await expect(soon(() => groupSends.preview(known.member, message))).rejects.toMatchObject({ kind: 'rejected' });
      }
      const send = { sender: known.member, contacts: [known.contact], message: titled };
      await expect(soon(() => groupSends.start(send))).rejects.toMatchObject({ kind: 'rejected' });
      const crowd = Array.from({ length: contactsMax + 1 }, (_, index) => `c${index}`);
      const toMany = { sender: known.member, contacts: crowd, message: words('人多') };
      await expect(soon(() => groupSends.start(toMany))).rejects.toMatchObject({ kind: 'rejected' });
    });

    test('the member is reminded as often as allowed and not once more', async () => {
      const { groupSends } = at();
      const { key } = await started('春季新品 C');
      for (let time = 0; time < groupSends.limits.remindersMax; time += 1) await soon(() => groupSends.remind(key));
      await expect(soon(() => groupSends.remind(key))).rejects.toMatchObject({ kind: 'rejected' });
    });

    test('a send that is taken back stays so, however often, and nobody is reminded of it', async () => {
      const { groupSends } = at();
      const { key } = await started('春季新品 D');
      await soon(() => groupSends.cancel(key));
      await soon(() => groupSends.cancel(key));
      await expect(soon(() => groupSends.remind(key))).rejects.toMatchObject({ kind: 'rejected' });
      expect(await resultsOf(key)).toMatchObject([{ state: 'waiting' }]);
    });

    test('a send nobody started is not found', async () => {
      const { groupSends, known } = at();
      const calls: (() => Promise<unknown>)[] = [
        () => groupSends.confirmations('no-such-send', ''),
        () => groupSends.results({ send: 'no-such-send', member: known.member }, ''),
        () => groupSends.remind('no-such-send'),
        () => groupSends.cancel('no-such-send'),
      ];
      for (const call of calls) await expect(soon(call)).rejects.toMatchObject({ kind: 'not_found' });
    });

    test('a member sees what contacts would get, as often as they like; nobody else does', async () => {
      const { media, groupSends, known } = at();
      const { key } = await soon(() => media.upload(picture));
      const app = { kind: 'app', title: '商城', appId: 'wx123', page: 'pages/index.html', picture: key } as const;
      const text = '长'.repeat(Math.floor(groupSends.limits.textBytesMax / 3));
      const message: ContactMessage = { text, attachments: [{ kind: 'image', media: key }, link, app] };
      for (const _ of ['once', 'twice']) {
        expect(await soon(() => groupSends.preview(known.member, message))).toEqual({ reached: true });
      }
      expect(await soon(() => groupSends.preview('no-such-member', message))).toEqual({ reached: false });
    });
  });

  describe('of ways in', () => {
    const draft = (state: string) => ({ members: [at().known.member], state, note: '展会', skipVerify: true });
    const aMinuteAgo = () => new Date(Date.now() - 60_000);

    test('who comes in by a code brings its state', async () => {
      const { platform, channels, known, sending } = at();
      const { key, imageUrl } = await soon(() => channels.createCode(draft('ch-expo')));
      expect(new URL(imageUrl).protocol).toMatch(/^https?:$/);
      const { events } = platform.readCallback(await sending.comeIn(key));
      const event = { kind: 'contact_added', member: known.member, channel: 'ch-expo' };
      expect(events.map((one) => one.event)).toEqual([expect.objectContaining(event)]);
    });

    test('a code that gave no answer is found by its state; gone, it is not', async () => {
      const { channels, sending } = at();
      await sending.loseAnswer('createCode');
      await expect(soon(() => channels.createCode(draft('ch-lost')))).rejects.toMatchObject({ kind: 'unknown' });
      const of = { state: 'ch-lost', since: aMinuteAgo() };
      const found = await soon(() => channels.findCode(of));
      expect(found?.imageUrl).toEqual(expect.any(String));
      expect(await soon(() => channels.findCode({ ...of, state: 'ch-los' }))).toBeNull();
      await soon(() => channels.updateCode(found?.key ?? '', draft('ch-moved')));
      expect(await soon(() => channels.findCode(of))).toBeNull();
      expect(await soon(() => channels.findCode({ ...of, state: 'ch-moved' }))).toEqual(found);
      await soon(() => channels.removeCode(found?.key ?? ''));
      expect(await soon(() => channels.findCode({ ...of, state: 'ch-moved' }))).toBeNull();
      await expect(soon(() => channels.removeCode(found?.key ?? ''))).rejects.toMatchObject({ kind: 'not_found' });
    });

    test('a code for nobody, for too many, or with too long a state is refused', async () => {
      const { channels } = at();
      const { membersMax, stateBytesMax } = channels.limits;
      for (const wrong of [
        { ...draft('ch-1'), members: [] },
        { ...draft('ch-1'), members: Array.from({ length: membersMax + 1 }, (_, index) => `m${index}`) },
        draft('x'.repeat(stateBytesMax + 1)),
      ]) {
        await expect(soon(() => channels.createCode(wrong))).rejects.toMatchObject({ kind: 'rejected' });
      }
      const strange = { ...draft('ch-1'), members: ['no-such-member'] };
      await expect(soon(() => channels.createCode(strange))).rejects.toMatchObject({ kind: 'not_found' });
    });

    test('a link that gave no answer is found by its name, and its address carries the state', async () => {
      const { channels, known, sending } = at();
      const named = (name: string) => ({ name, members: [known.member], skipVerify: true });
      await sending.loseAnswer('createLink');
      await expect(soon(() => channels.createLink(named('官网 7f3a')))).rejects.toMatchObject({ kind: 'unknown' });
      const of = { name: '官网 7f3a', since: aMinuteAgo() };
      const found = await soon(() => channels.findLink(of));
      const url = new URL(channels.linkUrl(found?.url ?? '', 'ch web&1'));
      expect([...url.searchParams.values()]).toContain('ch web&1');
      await soon(() => channels.updateLink(found?.key ?? '', named('官网 8b1c')));
      expect(await soon(() => channels.findLink(of))).toBeNull();
      await soon(() => channels.removeLink(found?.key ?? ''));
      expect(await soon(() => channels.findLink({ ...of, name: '官网 8b1c' }))).toBeNull();
    });
  });
}
