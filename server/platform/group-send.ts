import type { PlatformKey } from './key.ts';
import type { ContactMessage } from './message.ts';
import type { Page } from './page.ts';

/** Messages to many contacts of one member. Nothing reaches a contact before the member has confirmed it. */
export interface GroupSends {
  limits: {
    /** Per call. */
    contactsMax: number;
    /** In UTF-8. */
    textBytesMax: number;
    attachmentsMax: number;
    /** In UTF-8, of an attachment of this kind; longer ones are `rejected`. */
    link: { titleBytesMax: number; descriptionBytesMax: number; urlBytesMax: number };
    appTitleBytesMax: number;
    /** Of one send, in 24 hours. */
    remindersMax: number;
    /** How long after its start the results of a send still change. */
    resultsDays: number;
  };
  /**
   * Asks `sender` to send this to `contacts`. `unsendable` are those the platform leaves out at once. `nobody` when none
   * of them can be sent to: then there is no send. Not safe to repeat: what gave no answer is looked for by `list`.
   */
  start(send: {
    sender: PlatformKey;
    contacts: PlatformKey[];
    message: ContactMessage;
  }): Promise<{ key: PlatformKey; unsendable: PlatformKey[] } | 'nobody'>;
  /** Sends started by this app, or another of the company, between two times; newest first as a rule. */
  list(between: { since: Date; until: Date }, cursor: string): Promise<Page<ListedSend>>;
  /** Whom a send was asked of, and who confirmed. */
  confirmations(send: PlatformKey, cursor: string): Promise<Page<SendConfirmation>>;
  /** What became of each contact of one member. */
  results(of: { send: PlatformKey; member: PlatformKey }, cursor: string): Promise<Page<SendResult>>;
  /** Reminds those who have not confirmed. `rejected` when it was done often enough today. */
  remind(send: PlatformKey): Promise<void>;
  /** Takes it back from those who have not confirmed. Safe to repeat. What has left cannot be recalled. */
  cancel(send: PlatformKey): Promise<void>;
  /** Shows a member what contacts would get, as messages of the app. */
  preview(to: PlatformKey, message: ContactMessage): Promise<{ reached: boolean }>;
}

/** Whose it is, `confirmations` says; whom it is for, their `results`. */
export interface ListedSend {
  key: PlatformKey;
  at: Date;
  text: string;
  /** Their kinds, in order: media keys are not told. */
  attachments: string[];
}

export interface SendConfirmation {
  member: PlatformKey;
  state: 'waiting' | 'confirmed';
  at: Date | null;
}

export interface SendResult {
  contact: PlatformKey;
  /** `not_connected`: they are no longer connected. `over_quota`: the contact was sent too much this day, week or month. */
  state: 'waiting' | 'delivered' | 'not_connected' | 'over_quota';
  at: Date | null;
}
