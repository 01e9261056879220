import { CallbackRefused, PlatformError, type PlatformErrorKind } from '#server/platform/platform-error.ts';
import { platformEvent, type PlatformEvent } from '#server/platform/event.ts';
import type { Card } from '#server/platform/card.ts';
import type { ApprovalForms, FormState } from '#server/platform/approval-form.ts';
import type { ArchivedMessage, ArchiveRecord, ChatArchive } from '#server/platform/chat-archive.ts';
import type { CallbackEvent, CallbackRequest, CallbackResult, PlatformStream } from '#server/platform/callback.ts';
import type { Capabilities, Platform } from '#server/platform/platform.ts';
import type { ContactChannels } from '#server/platform/contact-channel.ts';
import type { ContactMessage } from '#server/platform/message.ts';
import type { ContactProfile, FollowKey, FollowProfile, RemarkEdit, TagGroup } from '#server/platform/contact.ts';
import type {
  ContactTransfers,
  TransferKey,
  TransferReason,
  TransferRefusal,
  TransferResult,
} from '#server/platform/contact-transfer.ts';
import type { DepartmentProfile, MemberProfile } from '#server/platform/member.ts';
import type { GroupSends } from '#server/platform/group-send.ts';
import type { Page } from '#server/platform/page.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { TodoDraft, TodoKey } from '#server/platform/todo.ts';
import { FakeChannels } from './fake-channels.ts';
import { FakeGroupSends, FakeMediaStore } from './fake-sends.ts';

