import type { PlatformKey } from './key.ts';

export interface TodoDraft {
  /** Ours: the same one makes no second todo. */
  sourceKey: string;
  to: PlatformKey;
  title: string;
  dueAt: Date | null;
  /** Where it is to be done. */
  url: string;
}

export interface TodoKey {
  todo: PlatformKey;
  member: PlatformKey;
}
