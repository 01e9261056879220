import type { Card } from './card.ts';
import type { PlatformEvent } from './event.ts';

/** The platform's own id of a thing. Unique per platform and kind of thing only. */
export type PlatformKey = string;

/**
 * A chat platform, as the rooms of server/ see it. Every method that goes to the network throws PlatformError and
 * nothing else; answers are parsed before they are returned. What a platform cannot do is a capability, never a name.
 */
export interface Platform {
  readonly name: string;
  readonly capabilities: Capabilities;

  /** No I/O. Throws CallbackRefused; an event it does not know is an event of kind `unknown`. */
  readCallback(request: CallbackRequest): CallbackResult;
  /** Where the platform can push over a connection that we open; null: it only calls us. */
  readonly stream: PlatformStream | null;

  listDepartments(): Promise<DepartmentProfile[]>;
  listMembers(departmentKey: PlatformKey): Promise<MemberProfile[]>;
  getMember(key: PlatformKey): Promise<MemberProfile>;
  /** Members who may have contacts. */
  listContactOwners(): Promise<PlatformKey[]>;

  /** A contact with every follow the platform shows us. */
  getContact(key: PlatformKey): Promise<ContactProfile>;
  /** Contacts of up to `contactOwnersMax` members, page by page; each with the follow of one of these members. */
  listContacts(owners: PlatformKey[], cursor: string): Promise<Page<ContactProfile>>;
  /** Keys only, of one member: what the full sync compares with. */
  listContactKeys(owner: PlatformKey): Promise<PlatformKey[]>;
  saveRemark(of: FollowKey, remark: RemarkEdit): Promise<void>;
  listTags(): Promise<TagGroup[]>;
  markTags(of: FollowKey, change: { add: PlatformKey[]; remove: PlatformKey[] }): Promise<void>;
  /** `code` comes with the event and is good for one use within 20 s. */
  sendWelcome(code: string, message: ContactMessage): Promise<void>;

  /** A message from the app to members. Answers those it could not reach. */
  sendNotice(to: PlatformKey[], notice: { text: string; url?: string }): Promise<{ unreached: PlatformKey[] }>;

  /**
   * A card for one member. `updateCode` is what `updateCard` needs where `cardUpdates` is 'once'. Sending the same key
   * again makes no second card. `reached` is false when the platform does not reach the member.
   */
  sendCard(to: PlatformKey, card: Card): Promise<{ reached: boolean; updateCode: string | null }>;
  /** Shows another face of a card that was sent to `to`. */
  updateCard(to: PlatformKey, card: Card, updateCode: string | null): Promise<void>;

  /** A todo in the platform's own list. `sourceKey` is ours: the same one makes no second todo. */
  addTodo(todo: TodoDraft): Promise<PlatformKey>;
  changeTodo(of: TodoKey, change: { title?: string; dueAt?: Date | null; done?: boolean }): Promise<void>;
  removeTodo(of: TodoKey): Promise<void>;
  /** Null when the member has no such todo. */
  readTodo(of: TodoKey): Promise<{ done: boolean } | null>;

  /** Null where the platform has no approval forms of its own. */
  readonly forms: ApprovalForms | null;
  /** Null where the platform hands over no contacts. */
  readonly transfers: ContactTransfers | null;
  /** Null where no file can be sent to contacts. */
  readonly media: MediaStore | null;
  /** Null where members send nothing to many contacts at once. */
  readonly groupSends: GroupSends | null;
  /** Null where there is no code or link by which contacts come in. */
  readonly channels: ContactChannels | null;

  /** Where a browser goes to come back with a `code` for `memberFromLogin`. */
  loginUrl(redirectUrl: string, state: string): string;
  memberFromLogin(code: string): Promise<PlatformKey>;
  /** What the page needs to open the platform's JS bridge. `url` without `#…`. The page's host adapter knows the shape. */
  clientConfig(url: string): Promise<Record<string, unknown>>;

  /** Null where the company has no archive. */
  readonly archive: ChatArchive | null;
}

export interface Capabilities {
  contacts: boolean;
  sidebar: boolean;
  /** Whether a card can be shown, and how often its face may change: as often as wanted, or once for each code. */
  cardUpdates: 'any' | 'once' | 'none';
  todos: boolean;
  welcome: boolean;
  /** Of a welcome's text, in UTF-8. */
  welcomeBytesMax: number;
  /** Members per listContacts call. */
  contactOwnersMax: number;
  remarkLengthMax: number;
}

