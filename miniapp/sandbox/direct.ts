import { chooseLanguage, language } from '#miniapp/i18n/i18n.ts';
import { say } from '#miniapp/ui/toast.ts';
import type { FaultEdit } from '#bot/sandbox/fault-api.ts';
import type { Entry } from '#bot/sandbox/frame-api.ts';
import type { Act, ActResult } from '#bot/sandbox/sandbox-api.ts';
import { readAddress, writeAddress, type Address, type Width } from './address.ts';
import { control, sentence } from './control.ts';
import {
  admin,
  firstContact,
  followSandbox,
  readAll,
  readChat,
  readContacts,
  readLog,
  readNotices,
  readState,
  scene,
  showMessage,
  type Phone,
} from './scene.ts';
import {
  afterDingtalkReset,
  chooseDingtalkUser,
  dingtalk,
  noDingtalkFaults,
  readDingtalk,
  setDingtalkFaults,
} from './dingtalk.ts';
import { groupSend, readSends } from './group-send.ts';
import { noFaults, stories } from './story.ts';
import { w } from './words.ts';

/** Reads the sandbox, sets the scene the address asks for, and follows what happens from then on. */
export async function openScene(): Promise<void> {
  scene.phase = 'opening';
  const asked = readAddress(location.hash);
  try {
    await Promise.all([readState(), readDingtalk()]);
    await setScene(asked);
    await readLog();
    scene.phase = 'open';
  } catch (error) {
    scene.phase = 'failed';
    say(sentence(error));
    return;
  }
  followSandbox(() => void attempt(afterReset));
  window.addEventListener('hashchange', () => void attempt(() => setScene(readAddress(location.hash))));
}

async function setScene(asked: Address): Promise<void> {
  scene.width = asked.width;
  const { state } = scene;
  if (!state) return;
  const isKnown = state.members.some((one) => one.active && one.key === asked.as);
  await become(isKnown && asked.as ? asked.as : scene.member || state.playing);
  if (asked.contact && scene.contacts.some((one) => one.key === asked.contact)) scene.contact = asked.contact;
  if (asked.entry) scene.entry = asked.entry;
  if (asked.phone) scene.phone = asked.phone;
  if (asked.on && dingtalk.state?.users.some((one) => one.active && one.user === asked.on))
    await chooseDingtalkUser(asked.on);
  if (asked.story === null) {
    scene.story ??= 1;
  } else {
    await startStory(asked.story, { contact: asked.contact !== null, phone: asked.phone !== null });
    return;
  }
  await readChat();
  keepAddress();
}

function keepAddress(): void {
  const { story, member: as, contact, entry, width } = scene;
  const isDingtalk = scene.phone === 'dingtalk';
  const on = isDingtalk && dingtalk.user !== dingtalk.state?.demo.manager ? dingtalk.user : null;
  const hash = writeAddress({ story, as, contact, entry, width, phone: isDingtalk ? 'dingtalk' : null, on });
  if (hash !== location.hash) history.replaceState(history.state, '', hash);
}

/** Does it, and says in a note what went wrong; for deeds whose place on the screen is gone when they end. */
export async function attempt(deed: () => Promise<unknown>): Promise<boolean> {
  try {
    await deed();
    return true;
  } catch (error) {
    say(sentence(error));
    return false;
  }
}

/** The browser logs in as this member from now on, and the window is theirs. */
async function become(key: string): Promise<void> {
  await control.play(key);
  if (scene.state) scene.state.playing = key;
  if (scene.member === key) return reopenSidebar();
  scene.member = key;
  scene.contact = null;
  scene.chat = null;
  scene.contacts = [];
  scene.notices = [];
  scene.cards = [];
  scene.unread = {};
  groupSend.sends = [];
  await Promise.all([readContacts(), readNotices(), readSends()]);
  scene.contact = firstContact();
  reopenSidebar();
}

export async function choosePersona(key: string): Promise<void> {
  if (scene.view === 'desk') {
    await control.play(key);
    scene.deskMember = key;
    reopenSidebar();
    return;
  }
  await become(key);
  await readChat();
  keepAddress();
}

export async function chooseContact(key: string): Promise<void> {
  scene.view = 'chat';
  delete scene.unread[key];
  scene.frameUrl = null;
  if (scene.contact !== key) {
    scene.contact = key;
    scene.chat = null;
    scene.chatProblem = null;
    if (scene.entry === 'normal') scene.entry = 'single_chat_tools';
  }
  keepAddress();
  await readChat();
}

