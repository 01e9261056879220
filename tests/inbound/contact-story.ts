import type { EventOf, PlatformEvent } from '#server/platform/event.ts';
import type { Random } from '#tests/support/random.ts';

export type ContactEvent =
  | EventOf<'contact_added'>
  | EventOf<'contact_edited'>
  | EventOf<'contact_removed'>
  | EventOf<'contact_consented'>;

export interface Story {
  /** In the order they happened; no two are alike. */
  events: ContactEvent[];
  /** Follows the platform still shows at the end. */
  shown: { contact: string; member: string; addedAt: Date; channel: string | null }[];
}

export interface StoryOptions {
  contacts: string[];
  members: string[];
  /** How many events; those of one second have no order of their own. */
  count: number;
  /** The last event happens then, the first `spanSeconds` before. */
  endsAt: Date;
  spanSeconds: number;
}

/** What happens between some contacts and some members: adds, confirmations, edits, consents, partings, reunions. */
export function makeStory(random: Random, options: StoryOptions): Story {
  const { contacts, members, count, endsAt, spanSeconds } = options;
  const follows = new Map<string, Story['shown'][number]>();
  const told = new Set<string>();
  const events: ContactEvent[] = [];
  for (let n = 0; n < count; n++) {
    const secondsLeft = spanSeconds - Math.floor(((n + 1) * spanSeconds) / count);
    const at = new Date(Math.floor(endsAt.getTime() / 1000) * 1000 - secondsLeft * 1000);
    const [contact, member] = [random.pick(contacts), random.pick(members)];
    const key = `${contact} ${member}`;
    const event = happen(random, { contact, member, occurredAt: at.toISOString() }, follows.has(key), n);
    // WeCom's own events of one second may be the same to the letter: then they are one.
    if (told.has(JSON.stringify(event))) continue;
    told.add(JSON.stringify(event));
    events.push(event);
    if (event.kind === 'contact_added')
      follows.set(key, { contact, member, addedAt: at, channel: event.channel ?? null });
    if (event.kind === 'contact_removed' && event.by === 'member') follows.delete(key);
  }
  return { events, shown: [...follows.values()] };
}

function happen(
  random: Random,
  about: { contact: string; member: string; occurredAt: string },
  isFollowed: boolean,
  n: number,
): ContactEvent {
  const choice = isFollowed ? random.below(10) : 0;
  if (choice < 3) {
    const channel = random.chance(0.5) ? { channel: `channel-${random.below(5)}` } : {};
    const half = random.chance(0.2);
    return { kind: 'contact_added', ...about, half, ...channel, ...(half ? {} : { welcomeCode: `code-${n}` }) };
  }
  if (choice < 6) return { kind: 'contact_edited', ...about };
  if (choice < 7) return { kind: 'contact_consented', ...about };
  const by = random.pick(['member', 'contact'] as const);
  return { kind: 'contact_removed', ...about, by, transferred: by === 'member' && random.chance(0.3) };
}

/** Everything at least once, some of it many times, in no order. */
export function duplicatedAndShuffled<Event extends PlatformEvent>(
  random: Random,
  events: Event[],
  count: number,
): Event[] {
  const copies = Array.from({ length: count - events.length }, () => random.pick(events));
  return random.shuffle([...events, ...copies]);
}
