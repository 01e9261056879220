/** What the page needs of the client that shows it. What one client does otherwise than another is said in this folder only. */
export interface Host {
  readonly name: 'wecom' | 'dingtalk' | 'browser';
  /** The platform a login goes through. */
  readonly platform: string;
  /**
   * A code for `POST /api/login` without leaving the page, where the client gives one; `loginUrl` is where the browser would
   * go otherwise. Null from it: the client knows nobody, so go there. Null for it: the client gives none.
   */
  readonly askForCode: ((loginUrl: string) => Promise<string | null>) | null;
  /** Begins what needs no answer yet, while the session is looked up. Whatever fails here is done again by `open`. */
  prepare(): void;
  /** Who the page is beside. Needs a session: the bridge is opened with a signature from the server. */
  open(): Promise<Opened>;
  /** One message into the open chat. */
  send(message: HostMessage): Promise<SendResult>;
  /** Opens the bridge for what a page needs beside no chat. Needs a session; a client that refuses shows the page all the same. */
  connect(): void;
  /** The client draws the title bar, not the page. */
  setTitle(title: string): void;
  /** Another page of ours, or a file of theirs, outside of this one. */
  openLink(url: string): void;
  /** Null where only the user can close it. */
  readonly closePage: (() => void) | null;
}

export interface Opened {
  /** The platform's own key of the contact; null when the page does not stand beside a chat with one. */
  contactKey: string | null;
  /** Why there is no contact. */
  without: 'no_contact' | 'group' | 'not_a_client' | 'no_permission' | null;
  canSend: boolean;
}

/** What can be sent into a chat. `mediaKey` is how the platform knows a file. */
export type HostMessage =
  | { kind: 'text'; text: string }
  | { kind: 'image' | 'video' | 'file'; mediaKey: string }
  | { kind: 'link'; title: string; description: string; url: string; pictureUrl: string | null };

/** `unknown`: the client never said; the text may have left. */
export type SendResult = 'sent' | 'cancelled' | 'no_permission' | 'no_context' | 'failed' | 'unknown';

/** A link in a notice names its contact. */
export const contactInAddress = (): string | null => new URLSearchParams(location.search).get('contact');

/** What every page can do without a client. */
export const plainPage = {
  askForCode: null,
  connect(): void {},
  setTitle(title: string): void {
    document.title = title;
  },
  openLink(url: string): void {
    window.open(url, '_blank', 'noopener');
  },
  closePage: null,
};

/** True when the text is on the clipboard. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Frames and older kernels refuse the clipboard interface and allow this. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}
