import type { DingtalkCard } from '#bot/sandbox/dingtalk-phone-api.ts';
import { say } from '#miniapp/ui/toast.ts';
import { faceOf, type CardButton } from './card-face.ts';
import { control } from './control.ts';
import { agreeing, dingtalk, noteFaces, pressCard, pressOf, userOf } from './dingtalk.ts';
import { w } from './words.ts';

/** One person's copy of a card. */
interface Copy {
  user: string;
  card: DingtalkCard;
  /** Agrees on the card itself; null where it shows no such button. */
  button: CardButton | null;
}

/** Every copy of everybody of the story, newest first. */
async function copies(): Promise<Copy[]> {
  const { demo } = dingtalk.state ?? {};
  if (!demo) return [];
  const users = [...new Set([dingtalk.user, demo.manager, demo.secondManager, demo.director])];
  const phones = await Promise.all(users.map((user) => control.dingtalk.phone(user)));
  for (const { cards } of phones) noteFaces(cards);
  return phones
    .flatMap((phone) =>
      phone.cards.map((card) => ({
        user: phone.user.user,
        card,
        button: faceOf(card.shown).buttons.find((one) => one.action !== '' && one.slot === 'approve') ?? null,
      })),
    )
    .sort((a, b) => b.card.at - a.card.at);
}

/** Copies of the same thing lead to the same page. */
const subjectOf = ({ card }: Copy): string => faceOf(card.shown).url ?? card.card;

const isOpen = (copy: Copy): copy is Copy & { button: CardButton } => copy.button !== null;

/** Two who were asked press at the same time. */
export async function pressTogether(): Promise<void> {
  const open = (await copies()).filter(isOpen);
  const first = open.find((one) =>
    open.some((other) => other.user !== one.user && subjectOf(other) === subjectOf(one)),
  );
  const second = open.find((other) => first && other.user !== first.user && subjectOf(other) === subjectOf(first));
  if (!first || !second) return say(w('dtplay.noTwo'));
  await Promise.all([first, second].map((one) => pressCard(one.user, one.card.card, one.button)));
  tell([first, second]);
}

/** One finger, two taps. */
export async function pressTwice(): Promise<void> {
  const mine = (await copies()).filter(isOpen).find((one) => one.user === dingtalk.user);
  if (!mine) return say(w('dtplay.noOpen'));
  await Promise.all([1, 2].map(() => pressCard(mine.user, mine.card.card, mine.button)));
  tell([mine]);
}

/** A face from before the decision is still on somebody's screen. */
export async function pressOldFace(): Promise<void> {
  const decided = (await copies()).filter((one) => faceOf(one.card.shown).verdict !== '');
  const old = decided.find((one) => one.user !== dingtalk.user) ?? decided[0];
  if (!old) return say(w('dtplay.noDecided'));
  await pressCard(old.user, old.card.card, { action: agreeing.get(old.card.card) ?? 'approve_1' });
  tell([old]);
}

function tell(pressed: readonly Copy[]): void {
  const lines = pressed.map(({ user, card }) =>
    w('dtplay.pressed', {
      name: userOf(user)?.name ?? user,
      says: pressOf(card.card, user).says ?? w('dtplay.accepted'),
    }),
  );
  say(lines.join('；'));
}
