import type { PlatformKey } from './key.ts';
import type { Page } from './page.ts';

export interface ContactTransfers {
  /** Of contacts per call. */
  batchMax: number;
  /**
   * Asks the platform to hand contacts over. `leaver`: the giver has left the company. `message`: what the contacts are
   * told when they went over, where the platform tells them. Those it refuses come back with its code.
   */
  start(of: TransferKey & { contacts: PlatformKey[]; message?: string }): Promise<{ refused: TransferRefusal[] }>;
  /** What became of contacts handed over between these two. */
  results(of: TransferKey, cursor: string): Promise<Page<TransferResult>>;
}

export interface TransferKey {
  from: PlatformKey;
  to: PlatformKey;
  leaver: boolean;
}

export interface TransferRefusal {
  contact: PlatformKey;
  /** The platform's own. */
  code: string;
  reason: TransferReason;
}

/**
 * Why a contact does not go over. `giver_here`: asked for as a leaver's, but the giver has not left. `dormant`: giver or
 * taker has not been there for too long.
 */
export type TransferReason =
  | 'unknown_contact'
  | 'not_followed'
  | 'under_way'
  | 'too_often'
  | 'taker_full'
  | 'taker_unready'
  | 'giver_here'
  | 'giver_blocked'
  | 'dormant'
  | 'other';

export interface TransferResult {
  contact: PlatformKey;
  /** `full`: the taker may have no more contacts. */
  state: 'waiting' | 'done' | 'refused_by_contact' | 'full';
  /** When it went over; while it waits, when it will. */
  at: Date | null;
}
