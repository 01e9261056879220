import type { ContactMessage, MessageAttachment } from '#server/platform/message.ts';
import type { GroupSends, ListedSend, SendConfirmation, SendResult } from '#server/platform/group-send.ts';
import type { MediaKind, MediaStore } from '#server/platform/media.ts';
import type { Page } from '#server/platform/page.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { FakePlatform } from './fake-platform.ts';

const dayMs = 86_400_000;

/** Files are kept three days. */
export class FakeMediaStore implements MediaStore {
  limits: MediaStore['limits'] = {
    image: { bytesMin: 6, bytesMax: 10_000, types: ['image/jpeg', 'image/png'] },
    video: { bytesMin: 6, bytesMax: 10_000, types: ['video/mp4'] },
    file: { bytesMin: 6, bytesMax: 20_000, types: [] },
  };
  files = new Map<PlatformKey, { kind: MediaKind; name: string; bytes: number; expiresAt: Date }>();
  #platform: FakePlatform;

  constructor(platform: FakePlatform) {
    this.#platform = platform;
  }

  async upload(file: { kind: MediaKind; name: string; type: string; bytes: Buffer }) {
    const { bytes, ...about } = file;
    return this.#platform.answer('media.upload', [{ ...about, bytes: bytes.length }], () => {
      const { bytesMin, bytesMax, types } = this.limits[file.kind];
      if (bytes.length < bytesMin || bytes.length > bytesMax) this.#platform.refuse('media.upload', 'size');
      if (types.length > 0 && !types.includes(file.type)) this.#platform.refuse('media.upload', 'type');
      const key = `media-${this.files.size + 1}`;
      const expiresAt = new Date(this.#platform.now().getTime() + 3 * dayMs);
      this.files.set(key, { kind: file.kind, name: file.name, bytes: bytes.length, expiresAt });
      return { key, expiresAt };
    });
  }

  /** Whether every file a message names is still there. */
  has({ attachments }: ContactMessage): boolean {
    const isGood = (key: PlatformKey) => {
      const file = this.files.get(key);
      return file !== undefined && file.expiresAt > this.#platform.now();
    };
    return attachments.every((one) => {
      if (one.kind === 'link') return true;
      return isGood(one.kind === 'app' ? one.picture : one.media);
    });
  }
}

interface FakeSend {
  key: PlatformKey;
  sender: PlatformKey;
  message: ContactMessage;
  at: Date;
  confirmedAt: Date | null;
  results: SendResult[];
  remindedAt: Date[];
  isCancelled: boolean;
}

/** A member confirms when a test says so, and what becomes of each contact too. */
export class FakeGroupSends implements GroupSends {
  limits = {
    contactsMax: 100,
    textBytesMax: 4000,
    attachmentsMax: 9,
    link: { titleBytesMax: 128, descriptionBytesMax: 512, urlBytesMax: 2048 },
    appTitleBytesMax: 64,
    remindersMax: 3,
    resultsDays: 30,
  };
  sends = new Map<PlatformKey, FakeSend>();
  /** Contacts the platform leaves out at once. */
  unsendable = new Set<PlatformKey>();
  previews: { to: PlatformKey; message: ContactMessage }[] = [];
  #platform: FakePlatform;

  constructor(platform: FakePlatform) {
    this.#platform = platform;
  }

