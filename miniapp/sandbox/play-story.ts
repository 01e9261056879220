import { reactive } from 'vue';
import { say } from '#miniapp/ui/toast.ts';
import { dingtalk } from './dingtalk.ts';
import { openInSidebar } from './frame-bridge.ts';
import { submitBroadcast } from './play-broadcast.ts';
import { askForDiscount } from './product.ts';
import { w } from './words.ts';
import {
  chooseContact,
  chooseEntry,
  choosePersona,
  choosePhone,
  perform,
  setFaults,
  showDesk,
  write,
} from './direct.ts';
import { marketer, readContacts, readState, scene } from './scene.ts';
import { lines, noFaults } from './story.ts';

const breathMs = 1500;

/** The story that is happening by itself now. */
export const playing = reactive({ now: false });

/** Lets the story's people do their part, slowly enough to be watched. */
export async function playStory(number: number): Promise<void> {
  if (playing.now) return;
  playing.now = true;
  try {
    await scripts[number]?.();
  } finally {
    playing.now = false;
  }
}

export function stopStory(): void {
  playing.now = false;
}

/** False once somebody stopped it. */
function breath(): Promise<boolean> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(playing.now), breathMs);
  });
}

const scripts: Record<number, () => Promise<void>> = {
  1: inquire,
  2: askDiscount,
  3: askBroadcast,
  4: async () => write('contact', lines.meanwhile),
  async 5() {
    scene.offline = true;
    scene.wentOffline = true;
    await write('contact', lines.meanwhile);
    for (let pause = 0; pause < 4; pause += 1) if (!(await breath())) return;
    scene.offline = false;
  },
  async 6() {
    chooseEntry('normal');
    for (let pause = 0; pause < 3; pause += 1) if (!(await breath())) return;
    chooseEntry('single_chat_tools');
  },
  async 7() {
    const { member, contact } = scene;
    if (!contact) return;
    for (const description of lines.remarks) {
      await perform({ kind: 'member_edits', member, contact, description });
      if (!(await breath())) return;
    }
  },
};

async function inquire(): Promise<void> {
  const { state, member } = scene;
  if (!state) return;
  await setFaults(noFaults);
  const contact = state.demo.stranger;
  if (!scene.contacts.some((one) => one.key === contact && one.relation === 'friend')) {
    await perform({ kind: 'customer_adds', member, contact, channel: 'ch_expo' });
    await Promise.all([readState(), readContacts()]);
  }
  await chooseContact(contact);
  for (const line of lines.inquiry) {
    if (!(await breath())) return;
    await write('contact', line);
  }
  if (await breath()) await write('member', lines.promise);
}

/** The customer bargains, the rep asks for more than the rep may grant; what comes of it is up to the manager's phone. */
async function askDiscount(): Promise<void> {
  const { state } = scene;
  if (!state) return;
  if (scene.member !== state.demo.member) await choosePersona(state.demo.member);
  const { contact } = state.demo;
  if (scene.contact !== contact || scene.view !== 'chat') await chooseContact(contact);
  dingtalk.place = 'assistant';
  choosePhone('dingtalk');
  // Played once more, they need not bargain again.
  const isSaid = scene.chat?.messages.slice(-4).some((one) => one.text === lines.asking);
  if (!isSaid) {
    await write('contact', lines.bargain);
    if (!(await breath())) return;
    await write('member', lines.asking);
    if (!(await breath())) return;
  }
  const { approval } = await askForDiscount({ contact, ...lines.discount });
  if (approval?.mode === 'form') dingtalk.place = 'forms';
  openInSidebar('opportunity');
  say(w('story.asked'));
}

/** Marketing asks for a broadcast; the manager's phone decides, then the reps confirm in their assistant. */
async function askBroadcast(): Promise<void> {
  const sender = marketer.value;
  if (!sender) return;
  dingtalk.place = 'assistant';
  choosePhone('dingtalk');
  say(w('story.broadcasting'));
  const { id, state } = await submitBroadcast(sender.key);
  await showDesk(sender.key, `#/broadcasts/${id}`);
  say(w(state === 'awaiting_approval' ? 'story.broadcastAsked' : 'story.broadcastOn'));
}