/** A callback as it came, before anything is believed. `body` is raw. */
export interface CallbackRequest {
  method: 'GET' | 'POST';
  query: Record<string, string>;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
  receivedAt: Date;
}

/** `reply` is the HTTP body to answer with once the events are stored. */
export interface CallbackResult {
  reply: string;
  /** text/plain unless said. */
  replyType?: 'application/json';
  events: CallbackEvent[];
  /** The platform never sends these twice: whoever does is somebody else, and is refused. */
  neverRepeats?: boolean;
}

export interface CallbackEvent {
  event: PlatformEvent;
  /** The decrypted body: what makes two deliveries the same event. */
  body: Buffer;
}

/** A connection we keep open for what the platform would otherwise call us with. */
export interface PlatformStream {
  /**
   * Connects, and connects again whenever the connection ends, until `close`. What comes is acknowledged when `receive`
   * has resolved; when it throws, the platform is told to send it again. `observe` hears of every change of the
   * connection, for log and metrics.
   */
  open(
    receive: (event: CallbackEvent) => Promise<void>,
    observe: (state: 'connected' | 'disconnected', why: string) => void,
  ): { close(): Promise<void> };
}

export interface TodoDraft {
  sourceKey: string;
  to: PlatformKey;
  title: string;
  dueAt: Date | null;
  url: string;
}

export interface TodoKey {
  todo: PlatformKey;
  member: PlatformKey;
}

/** The platform's own approval forms: the company's templates, decided where the company is used to. */
export interface ApprovalForms {
  /** Starts a form from a template. `fields` go by the labels of the template. */
  start(form: {
    template: string;
    by: PlatformKey;
    fields: { label: string; text: string }[];
    /** Who decides, in sequence; [] leaves it to the template. */
    approvers: { of: 'any' | 'all'; members: PlatformKey[] }[];
  }): Promise<PlatformKey>;
  /** A form of this template started by `by` since `since` whose field `label` reads `text`; null when there is none. */
  find(of: {
    template: string;
    by: PlatformKey;
    since: Date;
    label: string;
    text: string;
  }): Promise<PlatformKey | null>;
  read(form: PlatformKey): Promise<FormState>;
  /** Decides for a member whose turn it is. `rejected` when it is not. */
  decide(form: PlatformKey, decision: { by: PlatformKey; agree: boolean; remark: string }): Promise<void>;
  withdraw(form: PlatformKey, by: PlatformKey): Promise<void>;
}

export interface FormState {
  state: 'running' | 'agreed' | 'refused' | 'withdrawn';
  finishedAt: Date | null;
  /** In order. Who has a turn now has `result` null. */
  turns: { member: PlatformKey; result: 'agreed' | 'refused' | 'passed_on' | null; at: Date | null; remark: string }[];
}

export interface ContactTransfers {
  /** Of contacts per call. */
  batchMax: number;
  /**
   * Asks the platform to hand contacts over. `leaver`: the giver has left the company. `message`: what the contacts are
   * told when they went over, where the platform tells them. Those it refuses come back with its code.
   */
  start(of: TransferKey & { contacts: PlatformKey[]; message?: string }): Promise<{ refused: TransferRefusal[] }>;
  /** What became of contacts handed over between these two. */
  results(of: TransferKey, cursor: string): Promise<Page<TransferResult>>;
}

export interface TransferKey {
  from: PlatformKey;
  to: PlatformKey;
  leaver: boolean;
}

export interface TransferRefusal {
  contact: PlatformKey;
  /** The platform's own. */
  code: string;
  reason: TransferReason;
}

/**
 * Why a contact does not go over. `giver_here`: asked for as a leaver's, but the giver has not left. `dormant`: giver or
 * taker has not been there for too long.
 */
export type TransferReason =
  | 'unknown_contact'
  | 'not_followed'
  | 'under_way'
  | 'too_often'
  | 'taker_full'
  | 'taker_unready'
  | 'giver_here'
  | 'giver_blocked'
  | 'dormant'
  | 'other';

export interface TransferResult {
  contact: PlatformKey;
  /** `full`: the taker may have no more contacts. */
  state: 'waiting' | 'done' | 'refused_by_contact' | 'full';
  /** When it went over; while it waits, when it will. */
  at: Date | null;
}

/** What contacts are sent: a text ('' when there is none), then each attachment as a message of its own. */
export interface ContactMessage {
  text: string;
  attachments: MessageAttachment[];
}

