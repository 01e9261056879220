import type { PlatformKey } from './key.ts';

/** Codes to scan and links to open, by which a contact adds one of several members. */
export interface ContactChannels {
  limits: {
    membersMax: number;
    /** In UTF-8; of the state that comes back with `contact_added`. */ stateBytesMax: number;
  };
  /** Not safe to repeat: what gave no answer is looked for by `findCode`. */
  createCode(code: CodeDraft): Promise<CodeProfile>;
  /** A code with this state made since; null when there is none. */
  findCode(of: { state: string; since: Date }): Promise<CodeProfile | null>;
  updateCode(key: PlatformKey, code: CodeDraft): Promise<void>;
  removeCode(key: PlatformKey): Promise<void>;
  /** Links are found again by their name, which is ours. */
  createLink(link: LinkDraft): Promise<LinkProfile>;
  findLink(of: { name: string; since: Date }): Promise<LinkProfile | null>;
  updateLink(key: PlatformKey, link: LinkDraft): Promise<void>;
  removeLink(key: PlatformKey): Promise<void>;
  /** The link as it is given out, so that its state comes back with who opens it. */
  linkUrl(url: string, state: string): string;
}

export interface CodeDraft {
  members: PlatformKey[];
  state: string;
  /** For people in the platform's own console. */
  note: string;
  /** The contact is added without the member's consent. */
  skipVerify: boolean;
}

export interface CodeProfile {
  key: PlatformKey;
  /** Where its picture is. */
  imageUrl: string;
}

export interface LinkDraft {
  name: string;
  members: PlatformKey[];
  skipVerify: boolean;
}

export interface LinkProfile {
  key: PlatformKey;
  url: string;
}