export function chooseEntry(entry: Entry): void {
  scene.entry = entry;
  scene.frameUrl = null;
  keepAddress();
}

export function chooseWidth(width: Width): void {
  scene.width = width;
  keepAddress();
}

export function choosePhone(phone: Phone): void {
  scene.phone = phone;
  keepAddress();
}

export async function playDingtalk(user: string): Promise<void> {
  await chooseDingtalkUser(user);
  keepAddress();
}

export function reopenSidebar(): void {
  scene.frameRound += 1;
}

/** The desk is its own client: whoever sits there logs in, the admin unless said, and the rep does again when the chat is back. */
export async function showDesk(who?: string, place = ''): Promise<void> {
  const key = who ?? admin.value?.key;
  if (!key || (scene.view === 'desk' && !who)) return;
  await control.play(key);
  scene.deskMember = key;
  scene.deskPlace = place;
  scene.view = 'desk';
  reopenSidebar();
}

export async function showChat(): Promise<void> {
  if (scene.view === 'desk') {
    await control.play(scene.member);
    reopenSidebar();
  }
  scene.view = 'chat';
}

export function showNotices(): void {
  scene.view = 'notices';
}

export function showSends(): void {
  scene.view = 'sends';
}

/** From a notice, the client opens the page beside no chat. */
export function openNotice(url: string): void {
  const target = new URL(url, location.href);
  scene.frameUrl = target.pathname + target.search + target.hash;
  scene.entry = 'normal';
  reopenSidebar();
}

export async function toggleTheme(): Promise<void> {
  const theme = scene.state?.settings.theme === 'dark' ? 'light' : 'dark';
  await control.settings({ theme });
  await readState();
  // The client names its theme to a page when it opens it.
  reopenSidebar();
}

export function toggleLanguage(): void {
  chooseLanguage(language.locale === 'en' ? 'zh-CN' : 'en');
  reopenSidebar();
}

export async function setFaults(edit: FaultEdit): Promise<void> {
  await control.faults(edit);
  await readState();
}

export async function perform(deed: Act): Promise<ActResult> {
  return control.act(deed);
}

let lastPending = 0;

/** The bubble stands at once; when it does not leave it stays, with the reason. */
export async function write(by: 'member' | 'contact', text: string): Promise<void> {
  const { member, contact } = scene;
  const said = text.trim();
  if (!contact || said === '') return;
  lastPending += 1;
  const id = `pending-${lastPending}`;
  scene.pending.push({ id, member, contact, by, text: said, problem: null });
  await send(id);
}

export async function send(id: string): Promise<void> {
  const pending = scene.pending.find((one) => one.id === id);
  if (!pending) return;
  pending.problem = null;
  const { member, contact, by, text } = pending;
  const kind = by === 'member' ? 'member_writes' : 'customer_writes';
  try {
    const { message } = await perform({ kind, member, contact, text });
    scene.pending = scene.pending.filter((one) => one.id !== id);
    if (message) showMessage(member, contact, message);
  } catch (error) {
    const unsent = scene.pending.find((one) => one.id === id);
    if (unsent) unsent.problem = sentence(error);
  }
}

export function discard(id: string): void {
  scene.pending = scene.pending.filter((one) => one.id !== id);
}

export async function resetSandbox(): Promise<void> {
  await control.reset();
  say(w('reset.done'));
}

async function afterReset(): Promise<void> {
  scene.pending = [];
  scene.unread = {};
  scene.offline = false;
  scene.entry = 'single_chat_tools';
  scene.frameUrl = null;
  await Promise.all([readAll(), afterDingtalkReset()]);
  reopenSidebar();
  keepAddress();
}

/** Sets the scene. What the address named stays as it said. */
export async function startStory(number: number, keep = { contact: false, phone: false }): Promise<void> {
  const story = stories.find((one) => one.number === number);
  if (!story || !scene.state) return;
  scene.story = number;
  await setFaults({ ...noFaults, ...story.faults });
  if (dingtalk.state) await setDingtalkFaults(noDingtalkFaults);
  if (scene.view === 'desk') await showChat();
  const { demo } = scene.state;
  if (scene.contacts.length === 0) await become(demo.member);
  if (!keep.contact) scene.contact = firstContact();
  scene.view = 'chat';
  if (!keep.phone) scene.phone = story.phone;
  if (story.phone === 'dingtalk') dingtalk.place = 'assistant';
  scene.frameUrl = null;
  scene.entry = story.entry;
  scene.offline = false;
  scene.wentOffline = false;
  reopenSidebar();
  await readChat();
  keepAddress();
}