/** `media` and `picture` are keys of the MediaStore, unless said. */
export type MessageAttachment =
  | { kind: 'image' | 'video' | 'file'; media: PlatformKey }
  /** `pictureUrl` is a public address, or null. */
  | { kind: 'link'; title: string; description: string; url: string; pictureUrl: string | null }
  /** A mini program. */
  | { kind: 'app'; title: string; appId: string; page: string; picture: PlatformKey };

export const mediaKinds = ['image', 'video', 'file'] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** Files the platform keeps for some days, to be named in messages; a call that names one it no longer has is `not_found`. */
export interface MediaStore {
  /** In bytes, and by Content-Type; [] takes any. */
  limits: Record<MediaKind, { bytesMin: number; bytesMax: number; types: readonly string[] }>;
  upload(file: { kind: MediaKind; name: string; type: string; bytes: Buffer }): Promise<{
    key: PlatformKey;
    expiresAt: Date;
  }>;
}

/** Messages to many contacts of one member. Nothing reaches a contact before the member has confirmed it. */
export interface GroupSends {
  limits: {
    /** Per call. */
    contactsMax: number;
    /** In UTF-8. */
    textBytesMax: number;
    attachmentsMax: number;
    /** In UTF-8, of an attachment of this kind; longer ones are `rejected`. */
    link: { titleBytesMax: number; descriptionBytesMax: number; urlBytesMax: number };
    appTitleBytesMax: number;
    /** Of one send, in 24 hours. */
    remindersMax: number;
    /** How long after its start the results of a send still change. */
    resultsDays: number;
  };
  /**
   * Asks `sender` to send this to `contacts`. `unsendable` are those the platform leaves out at once. `nobody` when none
   * of them can be sent to: then there is no send. Not safe to repeat: what gave no answer is looked for by `list`.
   */
  start(send: {
    sender: PlatformKey;
    contacts: PlatformKey[];
    message: ContactMessage;
  }): Promise<{ key: PlatformKey; unsendable: PlatformKey[] } | 'nobody'>;
  /** Sends started by this app, or another of the company, between two times; newest first as a rule. */
  list(between: { since: Date; until: Date }, cursor: string): Promise<Page<ListedSend>>;
  /** Whom a send was asked of, and who confirmed. */
  confirmations(send: PlatformKey, cursor: string): Promise<Page<SendConfirmation>>;
  /** What became of each contact of one member. */
  results(of: { send: PlatformKey; member: PlatformKey }, cursor: string): Promise<Page<SendResult>>;
  /** Reminds those who have not confirmed. `rejected` when it was done often enough today. */
  remind(send: PlatformKey): Promise<void>;
  /** Takes it back from those who have not confirmed. Safe to repeat. What has left cannot be recalled. */
  cancel(send: PlatformKey): Promise<void>;
  /** Shows a member what contacts would get, as messages of the app. */
  preview(to: PlatformKey, message: ContactMessage): Promise<{ reached: boolean }>;
}

/** Whose it is, `confirmations` says; whom it is for, their `results`. */
export interface ListedSend {
  key: PlatformKey;
  at: Date;
  text: string;
  /** Their kinds, in order: media keys are not told. */
  attachments: string[];
}

export interface SendConfirmation {
  member: PlatformKey;
  state: 'waiting' | 'confirmed';
  at: Date | null;
}

export interface SendResult {
  contact: PlatformKey;
  /** `not_connected`: they are no longer connected. `over_quota`: the contact was sent too much this day, week or month. */
  state: 'waiting' | 'delivered' | 'not_connected' | 'over_quota';
  at: Date | null;
}

/** Codes to scan and links to open, by which a contact adds one of several members. */
export interface ContactChannels {
  limits: {
    membersMax: number;
    /** In UTF-8; of the state that comes back with `contact_added`. */ stateBytesMax: number;
  };
  /** Not safe to repeat: what gave no answer is looked for by `findCode`. */
  createCode(code: CodeDraft): Promise<CodeProfile>;
  /** A code with this state made since; null when there is none. */
  findCode(of: { state: string; since: Date }): Promise<CodeProfile | null>;
  updateCode(key: PlatformKey, code: CodeDraft): Promise<void>;
  removeCode(key: PlatformKey): Promise<void>;
  /** Links are found again by their name, which is ours. */
  createLink(link: LinkDraft): Promise<LinkProfile>;
  findLink(of: { name: string; since: Date }): Promise<LinkProfile | null>;
  updateLink(key: PlatformKey, link: LinkDraft): Promise<void>;
  removeLink(key: PlatformKey): Promise<void>;
  /** The link as it is given out, so that its state comes back with who opens it. */
  linkUrl(url: string, state: string): string;
}

