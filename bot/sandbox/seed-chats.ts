import { agreeRecord, append, plainOf } from './archive.ts';
import type { Dice } from './dice.ts';
import * as names from './seed-names.ts';
import { demoTalks, talks } from './seed-talk.ts';
import { pairOf, type ChatMessage, type Follow, type World } from './stage.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const talkCount = 40;

/** The talks the demo opens with. */
export function tellDemo(world: World, chance: Dice, now: number): void {
  for (const who of ['contact', 'secondContact'] as const) {
    const pair = world.follows[pairOf(world.demo.member, world.demo[who])];
    if (!pair) throw new Error('The story lacks its people.');
    consent(pair, now - 4 * dayMs);
    for (const [minutesAgo, by, text] of demoTalks[who])
      say(world, chance, pair, by, now - minutesAgo * minuteMs, text);
  }
}

/** What others talk about, days back from now; one of 17 refused to have it archived. */
export function talk(world: World, chance: Dice, now: number): void {
  const friends = Object.values(world.follows).filter(
    (pair) => pair.relation === 'friend' && !world.chats[pairOf(pair.member, pair.contact)],
  );
  // The demo rep's own contacts come first: their list is what a newcomer looks at.
  friends.sort((a, b) => Number(b.member === world.demo.member) - Number(a.member === world.demo.member));
  const own = friends.filter((pair) => pair.member === world.demo.member).slice(0, 10);
  const rest = friends.filter((pair) => pair.member !== world.demo.member);
  const talking = [...own];
  while (talking.length < talkCount - 2 && rest.length > 0) {
    const [pair] = rest.splice(chance.below(rest.length), 1);
    if (pair) talking.push(pair);
  }
  for (const [number, pair] of talking.entries()) {
    const lines = talks[number % talks.length] ?? [];
    if (number % 17 === 16) pair.consent = 'refused';
    else consent(pair, now - 5 * dayMs + chance.below(300) * minuteMs);
    const seats = chance.pick([10, 20, 30, 50, 80, 100, 200, 300]);
    const words: Record<string, string> = {
      n: String(seats),
      price: (seats * chance.pick([256, 268, 288, 320])).toLocaleString('en-US'),
      budget: String(chance.pick([1, 2, 3, 5, 8, 10, 20])),
      rival: chance.pick(names.rivals),
    };
    let at = now - chance.between(lines.includes('|') ? 60 * 60 : 4 * 60, 112 * 60) * minuteMs;
    for (const line of lines) {
      if (line === '|') {
        at += chance.between(12 * 60, 26 * 60) * minuteMs;
        continue;
      }
      at += chance.between(1, 14) * minuteMs;
      const text = line.slice(2).replaceAll(/\{(\w+)\}/g, (_, key: string) => words[key] ?? '');
      say(world, chance, pair, line.startsWith('c') ? 'c' : 'm', at, text);
    }
    if (number % 6 === 1) attach(world, chance, pair, 'm', at + 2 * minuteMs, 'file', '报价单.pdf', 38_412);
    if (number % 9 === 4) attach(world, chance, pair, 'c', at + 3 * minuteMs, 'image', '截图.png', 9_120);
  }
}

function consent(pair: Follow, at: number): void {
  pair.consent = 'agreed';
  pair.consentAt = Math.max(at, pair.createdAt);
}

function say(world: World, chance: Dice, pair: Follow, by: 'c' | 'm', at: number, text: string): ChatMessage {
  const message: ChatMessage = {
    id: chance.id('m', 20),
    member: pair.member,
    contact: pair.contact,
    from: by === 'c' ? pair.contact : pair.member,
    by: by === 'c' ? 'contact' : 'member',
    at,
    kind: 'text',
    text,
    via: 'client',
    archived: pair.consent === 'agreed',
    recalled: false,
  };
  (world.chats[pairOf(pair.member, pair.contact)] ??= []).push(message);
  return message;
}

function attach(
  world: World,
  chance: Dice,
  pair: Follow,
  by: 'c' | 'm',
  at: number,
  kind: 'file' | 'image',
  name: string,
  bytes: number,
): void {
  const message = say(world, chance, pair, by, at, kind === 'file' ? name : '[图片]');
  message.kind = kind;
  world.media.push({ id: `sdk_${message.id}`, name, bytes, at });
}

/** What was said and agreed before now, in the order of time, as the archive keeps it. */
export function archiveAll(world: World, chance: Dice): void {
  const said = Object.values(world.chats)
    .flat()
    .filter((message) => message.archived)
    .map((message) => {
      const media = world.media.find((one) => one.id === `sdk_${message.id}`);
      return { at: message.at, plain: plainOf(message, media) };
    });
  const agreed = Object.values(world.follows).flatMap((pair) =>
    pair.consentAt === null
      ? []
      : [
          {
            at: pair.consentAt,
            plain: agreeRecord(chance.id('a', 20), pair.consentAt, pair.member, pair.contact, true),
          },
        ],
  );
  for (const { at, plain } of [...said, ...agreed].sort((a, b) => a.at - b.at)) append(world, at, plain);
}
