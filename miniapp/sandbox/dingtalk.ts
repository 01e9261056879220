import { computed, reactive } from 'vue';
import {
  marked,
  type DingtalkAct,
  type DingtalkActResult,
  type DingtalkCard,
  type DingtalkFaultEdit,
  type DingtalkPhone,
  type DingtalkSettingsEdit,
  type DingtalkState,
  type DingtalkUser,
} from '#bot/sandbox/dingtalk-phone-api.ts';
import type { LiveEvent } from '#bot/sandbox/sandbox-api.ts';
import { faceOf, type CardButton } from './card-face.ts';
import { control, ControlError, sentence } from './control.ts';

export type DingtalkPlace = 'chats' | 'assistant' | 'todos' | 'forms';

/** How often a card is being pressed just now, and what the phone said of the last press. */
export interface Press {
  waiting: number;
  says: string | null;
}

export const noDingtalkFaults = {
  api: [],
  push: { duplicate: false, reorder: false, lose: false },
  stream: { cut: false },
  card: { serviceDown: false, duplicateTap: false, lateTapMs: 0 },
  bridge: {},
} satisfies DingtalkFaultEdit;

/** What the DingTalk phone shows. Like `scene`, it comes from the control API; what is only here is how it is looked at. */
export const dingtalk = reactive({
  state: null as DingtalkState | null,
  /** Whose phone it is. */
  user: '',
  phone: null as DingtalkPhone | null,
  problem: null as string | null,
  place: 'chats' as DingtalkPlace,
  /** Pages open one over the other; the last is seen. */
  pages: [] as string[],
  title: '',
  size: 'phone' as 'phone' | 'desktop',
  presses: {} as Record<string, Press>,
});

export const dingtalkUser = computed<DingtalkUser | null>(() => userOf(dingtalk.user));
export const userOf = (user: string): DingtalkUser | null =>
  dingtalk.state?.users.find((one) => one.user === user) ?? null;

/** What waits for this phone's owner, by place. */
export const waiting = computed(() => {
  const { cards = [], notices = [], todos = [], forms = [] } = dingtalk.phone ?? {};
  return {
    assistant:
      cards.filter((one) => faceOf(one.shown).buttons.length > 0).length + notices.filter((one) => !one.isRead).length,
    todos: todos.filter((one) => !one.isDone).length,
    forms: forms.filter((one) => one.mine.openTask !== null).length,
  };
});
export const waitingInAll = computed(() => waiting.value.assistant + waiting.value.todos + waiting.value.forms);

export async function readDingtalk(): Promise<void> {
  try {
    dingtalk.state = await control.dingtalk.state();
    if (userOf(dingtalk.user)?.active !== true) dingtalk.user = dingtalk.state.demo.manager;
    await readPhone();
  } catch (error) {
    dingtalk.problem = sentence(error);
  }
}

export async function readPhone(): Promise<void> {
  const asked = dingtalk.user;
  const phone = await control.dingtalk.phone(asked);
  if (dingtalk.user !== asked) return;
  noteFaces(phone.cards);
  dingtalk.phone = phone;
  dingtalk.problem = null;
}

/** By card: what its agreeing button told the product. A decided face does not say it any more. */
export const agreeing = new Map<string, string>();

/** Since when a card has shown the face it shows. */
const facesAt = new Map<string, number>();

/** What the phone said of a press is over once the card has another face. */
function hush(card: string): void {
  for (const [key, press] of Object.entries(dingtalk.presses)) if (key.endsWith(` ${card}`)) press.says = null;
}

export function noteFaces(cards: readonly DingtalkCard[]): void {
  for (const { card, shown, updatedAt } of cards) {
    if (facesAt.get(card) !== undefined && facesAt.get(card) !== updatedAt) hush(card);
    facesAt.set(card, updatedAt);
    const button = faceOf(shown).buttons.find(({ slot, action }) => slot === 'approve' && action !== '');
    if (button) agreeing.set(card, button.action);
  }
}

export async function chooseDingtalkUser(user: string): Promise<void> {
  if (dingtalk.user === user) return;
  dingtalk.user = user;
  dingtalk.phone = null;
  closePages();
  await readPhone();
}

export async function dingtalkAct(deed: DingtalkAct): Promise<DingtalkActResult> {
  const done = await control.dingtalk.act(deed);
  await readPhone();
  return done;
}

export const pressOf = (card: string, user = dingtalk.user): Press =>
  dingtalk.presses[`${user} ${card}`] ?? { waiting: 0, says: null };

/** Presses as often as the finger does: a press under way does not keep off the next. */
export async function pressCard(user: string, card: string, button: Pick<CardButton, 'action'>): Promise<void> {
  const key = `${user} ${card}`;
  const press = (dingtalk.presses[key] ??= { waiting: 0, says: null });
  const startedAt = performance.now();
  press.waiting += 1;
  press.says = null;
  try {
    const done = await control.dingtalk.act({
      kind: 'press_card',
      user,
      card,
      action: button.action,
      params: { action: button.action },
    });
    if (done.press && !done.press.accepted) {
      await timeIsUp(startedAt);
      press.says = done.press.says;
    }
  } catch (error) {
    press.says = sentence(error);
  } finally {
    press.waiting -= 1;
  }
  await readPhone();
}

/** A phone whose press is on its way somewhere waits as long as for an app that does not answer. */
async function timeIsUp(startedAt: number): Promise<void> {
  const { faults, settings } = dingtalk.state ?? {};
  if (!faults?.card.lateTapMs || !settings) return;
  const leftMs = settings.cardAnswerMs - (performance.now() - startedAt);
  await new Promise((resolve) => {
    setTimeout(resolve, leftMs);
  });
}

export async function setDingtalkFaults(edit: DingtalkFaultEdit): Promise<void> {
  await control.dingtalk.faults(edit);
  await readDingtalk();
}

export async function setDingtalkSettings(edit: DingtalkSettingsEdit): Promise<void> {
  await control.dingtalk.settings(edit);
  await readDingtalk();
}

export function openPage(url: string): void {
  dingtalk.pages.push(marked(url, dingtalk.user, location.origin));
  dingtalk.title = '';
}

export function closePage(): void {
  dingtalk.pages.pop();
  dingtalk.title = '';
  if (dingtalk.pages.length === 0) dingtalk.size = 'phone';
}

export function closePages(): void {
  dingtalk.pages = [];
  dingtalk.title = '';
  dingtalk.size = 'phone';
}

let timer: ReturnType<typeof setTimeout> | undefined;
const parts = new Set<string>();

/** Many events of one deed ask for one look. */
export function hearDingtalk(event: Extract<LiveEvent, { type: 'dingtalk' }>, onLost: () => void): void {
  if (event.user !== null && event.user !== dingtalk.user) return;
  parts.add(event.part);
  clearTimeout(timer);
  timer = setTimeout(() => {
    const isOfCompany = ['people', 'stream', 'faults', 'settings'].some((part) => parts.has(part));
    parts.clear();
    (isOfCompany ? readDingtalk() : readPhone()).catch((error: unknown) => {
      if (error instanceof ControlError && error.code === 'sandbox.offline') onLost();
    });
  }, 60);
}

export async function afterDingtalkReset(): Promise<void> {
  closePages();
  dingtalk.place = 'chats';
  dingtalk.presses = {};
  await readDingtalk();
}