export interface CodeDraft {
  members: PlatformKey[];
  state: string;
  /** For people in the platform's own console. */
  note: string;
  /** The contact is added without the member's consent. */
  skipVerify: boolean;
}

export interface CodeProfile {
  key: PlatformKey;
  /** Where its picture is. */
  imageUrl: string;
}

export interface LinkDraft {
  name: string;
  members: PlatformKey[];
  skipVerify: boolean;
}

export interface LinkProfile {
  key: PlatformKey;
  url: string;
}

export interface Page<T> {
  items: T[];
  /** '' when there is no more. Pass back verbatim. */
  nextCursor: string;
}

export interface DepartmentProfile {
  key: PlatformKey;
  name: string;
  parentKey: PlatformKey | null;
  order: number;
}

export interface MemberProfile {
  key: PlatformKey;
  name: string;
  position: string | null;
  avatar: string | null;
  mobile: string | null;
  email: string | null;
  active: boolean;
  departments: { key: PlatformKey; isLeader: boolean }[];
}

export interface ContactProfile {
  key: PlatformKey;
  name: string;
  avatar: string | null;
  type: 'messenger' | 'colleague';
  gender: 0 | 1 | 2;
  unionKey: string | null;
  corpName: string | null;
  corpFullName: string | null;
  position: string | null;
  follows: FollowProfile[];
}

export interface FollowProfile {
  member: PlatformKey;
  remark: string | null;
  description: string | null;
  remarkCorpName: string | null;
  remarkPhones: string[];
  tagKeys: PlatformKey[];
  addWay: number | null;
  channel: string | null;
  addedAt: Date | null;
}

export interface FollowKey {
  contact: PlatformKey;
  member: PlatformKey;
}

/** Fields left out stay as they are; phones are replaced as a whole. */
export interface RemarkEdit {
  remark?: string;
  description?: string;
  corpName?: string;
  phones?: string[];
}

export interface TagGroup {
  key: PlatformKey;
  name: string;
  order: number;
  tags: { key: PlatformKey; name: string; order: number }[];
}

/** Chat records as the platform keeps them, in the order of an ever-growing sequence number. */
export interface ChatArchive {
  /** Records after `afterSeq`, at most `limit`; `[]` when there are none. One that cannot be decrypted says why. */
  pull(afterSeq: bigint, limit: number): Promise<ArchiveRecord[]>;
  /** The bytes of a media reference, in chunks. */
  readMedia(reference: string): AsyncIterable<Buffer>;
  consentOf(of: FollowKey[]): Promise<{ follow: FollowKey; consent: 'agreed' | 'refused' | 'unknown' }[]>;
}

export type ArchiveRecord =
  | { seq: bigint; key: string; state: 'unreadable'; reason: string }
  | { seq: bigint; key: string; state: 'message'; message: ArchivedMessage }
  | { seq: bigint; key: string; state: 'recall'; recalledKey: string; at: Date }
  /** A record that is no message between people: a member switching device, a consent … */
  | { seq: bigint; key: string; state: 'skipped'; reason: string };

export interface ArchivedMessage {
  from: PlatformKey;
  to: PlatformKey[];
  /** '' in a chat of two. */
  group: string;
  at: Date;
  kind: 'text' | 'image' | 'voice' | 'video' | 'file' | 'link' | 'location' | 'card' | 'other';
  text: string;
  media: { name: string | null; bytes: number | null; reference: string } | null;
}

/** What a platform is given to work with. */
export interface PlatformTools {
  /** One credential for every process: read from the store, refreshed by one caller while the others wait. */
  sharedToken(
    name: string,
    refresh: () => Promise<{ value: string; expiresInMs: number }>,
    options?: { isBad?: string },
  ): Promise<string>;
  now(): Date;
  /** Told of every call, for the metrics. Never given a body or a credential. */
  observeCall(call: { platform: string; call: string; code: string; durationMs: number }): void;
}

/** How main.ts makes a platform without knowing its name. */
export interface PlatformDriver {
  name: string;
  /** Environment keys it reads, for .env.example: [key, what it is, example or default]. */
  env: readonly EnvKey[];
  /** Null when this deployment has not set it up; throws a sentence when it is set up by half. */
  create(env: Record<string, string | undefined>, tools: PlatformTools): Platform | null;
}

export interface EnvKey {
  key: string;
  about: string;
  default?: string;
  secret?: boolean;
}
