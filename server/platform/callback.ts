import type { PlatformEvent } from './event.ts';

/** A callback as it came, before anything is believed. `body` is raw. */
export interface CallbackRequest {
  method: 'GET' | 'POST';
  query: Record<string, string>;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
  receivedAt: Date;
}

/** `reply` is the HTTP body to answer with once the events are stored. */
export interface CallbackResult {
  reply: string;
  /** text/plain unless said. */
  replyType?: 'application/json';
  events: CallbackEvent[];
  /** The platform never sends these twice: whoever does is somebody else, and is refused. */
  neverRepeats?: boolean;
}

export interface CallbackEvent {
  event: PlatformEvent;
  /** The decrypted body: what makes two deliveries the same event. */
  body: Buffer;
}

/** A connection we keep open for what the platform would otherwise call us with. */
export interface PlatformStream {
  /**
   * Connects, and connects again whenever the connection ends, until `close`. What comes is acknowledged when `receive`
   * has resolved; when it throws, the platform is told to send it again. `observe` hears of every change of the
   * connection, for log and metrics.
   */
  open(
    receive: (event: CallbackEvent) => Promise<void>,
    observe: (state: 'connected' | 'disconnected', why: string) => void,
  ): { close(): Promise<void> };
}
