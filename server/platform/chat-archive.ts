import type { FollowKey } from './contact.ts';
import type { PlatformKey } from './key.ts';

/** Chat records as the platform keeps them, in the order of an ever-growing sequence number. */
export interface ChatArchive {
  /** Records after `afterSeq`, at most `limit`; `[]` when there are none. One that cannot be decrypted says why. */
  pull(afterSeq: bigint, limit: number): Promise<ArchiveRecord[]>;
  /** The bytes of a media reference, in chunks. */
  readMedia(reference: string): AsyncIterable<Buffer>;
  consentOf(of: FollowKey[]): Promise<{ follow: FollowKey; consent: 'agreed' | 'refused' | 'unknown' }[]>;
}

export type ArchiveRecord =
  | { seq: bigint; key: string; state: 'unreadable'; reason: string }
  | { seq: bigint; key: string; state: 'message'; message: ArchivedMessage }
  | { seq: bigint; key: string; state: 'recall'; recalledKey: string; at: Date }
  /** A record that is no message between people: a member switching device, a consent … */
  | { seq: bigint; key: string; state: 'skipped'; reason: string };

export interface ArchivedMessage {
  from: PlatformKey;
  to: PlatformKey[];
  /** '' in a chat of two. */
  group: string;
  at: Date;
  kind: 'text' | 'image' | 'voice' | 'video' | 'file' | 'link' | 'location' | 'card' | 'other';
  text: string;
  media: { name: string | null; bytes: number | null; reference: string } | null;
}
