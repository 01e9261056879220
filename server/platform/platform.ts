import type { ApprovalForms } from './approval-form.ts';
import type { CallbackRequest, CallbackResult, PlatformStream } from './callback.ts';
import type { Card } from './card.ts';
import type { ChatArchive } from './chat-archive.ts';
import type { ContactChannels } from './contact-channel.ts';
import type { ContactTransfers } from './contact-transfer.ts';
import type { ContactProfile, FollowKey, RemarkEdit, TagGroup } from './contact.ts';
import type { GroupSends } from './group-send.ts';
import type { PlatformKey } from './key.ts';
import type { MediaStore } from './media.ts';
import type { DepartmentProfile, MemberProfile } from './member.ts';
import type { ContactMessage } from './message.ts';
import type { Page } from './page.ts';
import type { TodoDraft, TodoKey } from './todo.ts';

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

/** What differs between platforms and has no port of its own. */
export interface Capabilities {
  /** Members have contacts outside the company; else nothing of contacts and tags is asked for. */
  contacts: boolean;
  /** Our page opens beside a chat with a contact. */
  sidebar: boolean;
  /** Whether a card can be shown, and how often its face may change: as often as wanted, or once for each code. */
  cardUpdates: 'any' | 'once' | 'none';
  /** Whether it has a list of todos of its own. */
  todos: boolean;
  /** Whether a contact can be welcomed as they come. */
  welcome: boolean;
  /** Of a welcome's text, in UTF-8. */
  welcomeBytesMax: number;
  /** Members per listContacts call. */
  contactOwnersMax: number;
  /** In characters. */
  remarkLengthMax: number;
}
