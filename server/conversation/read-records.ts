import type { Deps } from '#server/base/deps.ts';
import type { ArchivedMessage, ArchiveRecord, ChatArchive } from '#server/platform/chat-archive.ts';
import { findRefused, pairKey, type ChatPair } from './archive-consent.ts';
import type { Hole } from './archive-gap.ts';
import { storable, type NewMessage, type Sender } from './conversation.ts';
import { findPeople, type People } from './find-people.ts';

/** What a page of the archive comes to. */
export interface ReadRecords {
  messages: NewMessage[];
  recalls: { key: string; at: Date }[];
  /** Records that are there and cannot be used yet. */
  holes: Hole[];
  /**
   * Records that are no message of one member and one contact, by why: `group` chats are not kept for now, `internal`
   * is between members, `refused` was not agreed to, `other` is no message at all.
   */
  passedOver: Record<string, number>;
}

interface Sorted {
  message: NewMessage;
  keys: ChatPair['keys'];
}

/** Finds out who speaks in the records and whether it may be kept; asks the platform where we do not know. */
export async function readRecords(
  deps: Deps,
  platform: string,
  archive: ChatArchive,
  records: ArchiveRecord[],
): Promise<ReadRecords> {
  const read: ReadRecords = { messages: [], recalls: [], holes: [], passedOver: {} };
  const pass = (reason: string) => (read.passedOver[reason] = (read.passedOver[reason] ?? 0) + 1);
  const people = await findPeople(deps, platform, speakersIn(records));
  const sorted: Sorted[] = [];
  for (const record of records) {
    switch (record.state) {
      case 'message': {
        const found = sort(record, people);
        if (found === 'unknown') read.holes.push(holeAt(record.seq, 'people_unknown'));
        else if (typeof found === 'string') pass(found);
        else sorted.push(found);
        break;
      }
      case 'recall':
        read.recalls.push({ key: storable(record.recalledKey), at: record.at });
        break;
      case 'unreadable':
        read.holes.push(holeAt(record.seq, storable(record.reason)));
        break;
      case 'skipped':
        pass('other');
        break;
    }
  }
  const pairs = sorted.map(({ message: { contactId, memberId }, keys }) => ({ contactId, memberId, keys }));
  const refused = await findRefused(deps, platform, archive, pairs);
  for (const { message } of sorted) {
    if (refused.has(pairKey(message))) pass('refused');
    else read.messages.push(message);
  }
  return read;
}

function holeAt(seq: bigint, reason: string): Hole {
  return { from: seq, to: seq, reason };
}

function speakersIn(records: ArchiveRecord[]): string[] {
  const keys = records.flatMap((record) => {
    const pair = record.state === 'message' ? pairOf(record.message) : null;
    return pair ?? [];
  });
  return [...new Set(keys)];
}

/** Null for anything but a chat of two. */
function pairOf({ from, to, group }: ArchivedMessage): [from: string, to: string] | null {
  const [only, ...more] = to;
  return group === '' && only !== undefined && more.length === 0 ? [from, only] : null;
}

function sort(
  { key, message }: Extract<ArchiveRecord, { state: 'message' }>,
  people: People,
): Sorted | 'group' | 'internal' | 'other' | 'unknown' {
  if (message.group !== '') return 'group';
  const pair = pairOf(message);
  if (!pair) return 'other';
  const [from, to] = pair.map((name) => people.get(name));
  if (!from || !to) return 'unknown';
  if (from.is === to.is) return from.is === 'member' ? 'internal' : 'other';
  const sender: Sender = from.is;
  const [contact, member] = sender === 'contact' ? [from, to] : [to, from];
  const { at, kind, text } = message;
  const media = message.media && {
    name: message.media.name === null ? null : storable(message.media.name),
    bytes: message.media.bytes,
    reference: storable(message.media.reference),
  };
  return {
    keys: { contact: contact.key, member: member.key },
    message: { contactId: contact.id, memberId: member.id, key: storable(key), sender, at, kind, text, media },
  };
}
