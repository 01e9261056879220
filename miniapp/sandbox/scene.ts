import { computed, reactive, shallowRef } from 'vue';
import type { Entry } from '#bot/sandbox/frame-api.ts';
import type { LiveEvent, LogEntry, SandboxState } from '#bot/sandbox/sandbox-api.ts';
import type {
  SandboxCard,
  SandboxChat,
  SandboxContact,
  SandboxMember,
  SandboxMessage,
  SandboxNotice,
} from '#bot/sandbox/wecom-window-api.ts';
import type { Width } from './address.ts';
import { control, sentence, watchSandbox } from './control.ts';
import { hearDingtalk, readDingtalk } from './dingtalk.ts';
import { readChannels, readSends } from './group-send.ts';

const logMax = 500;
/** A storm of calls is drawn a few times a second, not once a call. */
const logDrawMs = 150;

/** A bubble that is on the screen before the sandbox has it. */
export interface Pending {
  id: string;
  member: string;
  contact: string;
  by: 'member' | 'contact';
  text: string;
  /** Why it did not leave. */
  problem: string | null;
}

/** Whose phone lies beside the window: the customer's, or a manager's DingTalk. */
export type Phone = 'phone' | 'dingtalk';

/** All the page shows. It comes from the control API and its stream; what is only here is how it is looked at. */
export const scene = reactive({
  phase: 'opening' as 'opening' | 'open' | 'failed',
  connected: true,
  state: null as SandboxState | null,
  /** Whose WeCom window it is, and whose chat is open in it. */
  member: '',
  contact: null as string | null,
  contacts: [] as SandboxContact[],
  chat: null as SandboxChat | null,
  chatProblem: null as string | null,
  pending: [] as Pending[],
  /** By contact, since the window was opened. */
  unread: {} as Record<string, number>,
  notices: [] as SandboxNotice[],
  /** In the same conversation. */
  cards: [] as SandboxCard[],

  view: 'chat' as 'chat' | 'notices' | 'sends' | 'desk',
  /** Who looks at the desk while it is open. */
  deskMember: '',
  /** What of the desk: '' or #/…. */
  deskPlace: '',
  phone: 'phone' as Phone,
  story: null as number | null,
  entry: 'single_chat_tools' as Entry,
  width: 360 as Width,
  offline: false,
  /** The story took the network once; it is not taken again by itself. */
  wentOffline: false,
  /** A page opened from a notice; null: the sidebar's own. */
  frameUrl: null as string | null,
  /** One more opens the sidebar anew. */
  frameRound: 0,
});

/** Newest last. */
export const log = shallowRef<readonly LogEntry[]>([]);

export const member = computed<SandboxMember | null>(() => memberOf(scene.member));
export const contact = computed<SandboxContact | null>(
  () => scene.contacts.find((one) => one.key === scene.contact) ?? null,
);
export const admin = computed<SandboxMember | null>(
  () => scene.state?.members.find((one) => one.active && one.position.includes('管理员')) ?? null,
);

/** Who makes broadcasts: the product takes whoever is called so for marketing. */
export const marketer = computed<SandboxMember | null>(
  () => scene.state?.members.find((one) => one.active && /市场|品牌/.test(one.position)) ?? null,
);

export function memberOf(key: string): SandboxMember | null {
  return scene.state?.members.find((one) => one.key === key) ?? null;
}

/** As the member's list names a contact. */
export const shownName = (one: SandboxContact): string => one.remark ?? one.name;

export async function readState(): Promise<void> {
  scene.state = await control.state();
}

export async function readContacts(): Promise<void> {
  const asked = scene.member;
  const contacts = await control.contacts(asked);
  if (scene.member === asked) scene.contacts = contacts;
}

export async function readNotices(): Promise<void> {
  const asked = scene.member;
  const [notices, cards] = await Promise.all([control.notices(asked), control.cards(asked)]);
  if (scene.member !== asked) return;
  scene.notices = notices;
  scene.cards = cards;
}

let unlogged: LogEntry[] = [];

export async function readLog(): Promise<void> {
  const entries = await control.log();
  unlogged = unlogged.filter((one) => one.id > (entries[entries.length - 1]?.id ?? 0));
  log.value = entries;
}

function logSoon(entry: LogEntry): void {
  unlogged.push(entry);
  if (unlogged.length > 1) return;
  setTimeout(() => {
    const known = log.value[log.value.length - 1]?.id ?? 0;
    log.value = [...log.value, ...unlogged.filter((one) => one.id > known)].slice(-logMax);
    unlogged = [];
  }, logDrawMs);
}

interface Heard {
  whose: string;
  who: string;
  message: SandboxMessage;
}