type NetworkMethod =
  | {
      [Name in keyof Platform]: Platform[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
    }[keyof Platform]
  | 'pull'
  | 'readMedia'
  | 'consentOf'
  | `forms.${keyof ApprovalForms}`
  | `transfers.${Exclude<keyof ContactTransfers, 'batchMax'>}`
  | 'media.upload'
  | `groupSends.${Exclude<keyof GroupSends, 'limits'>}`
  | `channels.${Exclude<keyof ContactChannels, 'limits' | 'linkUrl'>}`;

const CALLBACK_AGE_MS_MAX = 3_600_000;

interface Fault {
  method: NetworkMethod;
  /** `instead`: nothing happens. `after`: it happens, and the answer is lost. */
  when: 'instead' | 'after';
  error: PlatformError;
  times: number;
}

/**
 * A chat platform in memory that keeps the port's promises: keys it does not know are `not_found`, a welcome code serves
 * once, a page's cursor leads to the next. What the company has is set with `add…`; what was asked of the platform is in
 * `calls`; `fail`, `loseAnswer` and `hold` make it misbehave.
 */
export class FakePlatform implements Platform {
  readonly name: string;
  readonly capabilities: Capabilities = {
    contacts: true,
    sidebar: true,
    cardUpdates: 'any',
    todos: true,
    welcome: true,
    welcomeBytesMax: 4000,
    contactOwnersMax: 2,
    remarkLengthMax: 20,
  };
  archive: FakeArchive | null = new FakeArchive(this);
  forms: FakeForms | null = new FakeForms(this);
  transfers: FakeTransfers | null = new FakeTransfers(this);
  media: FakeMediaStore | null = new FakeMediaStore(this);
  groupSends: FakeGroupSends | null = new FakeGroupSends(this);
  channels: FakeChannels | null = new FakeChannels(this);
  stream: FakeStream | null = new FakeStream();

  departments = new Map<PlatformKey, DepartmentProfile>();
  members = new Map<PlatformKey, MemberProfile>();
  contacts = new Map<PlatformKey, ContactProfile>();
  /** Members who may have contacts; null: every active one. */
  owners: PlatformKey[] | null = null;
  tagGroups: TagGroup[] = [];
  /** Login codes by member; each serves once. */
  logins = new Map<string, PlatformKey>();
  welcomeCodes = new Set<string>();
  unreachable = new Set<PlatformKey>();
  pageSize = 2;
  /** Its clock; in a world of `useWorld` the world's. */
  now: () => Date = () => new Date();
  /** While true, no call gets through. */
  isDown = false;

  /** Every call that would have gone to the network, in order. */
  calls: { method: NetworkMethod; args: unknown[] }[] = [];
  welcomes: { code: string; text: string; attachments?: ContactMessage['attachments'] }[] = [];
  notices: { to: PlatformKey; text: string; url: string | null }[] = [];
  /** Cards by key, as each member sees them now. */
  cards = new Map<string, { to: PlatformKey; card: Card }>();
  todos = new Map<PlatformKey, TodoDraft & { done: boolean }>();

  #faults: Fault[] = [];
  #gates = new Map<NetworkMethod, Promise<void>>();

  constructor(name = 'fake') {
    this.name = name;
  }

  /** As new: for `beforeEach`. */
  reset(): void {
    for (const store of [this.departments, this.members, this.contacts, this.logins]) store.clear();
    this.archive = new FakeArchive(this);
    this.forms = new FakeForms(this);
    this.transfers = new FakeTransfers(this);
    this.media = new FakeMediaStore(this);
    this.groupSends = new FakeGroupSends(this);
    this.channels = new FakeChannels(this);
    this.stream = new FakeStream();
    this.cards.clear();
    this.todos.clear();
    this.owners = null;
    this.tagGroups = [];
    this.welcomeCodes.clear();
    this.unreachable.clear();
    this.pageSize = 2;
    this.isDown = false;
    this.calls = [];
    this.welcomes = [];
    this.notices = [];
    this.#faults = [];
    this.#gates.clear();
  }

  addDepartment(key: PlatformKey, about: Partial<DepartmentProfile> = {}): DepartmentProfile {
    const department = { key, name: `Department ${key}`, parentKey: null, order: 0, ...about };
    this.departments.set(key, department);
    return department;
  }

  addMember(key: PlatformKey, about: Partial<MemberProfile> = {}): MemberProfile {
    const member = {
      key,
      name: `Member ${key}`,
      position: null,
      avatar: null,
      mobile: null,
      email: null,
      active: true,
      departments: [],
      ...about,
    };
    this.members.set(key, member);
    return member;
  }

  /** `follows`: member keys, or profiles with at least a member. */
  addContact(
    key: PlatformKey,
    about: Partial<Omit<ContactProfile, 'follows'>> & {
      follows?: (PlatformKey | (Partial<FollowProfile> & { member: PlatformKey }))[];
    } = {},
  ): ContactProfile {
    const contact: ContactProfile = {
      key,
      name: `Contact ${key}`,
      avatar: null,
      type: 'messenger',
      gender: 0,
      unionKey: null,
      corpName: null,
      corpFullName: null,
      position: null,
      ...about,
      follows: (about.follows ?? []).map((follow) =>
        followOf(typeof follow === 'string' ? { member: follow } : follow),
      ),
    };
    this.contacts.set(key, contact);
    return contact;
  }

  /** Tags get the keys `<group>/<name>`. */
  addTags(group: string, ...names: string[]): TagGroup {
    const added = {
      key: group,
      name: group,
      order: 0,
      tags: names.map((name, order) => ({ key: `${group}/${name}`, name, order })),
    };
    this.tagGroups.push(added);
    return added;
  }

  /** The next `times` calls of `method` do nothing and fail. */
  fail(
    method: NetworkMethod,
    kind: PlatformErrorKind,
    about: { code?: string; retryAfterMs?: number; times?: number } = {},
  ): void {
    const error = new PlatformError(kind, { platform: this.name, call: method, ...about });
    this.#faults.push({ method, when: 'instead', error, times: about.times ?? 1 });
  }

  /** Calls do what they should again. */
  endFaults(): void {
    this.#faults = [];
  }

  /** The next call of `method` does what it should, and its answer never comes. */
  loseAnswer(method: NetworkMethod): void {
    const error = new PlatformError('unknown', { platform: this.name, call: method });
    this.#faults.push({ method, when: 'after', error, times: 1 });
  }

  /** Calls of `method` wait until the returned function is called. */
  hold(method: NetworkMethod): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gates.set(method, promise);
    return () => {
      this.#gates.delete(method);
      resolve();
    };
  }

  called(method: NetworkMethod): unknown[][] {
    return this.calls.filter((call) => call.method === method).map((call) => call.args);
  }

  /** What the platform would post for `event`. The same event twice is the same body, unless `salt` differs. */
  callback(event: PlatformEvent, receivedAt: Date, salt = ''): CallbackRequest {
    return {
      method: 'POST',
      query: { signature: 'good', signedAt: receivedAt.toISOString() },
      headers: {},
      body: Buffer.from(JSON.stringify({ event, salt })),
      receivedAt,
    };
  }

  readCallback(request: CallbackRequest): CallbackResult {
    if (request.query['signature'] !== 'good') throw new CallbackRefused('signature', 'Not signed by the fake.');
    const { signedAt } = request.query;
    const ageMs = signedAt ? request.receivedAt.getTime() - Date.parse(signedAt) : 0;
    if (ageMs > CALLBACK_AGE_MS_MAX) throw new CallbackRefused('stale', 'Signed too long ago.');
    if (request.method === 'GET') return { reply: request.query['echo'] ?? '', events: [] };
    return { reply: 'success', events: [{ event: eventOf(request.body), body: request.body }] };
  }

  async listDepartments(): Promise<DepartmentProfile[]> {
    return this.answer('listDepartments', [], () => [...this.departments.values()]);
  }

  async listMembers(departmentKey: PlatformKey): Promise<MemberProfile[]> {
    return this.answer('listMembers', [departmentKey], () =>
      [...this.members.values()].filter(({ departments }) => departments.some(({ key }) => key === departmentKey)),
    );
  }

  async getMember(key: PlatformKey): Promise<MemberProfile> {
    return this.answer('getMember', [key], () => this.members.get(key) ?? this.missing('getMember'));
  }

  async listContactOwners(): Promise<PlatformKey[]> {
    return this.answer(
      'listContactOwners',
      [],
      () => this.owners ?? [...this.members.values()].filter(({ active }) => active).map(({ key }) => key),
    );
  }

  async getContact(key: PlatformKey): Promise<ContactProfile> {
    return this.answer('getContact', [key], () => {
      const contact = this.contacts.get(key);
      // A contact nobody follows is a contact the platform no longer shows.
      return contact && contact.follows.length > 0 ? contact : this.missing('getContact');
    });
  }

  async listContacts(owners: PlatformKey[], cursor: string): Promise<Page<ContactProfile>> {
    return this.answer('listContacts', [owners, cursor], () => {
      if (owners.length > this.capabilities.contactOwnersMax) return this.refuse('listContacts', 'too many owners');
      const pairs = owners.flatMap((owner) =>
        [...this.contacts.values()].flatMap((contact) =>
          contact.follows.filter(({ member }) => member === owner).map((follow) => ({ ...contact, follows: [follow] })),
        ),
      );
      const start = cursor === '' ? 0 : Number(cursor);
      const end = start + this.pageSize;
      return { items: pairs.slice(start, end), nextCursor: end < pairs.length ? String(end) : '' };
    });
  }

  async listContactKeys(owner: PlatformKey): Promise<PlatformKey[]> {
    return this.answer('listContactKeys', [owner], () =>
      [...this.contacts.values()]
        .filter(({ follows }) => follows.some(({ member }) => member === owner))
        .map(({ key }) => key),
    );
  }

  async saveRemark(of: FollowKey, edit: RemarkEdit): Promise<void> {
    return this.answer('saveRemark', [of, edit], () => {
      const follow = this.#follow('saveRemark', of);
      if ((edit.remark?.length ?? 0) > this.capabilities.remarkLengthMax) this.refuse('saveRemark', 'remark too long');
      if (edit.remark !== undefined) follow.remark = edit.remark;
      if (edit.description !== undefined) follow.description = edit.description;
      if (edit.corpName !== undefined) follow.remarkCorpName = edit.corpName;
      if (edit.phones !== undefined) follow.remarkPhones = [...edit.phones];
    });
  }

  async listTags(): Promise<TagGroup[]> {
    return this.answer('listTags', [], () => this.tagGroups);
  }

  async markTags(of: FollowKey, change: { add: PlatformKey[]; remove: PlatformKey[] }): Promise<void> {
    return this.answer('markTags', [of, change], () => {
      const follow = this.#follow('markTags', of);
      const known = new Set(this.tagGroups.flatMap(({ tags }) => tags.map(({ key }) => key)));
      if ([...change.add, ...change.remove].some((key) => !known.has(key))) this.refuse('markTags', 'unknown tag');
      follow.tagKeys = [...new Set([...follow.tagKeys, ...change.add])].filter((key) => !change.remove.includes(key));
    });
  }

  async sendWelcome(code: string, message: ContactMessage): Promise<void> {
    return this.answer('sendWelcome', [code, message], () => {
      const isTooLong = Buffer.byteLength(message.text) > this.capabilities.welcomeBytesMax;
      if (isTooLong) this.refuse('sendWelcome', 'text too long');
      if (this.media?.has(message) === false) this.missing('sendWelcome');
      if (!this.welcomeCodes.delete(code)) this.refuse('sendWelcome', 'code used or unknown');
      const { text, attachments } = message;
      this.welcomes.push({ code, text, ...(attachments.length > 0 ? { attachments } : {}) });
    });
  }

  async sendNotice(to: PlatformKey[], notice: { text: string; url?: string }): Promise<{ unreached: PlatformKey[] }> {
    return this.answer('sendNotice', [to, notice], () => {
      const unreached = to.filter((key) => this.unreachable.has(key) || !this.members.get(key)?.active);
      for (const key of to.filter((key) => !unreached.includes(key))) {
        this.notices.push({ to: key, text: notice.text, url: notice.url ?? null });
      }
      return { unreached };
    });
  }

  async sendCard(to: PlatformKey, card: Card): Promise<{ reached: boolean; updateCode: string | null }> {
    return this.answer('sendCard', [to, card], () => {
      if (this.capabilities.cardUpdates === 'none') this.refuse('sendCard', 'no cards here');
      const reached = !this.unreachable.has(to) && this.members.get(to)?.active === true;
      if (reached && !this.cards.has(card.key)) this.cards.set(card.key, { to, card });
      const hasCode = reached && this.capabilities.cardUpdates === 'once';
      return { reached, updateCode: hasCode ? `update ${card.key}` : null };
    });
  }

  async updateCard(to: PlatformKey, card: Card, updateCode: string | null): Promise<void> {
    return this.answer('updateCard', [to, card, updateCode], () => {
      const shown = this.cards.get(card.key);
      if (shown?.to !== to) this.missing('updateCard');
      if (this.capabilities.cardUpdates === 'once' && !updateCode) this.refuse('updateCard', 'no code');
      this.cards.set(card.key, { to, card });
    });
  }

  async addTodo(draft: TodoDraft): Promise<PlatformKey> {
    return this.answer('addTodo', [draft], () => {
      const key = `todo ${draft.sourceKey}`;
      if (!this.members.get(draft.to)?.active) this.refuse('addTodo', 'no such member');
      if (!this.todos.has(key)) this.todos.set(key, { ...draft, done: false });
      return key;
    });
  }

  async changeTodo(of: TodoKey, change: { title?: string; dueAt?: Date | null; done?: boolean }): Promise<void> {
    return this.answer('changeTodo', [of, change], () => {
      Object.assign(this.#todo('changeTodo', of), change);
    });
  }

  async removeTodo(of: TodoKey): Promise<void> {
    return this.answer('removeTodo', [of], () => {
      this.#todo('removeTodo', of);
      this.todos.delete(of.todo);
    });
  }

  async readTodo(of: TodoKey): Promise<{ done: boolean } | null> {
    return this.answer('readTodo', [of], () => {
      const todo = this.todos.get(of.todo);
      return todo?.to === of.member ? { done: todo.done } : null;
    });
  }

  #todo(call: NetworkMethod, of: TodoKey) {
    const todo = this.todos.get(of.todo);
    return todo?.to === of.member ? todo : this.missing(call);
  }

  loginUrl(redirectUrl: string, state: string): string {
    return `https://fake.test/login?redirect=${encodeURIComponent(redirectUrl)}&state=${encodeURIComponent(state)}`;
  }

  async memberFromLogin(code: string): Promise<PlatformKey> {
    return this.answer('memberFromLogin', [code], () => {
      const member = this.logins.get(code) ?? this.refuse('memberFromLogin', 'code used or unknown');
      this.logins.delete(code);
      return member;
    });
  }

  async clientConfig(url: string): Promise<Record<string, unknown>> {
    return this.answer('clientConfig', [url], () => ({ url, signature: 'fake' }));
  }

  /** One call over the network: recorded, held, failed or answered; always a copy. */
  async answer<T>(method: NetworkMethod, args: unknown[], act: () => T): Promise<T> {
    this.calls.push({ method, args: structuredClone(args) });
    await this.#gates.get(method);
    if (this.isDown) throw new PlatformError('unavailable', { platform: this.name, call: method });
    const fault = this.#faults.find((candidate) => candidate.method === method && candidate.times > 0);
    if (fault) fault.times -= 1;
    if (fault?.when === 'instead') throw fault.error;
    const result = structuredClone(act());
    if (fault) throw fault.error;
    return result;
  }

  missing(call: NetworkMethod): never {
    throw new PlatformError('not_found', { platform: this.name, call });
  }

  refuse(call: NetworkMethod, message: string): never {
    throw new PlatformError('rejected', { platform: this.name, call, message });
  }

  #follow(call: NetworkMethod, of: FollowKey): FollowProfile {
    const follow = this.contacts.get(of.contact)?.follows.find(({ member }) => member === of.member);
    return follow ?? this.missing(call);
  }
}

