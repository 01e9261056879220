import type { DingtalkWire, DingtalkWorld } from './dingtalk-world.ts';
import type { Faults, Settings } from './fault-api.ts';
import type { LiveEvent, LogEntry } from './sandbox-api.ts';
import type { MessageCard, SendOutcome } from './wecom-send-api.ts';
import type { CardFace, Consent, Relation, SandboxMessage, TransferState } from './wecom-window-api.ts';

/** Everything the sandbox's company and platform consist of; kept in one file between starts. */
export interface World {
  version: 1;
  seed: number;
  /** How many worlds there were before this one. */
  round: number;
  /** Of the archive; grows over worlds too, as the product asks from where it stopped. */
  lastSeq: number;
  company: Company;
  departments: Department[];
  members: Record<string, Member>;
  contacts: Record<string, Contact>;
  /** By pairOf(member, contact). */
  follows: Record<string, Follow>;
  chats: Record<string, ChatMessage[]>;
  tagGroups: TagGroup[];
  archive: ArchiveRow[];
  notices: Notice[];
  credentials: Credential[];
  logins: LoginCode[];
  welcomes: WelcomeCode[];
  cards: WecomCard[];
  cardCodes: CardCode[];
  transfers: Transfer[];
  groupSends: GroupSend[];
  contactWays: ContactWay[];
  acquisitionLinks: AcquisitionLink[];
  uploads: Upload[];
  media: { id: string; name: string; bytes: number; at: number }[];
  dingtalk: DingtalkWorld;
  demo: { member: string; contact: string; secondContact: string; stranger: string };
  /** The admin has been through the product's settings (first-day.ts). */
  isFirstDayOver?: boolean;
  /** And has said which accounts are one person's. */
  areAccountsJoined?: boolean;
  faults: Faults;
  settings: Settings;
}

/** What an operator would type into the product's configuration; made once and kept over a reset. */
export interface Company {
  name: string;
  corpId: string;
  agentId: string;
  secret: string;
  archiveSecret: string;
  contactSyncSecret: string;
  callbackToken: string;
  callbackAesKey: string;
  modelKey: string;
  archiveKeys: { version: number; privateKey: string; publicKey: string }[];
}

export interface Department {
  id: number;
  name: string;
  parentId: number;
  order: number;
}

export interface Member {
  userid: string;
  name: string;
  position: string;
  departments: number[];
  leaderOf: number[];
  mobile: string;
  email: string;
  gender: 1 | 2;
  active: boolean;
  leftAt?: number;
  mayHaveContacts: boolean;
}

export interface Contact {
  id: string;
  name: string;
  type: 'wechat' | 'wecom';
  gender: 0 | 1 | 2;
  corpName: string | null;
  corpFullName: string | null;
  position: string | null;
  unionid: string | null;
}

export interface Follow {
  member: string;
  contact: string;
  relation: Relation;
  consent: Consent;
  consentAt: number | null;
  remark: string;
  description: string;
  remarkCorpName: string;
  remarkPhones: string[];
  tagIds: string[];
  /** Tags only the member sees the id of; the API gives their names. */
  personalTags: string[];
  addWay: number;
  state: string;
  createdAt: number;
  by: string;
}

export interface ChatMessage extends SandboxMessage {
  member: string;
  contact: string;
}

export interface TagGroup {
  id: string;
  name: string;
  order: number;
  createdAt: number;
  /** Made by the app through the API: it may change only these. */
  byApp: boolean;
  tags: { id: string; name: string; order: number; createdAt: number }[];
}

export interface ArchiveRow {
  seq: number;
  msgid: string;
  at: number;
  /** The record as DecryptData gives it. */
  plain: Record<string, unknown>;
}

export interface Notice {
  id: string;
  member: string;
  at: number;
  kind: string;
  text: string;
  url: string | null;
  card?: MessageCard;
}

/** One member's copy of a template card. */
export interface WecomCard {
  id: string;
  /** '' for a card that tells nothing when it is pressed and cannot be changed. */
  taskId: string;
  member: string;
  at: number;
  face: CardFace;
}