/** What is said while a chat is being read, for each reading: its answer may be older. */
const readings = new Set<Heard[]>();

export async function readChat(): Promise<void> {
  const { member: whose, contact: who } = scene;
  if (!who) {
    scene.chat = null;
    scene.chatProblem = null;
    return;
  }
  const isStill = () => scene.member === whose && scene.contact === who;
  const meanwhile: Heard[] = [];
  readings.add(meanwhile);
  try {
    const chat = await control.chat(whose, who);
    if (!isStill()) return;
    scene.chat = chat;
    scene.chatProblem = null;
    for (const heard of meanwhile) put(heard);
  } catch (error) {
    if (!isStill()) return;
    scene.chat = null;
    scene.chatProblem = sentence(error);
  } finally {
    readings.delete(meanwhile);
  }
}

/** Everything anew, with the same person's chat open if they are still there. */
export async function readAll(): Promise<void> {
  await readState();
  await Promise.all([readContacts(), readNotices(), readSends(), readChannels()]);
  if (!scene.contacts.some((one) => one.key === scene.contact)) scene.contact = firstContact();
  await Promise.all([readLog(), readChat()]);
}

/** The story's own customer where the story's rep is played, else who talked last. */
export function firstContact(): string | null {
  const { demo } = scene.state ?? {};
  const isTheirs = demo?.member === scene.member && scene.contacts.some((one) => one.key === demo.contact);
  return isTheirs ? demo.contact : (scene.contacts[0]?.key ?? null);
}

/** A message is added, or takes the place of what it was before. */
export function showMessage(whose: string, who: string, message: SandboxMessage): void {
  const landed = scene.pending.findIndex(
    (one) =>
      one.member === whose &&
      one.contact === who &&
      one.problem === null &&
      one.by === message.by &&
      one.text === message.text,
  );
  for (const meanwhile of readings) meanwhile.push({ whose, who, message });
  if (put({ whose, who, message }) && landed >= 0) scene.pending.splice(landed, 1);
  if (scene.member !== whose) return;
  const listed = scene.contacts.find((one) => one.key === who);
  if (!listed || (listed.lastMessage?.at ?? 0) > message.at) return;
  const isNew = listed.lastMessage?.id !== message.id;
  listed.lastMessage = message;
  if (!isNew) return;
  scene.contacts = [listed, ...scene.contacts.filter((one) => one !== listed)];
  const isOpen = scene.contact === who && scene.view === 'chat';
  if (message.by === 'contact' && !isOpen) scene.unread[who] = (scene.unread[who] ?? 0) + 1;
}

/** True when it was not there yet. */
function put({ whose, who, message }: Heard): boolean {
  const messages = scene.chat?.contact.key === who && scene.member === whose ? scene.chat.messages : null;
  const known = messages?.findIndex((one) => one.id === message.id) ?? -1;
  if (messages && known >= 0) messages[known] = message;
  else messages?.push(message);
  return known < 0;
}

const readPeopleSoon = soon(async () => {
  await Promise.all([readState(), readContacts()]);
});
const readStateSoon = soon(readState);
const readChatSoon = soon(readChat);
const readNoticesSoon = soon(readNotices);
const readSendsSoon = soon(readSends);
const readChannelsSoon = soon(readChannels);

/** Many events of one deed ask for one look. */
function soon(look: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      look().catch(() => {
        scene.connected = false;
      });
    }, 60);
  };
}

function hear(event: LiveEvent, onReset: () => void): void {
  switch (event.type) {
    case 'log':
      return logSoon(event.entry);
    case 'message':
      return showMessage(event.member, event.contact, event.message);
    case 'contact':
      readPeopleSoon();
      if (event.member === scene.member && event.contact === scene.contact) readChatSoon();
      return;
    case 'notice':
      if (event.notice.member === scene.member) readNoticesSoon();
      return;
    case 'card':
      if (event.card.member === scene.member) readNoticesSoon();
      return;
    case 'group_send':
      if (event.member === scene.member) readSendsSoon();
      return;
    case 'channels':
      return readChannelsSoon();
    case 'faults':
    case 'settings':
      return readStateSoon();
    case 'dingtalk':
      return hearDingtalk(event, () => {
        scene.connected = false;
      });
    case 'reset':
      return onReset();
  }
}

/** Follows the sandbox until told to stop. What it did before the stream was open is read then, at first as after a break. */
export function followSandbox(onReset: () => void): () => void {
  return watchSandbox({
    event: (event) => hear(event, onReset),
    connected(isConnected) {
      scene.connected = isConnected;
      if (!isConnected || scene.phase !== 'open') return;
      Promise.all([readAll(), readDingtalk()]).catch(() => {
        scene.connected = false;
      });
    },
  });
}