/** Records are handed out by sequence number, as often as asked. */
export class FakeArchive implements ChatArchive {
  records: ArchiveRecord[] = [];
  media = new Map<string, Buffer>();
  consents = new Map<string, 'agreed' | 'refused'>();
  #platform: FakePlatform;

  constructor(platform: FakePlatform) {
    this.#platform = platform;
  }

  /** Appends a text message; `about` may give it another kind, key or sequence number. */
  say(
    from: PlatformKey,
    to: PlatformKey,
    text: string,
    about: Partial<ArchivedMessage> & { at: Date; key?: string; seq?: bigint },
  ): ArchiveRecord {
    const { key, seq = (this.records.at(-1)?.seq ?? 0n) + 1n, ...message } = about;
    const record: ArchiveRecord = {
      seq,
      key: key ?? `message-${seq}`,
      state: 'message',
      message: { from, to: [to], group: '', kind: 'text', text, media: null, ...message },
    };
    this.records.push(record);
    return record;
  }

  async pull(afterSeq: bigint, limit: number): Promise<ArchiveRecord[]> {
    return this.#platform.answer('pull', [afterSeq, limit], () =>
      this.records
        .filter(({ seq }) => seq > afterSeq)
        .sort((a, b) => Number(a.seq - b.seq))
        .slice(0, limit),
    );
  }

  async *readMedia(reference: string): AsyncIterable<Buffer> {
    const bytes = await this.#platform.answer(
      'readMedia',
      [reference],
      () => this.media.get(reference) ?? this.#platform.missing('readMedia'),
    );
    yield Buffer.from(bytes);
  }

  async consentOf(of: FollowKey[]): Promise<{ follow: FollowKey; consent: 'agreed' | 'refused' | 'unknown' }[]> {
    return this.#platform.answer('consentOf', [of], () =>
      of.map((follow) => ({ follow, consent: this.consents.get(`${follow.contact}:${follow.member}`) ?? 'unknown' })),
    );
  }
}

