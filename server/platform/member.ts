import type { PlatformKey } from './key.ts';

export interface DepartmentProfile {
  key: PlatformKey;
  name: string;
  /** Null where it has none that we may see. */
  parentKey: PlatformKey | null;
  /** Where it stands among those of one parent, by the platform. */
  order: number;
}

export interface MemberProfile {
  key: PlatformKey;
  name: string;
  position: string | null;
  avatar: string | null;
  mobile: string | null;
  email: string | null;
  active: boolean;
  departments: { key: PlatformKey; isLeader: boolean }[];
}