  async start(send: { sender: PlatformKey; contacts: PlatformKey[]; message: ContactMessage }) {
    return this.#platform.answer('groupSends.start', [send], () => {
      const { sender, contacts, message } = send;
      this.#check('groupSends.start', message);
      if (contacts.length > this.limits.contactsMax) this.#platform.refuse('groupSends.start', 'too many contacts');
      const isSendable = (contact: PlatformKey) =>
        !this.unsendable.has(contact) &&
        this.#platform.contacts.get(contact)?.follows.some(({ member }) => member === sender);
      const sendable = contacts.filter(isSendable);
      if (sendable.length === 0) return 'nobody';
      const key = `send-${this.sends.size + 1}`;
      const results = sendable.map((contact) => ({ contact, state: 'waiting' as const, at: null }));
      const at = this.#platform.now();
      const made = { key, sender, message, at, confirmedAt: null, results, remindedAt: [], isCancelled: false };
      this.sends.set(key, structuredClone(made));
      return { key, unsendable: contacts.filter((contact) => !isSendable(contact)) };
    });
  }

  async list(between: { since: Date; until: Date }, cursor: string): Promise<Page<ListedSend>> {
    return this.#platform.answer('groupSends.list', [between, cursor], () => {
      const { since, until } = between;
      const made = [...this.sends.values()].filter(({ at }) => at >= since && at <= until).reverse();
      const listed = made.map(({ key, at, message }) => ({
        key,
        at,
        text: message.text,
        attachments: message.attachments.map(({ kind }) => kind),
      }));
      return this.#page(listed, cursor);
    });
  }

  async confirmations(send: PlatformKey, cursor: string): Promise<Page<SendConfirmation>> {
    return this.#platform.answer('groupSends.confirmations', [send, cursor], () => {
      const { sender, confirmedAt } = this.#send('groupSends.confirmations', send);
      const state = confirmedAt ? ('confirmed' as const) : ('waiting' as const);
      return this.#page([{ member: sender, state, at: confirmedAt }], cursor);
    });
  }

  async results(of: { send: PlatformKey; member: PlatformKey }, cursor: string): Promise<Page<SendResult>> {
    return this.#platform.answer('groupSends.results', [of, cursor], () => {
      const { sender, results } = this.#send('groupSends.results', of.send);
      return this.#page(sender === of.member ? results : [], cursor);
    });
  }

  async remind(send: PlatformKey): Promise<void> {
    return this.#platform.answer('groupSends.remind', [send], () => {
      const { remindedAt, isCancelled } = this.#send('groupSends.remind', send);
      const now = this.#platform.now();
      const today = remindedAt.filter((at) => now.getTime() - at.getTime() < dayMs);
      if (isCancelled) this.#platform.refuse('groupSends.remind', 'cancelled');
      if (today.length >= this.limits.remindersMax) this.#platform.refuse('groupSends.remind', 'too often');
      remindedAt.push(now);
    });
  }

  async cancel(send: PlatformKey): Promise<void> {
    return this.#platform.answer('groupSends.cancel', [send], () => {
      this.#send('groupSends.cancel', send).isCancelled = true;
    });
  }

  async preview(to: PlatformKey, message: ContactMessage): Promise<{ reached: boolean }> {
    return this.#platform.answer('groupSends.preview', [to, message], () => {
      this.#check('groupSends.preview', message);
      const reached = !this.#platform.unreachable.has(to) && this.#platform.members.get(to)?.active === true;
      if (reached) this.previews.push({ to, message });
      return { reached };
    });
  }

  /** The member sends it: what the contacts get follows by `settle` or, for all at once, here. */
  confirm(send: PlatformKey, state: SendResult['state'] = 'delivered'): void {
    const found = this.#send('groupSends.confirmations', send);
    if (found.isCancelled) throw new Error(`${send} was cancelled.`);
    found.confirmedAt = this.#platform.now();
    for (const { contact } of found.results) this.settle(send, contact, state);
  }

  settle(send: PlatformKey, contact: PlatformKey, state: SendResult['state']): void {
    const row = this.#send('groupSends.results', send).results.find((one) => one.contact === contact);
    if (!row) throw new Error(`${send} does not go to ${contact}.`);
    Object.assign(row, { state, at: state === 'delivered' ? this.#platform.now() : null });
  }

  #check(call: 'groupSends.start' | 'groupSends.preview', message: ContactMessage): void {
    const { text, attachments } = message;
    if (text === '' && attachments.length === 0) this.#platform.refuse(call, 'empty');
    if (Buffer.byteLength(text) > this.limits.textBytesMax) this.#platform.refuse(call, 'text too long');
    if (attachments.length > this.limits.attachmentsMax) this.#platform.refuse(call, 'too many attachments');
    if (attachments.some((one) => this.#isTooLong(one))) this.#platform.refuse(call, 'attachment too long');
    if (this.#platform.media?.has(message) === false) this.#platform.missing(call);
  }

  #isTooLong(one: MessageAttachment): boolean {
    const { link, appTitleBytesMax } = this.limits;
    if (one.kind === 'app') return Buffer.byteLength(one.title) > appTitleBytesMax;
    return (
      one.kind === 'link' &&
      (Buffer.byteLength(one.title) > link.titleBytesMax ||
        Buffer.byteLength(one.description) > link.descriptionBytesMax ||
        Buffer.byteLength(one.url) > link.urlBytesMax)
    );
  }

  #send(call: `groupSends.${'confirmations' | 'results' | 'remind' | 'cancel'}`, key: PlatformKey): FakeSend {
    return this.sends.get(key) ?? this.#platform.missing(call);
  }

  #page<T>(all: T[], cursor: string): Page<T> {
    const start = cursor === '' ? 0 : Number(cursor);
    const end = start + this.#platform.pageSize;
    return { items: all.slice(start, end), nextCursor: end < all.length ? String(end) : '' };
  }
}