/** Good for one change of the card's copies. */
export interface CardCode {
  code: string;
  taskId: string;
  issuedAt: number;
  used: boolean;
}

/** A customer who goes, or went, or did not go, from one member to another. */
export interface Transfer {
  from: string;
  to: string;
  contact: string;
  leaver: boolean;
  message: string;
  state: TransferState;
  askedAt: number;
  /** When it settles by itself; later, when it did. */
  at: number;
}

/** A message members are asked to send to their customers. */
export interface GroupSend {
  id: string;
  at: number;
  text: string;
  /** As the call gave them, without the keys of media. */
  attachments: Record<string, unknown>[];
  cards: MessageCard[];
  /** Members see it. */
  isDispatched: boolean;
  cancelledAt: number | null;
  remindedAt: number[];
  tasks: SendTask[];
}

export interface SendTask {
  member: string;
  state: 'waiting' | 'sending' | 'sent' | 'declined' | 'cancelled';
  confirmedAt: number | null;
  /** `at`: when it settles, once the member has confirmed; later, when it did. */
  contacts: { contact: string; outcome: SendOutcome; at: number | null }[];
}

export interface ContactWay {
  id: string;
  type: 1 | 2;
  remark: string;
  state: string;
  skipVerify: boolean;
  users: string[];
  party: number[];
  at: number;
  addedCount: number;
}

export interface AcquisitionLink {
  id: string;
  name: string;
  skipVerify: boolean;
  users: string[];
  at: number;
  addedCount: number;
}

/** A file the product uploaded; kept three days (D90253). */
export interface Upload {
  id: string;
  type: string;
  name: string;
  bytes: number;
  at: number;
}

export interface Credential {
  kind: 'app' | 'archive' | 'contact_sync' | 'corp_ticket' | 'agent_ticket';
  value: string;
  expiresAt: number;
}

export interface LoginCode {
  code: string;
  member: string;
  expiresAt: number;
  used: boolean;
}

export interface WelcomeCode {
  code: string;
  member: string;
  contact: string;
  issuedAt: number;
  used: boolean;
}

/** The running sandbox, as its parts see it. */
export interface Stage {
  world: World;
  /** Origin a browser sees. */
  url: string;
  productUrl: string;
  /** Platforms the company does not use. */
  without: readonly string[];
  /** Where the bytes of uploaded pictures are. */
  uploadFolder: string;
  now(): number;
  /** Something in the world is other than before: it will be written down. */
  changed(): void;
  tell(event: LiveEvent): void;
  log(entry: Omit<LogEntry, 'id' | 'at'>): void;
  /** Pushes an event to the product, as the platform does. */
  push(event: Push): void;
  /** The same for DingTalk. */
  dingtalk: DingtalkWire;
  /** New records are in the archive: they will be announced together. */
  announceArchive(): void;
}

/** Fields of an event's XML beside the envelope, in order; numbers are bare, strings CDATA. */
export interface Push {
  event: string;
  from?: string;
  fields: Record<string, string | number>;
  /** For messages to the app. */
  msgType?: string;
}

export const pairOf = (member: string, contact: string): string => `${member}|${contact}`;

export function followOf(world: World, member: string, contact: string): Follow | undefined {
  return world.follows[pairOf(member, contact)];
}

/** A one-way friend (deleted by the customer) stays readable; half-added or deleted by the member is not. */
export function isReadable(follow: Follow | undefined): follow is Follow {
  return follow?.relation === 'friend' || follow?.relation === 'deleted_by_contact';
}

export function followsOf(world: World, member: string): Follow[] {
  return Object.values(world.follows).filter((follow) => follow.member === member);
}

/** Seconds, as every WeCom API but the archive counts. */
export const seconds = (ms: number): number => Math.floor(ms / 1000);

/** Null when it is none. */
export function jsonIn(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Unix seconds now, as replies of the API carry them. */
export const nowSeconds = (stage: Stage): number => seconds(stage.now());