/** Pushes what a test says, and answers whether it was taken. */
export class FakeStream implements PlatformStream {
  #receive: ((event: CallbackEvent) => Promise<void>) | null = null;

  open(
    receive: (event: CallbackEvent) => Promise<void>,
    observe: (state: 'connected' | 'disconnected', why: string) => void,
  ) {
    this.#receive = receive;
    observe('connected', '');
    return {
      close: async () => {
        this.#receive = null;
        observe('disconnected', 'closed');
      },
    };
  }

  async push(event: PlatformEvent, salt = ''): Promise<boolean> {
    if (!this.#receive) return false;
    const body = Buffer.from(JSON.stringify({ event, salt }));
    return this.#receive({ event, body }).then(
      () => true,
      () => false,
    );
  }
}

type Draft = Parameters<ApprovalForms['start']>[0];

/** Forms in memory: `agree` and `refuse` are what members do on the platform itself. */
export class FakeForms implements ApprovalForms {
  forms = new Map<PlatformKey, Draft & { startedAt: Date } & FormState>();
  #platform: FakePlatform;

  constructor(platform: FakePlatform) {
    this.#platform = platform;
  }

  async start(draft: Draft): Promise<PlatformKey> {
    return this.#platform.answer('forms.start', [draft], () => {
      const key = `form-${this.forms.size + 1}`;
      const turns = (draft.approvers[0]?.members ?? ['boss']).map((member) => ({
        member,
        result: null,
        at: null,
        remark: '',
      }));
      this.forms.set(key, { ...draft, startedAt: new Date(), state: 'running', finishedAt: null, turns });
      return key;
    });
  }

  async find(of: Parameters<ApprovalForms['find']>[0]): Promise<PlatformKey | null> {
    return this.#platform.answer('forms.find', [of], () => {
      const found = [...this.forms].find(
        ([, form]) =>
          form.template === of.template &&
          form.by === of.by &&
          form.fields.some(({ label, text }) => label === of.label && text === of.text),
      );
      return found?.[0] ?? null;
    });
  }

  async read(key: PlatformKey): Promise<FormState> {
    return this.#platform.answer('forms.read', [key], () => {
      const { state, finishedAt, turns } = this.#form('forms.read', key);
      return { state, finishedAt, turns };
    });
  }

  async decide(key: PlatformKey, decision: { by: PlatformKey; agree: boolean; remark: string }): Promise<void> {
    return this.#platform.answer('forms.decide', [key, decision], () => this.#decide('forms.decide', key, decision));
  }

  async withdraw(key: PlatformKey, by: PlatformKey): Promise<void> {
    return this.#platform.answer('forms.withdraw', [key, by], () => {
      const form = this.#form('forms.withdraw', key);
      if (form.state !== 'running') this.#platform.refuse('forms.withdraw', 'ended');
      Object.assign(form, { state: 'withdrawn', finishedAt: new Date() });
    });
  }

  /** A member decides on the platform itself. */
  decideThere(key: PlatformKey, by: PlatformKey, agree: boolean, remark = ''): void {
    this.#decide('forms.decide', key, { by, agree, remark });
  }

  #decide(
    call: NetworkMethod,
    key: PlatformKey,
    { by, agree, remark }: { by: PlatformKey; agree: boolean; remark: string },
  ): void {
    const form = this.#form(call, key);
    const turn = form.turns.find(({ member, result }) => member === by && result === null);
    if (form.state !== 'running' || !turn) this.#platform.refuse(call, 'not their turn');
    Object.assign(turn ?? {}, { result: agree ? 'agreed' : 'refused', at: new Date(), remark });
    Object.assign(form, { state: agree ? 'agreed' : 'refused', finishedAt: new Date() });
  }

  #form(call: NetworkMethod, key: PlatformKey) {
    return this.forms.get(key) ?? this.#platform.missing(call);
  }
}

