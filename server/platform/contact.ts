import type { PlatformKey } from './key.ts';

/** A person outside who is connected with members, as the platform shows them. */
export interface ContactProfile {
  key: PlatformKey;
  name: string;
  avatar: string | null;
  type: 'messenger' | 'colleague';
  /** 0 unknown, 1 male, 2 female. */
  gender: 0 | 1 | 2;
  /** The same for one person in every app of the company's; null where it is not shown. */
  unionKey: string | null;
  corpName: string | null;
  corpFullName: string | null;
  position: string | null;
  follows: FollowProfile[];
}

/** That a member and a contact are connected, as the member keeps it. */
export interface FollowProfile {
  member: PlatformKey;
  remark: string | null;
  description: string | null;
  remarkCorpName: string | null;
  remarkPhones: string[];
  tagKeys: PlatformKey[];
  /** The platform's own number of how they came together. */
  addWay: number | null;
  /** The state of the code or link they came by. */
  channel: string | null;
  addedAt: Date | null;
}

export interface FollowKey {
  contact: PlatformKey;
  member: PlatformKey;
}

/** Fields left out stay as they are; phones are replaced as a whole. */
export interface RemarkEdit {
  remark?: string;
  description?: string;
  corpName?: string;
  phones?: string[];
}

export interface TagGroup {
  key: PlatformKey;
  name: string;
  order: number;
  tags: { key: PlatformKey; name: string; order: number }[];
}