/** Contacts go over when a test says so. */
export class FakeTransfers implements ContactTransfers {
  readonly batchMax = 2;
  asked = new Map<string, TransferKey & TransferResult>();
  /** Why contacts are refused at once. */
  refusals = new Map<PlatformKey, { code: string; reason: TransferReason }>();
  #platform: FakePlatform;

  constructor(platform: FakePlatform) {
    this.#platform = platform;
  }

  async start(
    of: TransferKey & { contacts: PlatformKey[]; message?: string },
  ): Promise<{ refused: TransferRefusal[] }> {
    return this.#platform.answer('transfers.start', [of], () => {
      const { contacts, message: _, ...key } = of;
      if (contacts.length > this.batchMax) this.#platform.refuse('transfers.start', 'too many');
      const unknown = { code: '404', reason: 'unknown_contact' } as const;
      const refusalOf = (contact: PlatformKey) =>
        this.#platform.contacts.has(contact) ? this.refusals.get(contact) : unknown;
      const refused = contacts.flatMap((contact) => {
        const refusal = refusalOf(contact);
        return refusal ? [{ contact, ...refusal }] : [];
      });
      for (const contact of contacts) {
        if (refusalOf(contact)) continue;
        this.asked.set(`${key.from} ${key.to} ${contact}`, { ...key, contact, state: 'waiting', at: null });
      }
      return { refused };
    });
  }

  async results(of: TransferKey, cursor: string): Promise<Page<TransferResult>> {
    return this.#platform.answer('transfers.results', [of, cursor], () => {
      const all = [...this.asked.values()].filter(
        ({ from, to, leaver }) => from === of.from && to === of.to && leaver === of.leaver,
      );
      const start = cursor === '' ? 0 : Number(cursor);
      const items = all
        .slice(start, start + this.#platform.pageSize)
        .map(({ contact, state, at }) => ({ contact, state, at }));
      const end = start + items.length;
      return { items, nextCursor: end < all.length ? String(end) : '' };
    });
  }

  /** What becomes of a contact handed over. */
  settle(
    of: { from: PlatformKey; to: PlatformKey; contact: PlatformKey },
    state: TransferResult['state'],
    at = new Date(),
  ): void {
    const asked = this.asked.get(`${of.from} ${of.to} ${of.contact}`);
    if (asked) Object.assign(asked, { state, at });
  }
}

function followOf(about: Partial<FollowProfile> & { member: PlatformKey }): FollowProfile {
  return {
    remark: null,
    description: null,
    remarkCorpName: null,
    remarkPhones: [],
    tagKeys: [],
    addWay: null,
    channel: null,
    addedAt: null,
    ...about,
  };
}

function eventOf(body: Buffer): PlatformEvent {
  try {
    return platformEvent.parse((JSON.parse(body.toString()) as { event: unknown }).event);
  } catch {
    throw new CallbackRefused('malformed', 'The callback holds no event.');
  }
}
