import type { BridgeCall, FrameMessage } from '#bot/sandbox/frame-api.ts';
import { control } from './control.ts';

export type FrameCall = Extract<FrameMessage, { type: 'bridge.call' }>['payload'];
/** Null: the client never answers. */
export type FrameReply = Record<string, unknown> | null;

/** This page is the client around the frame: it answers what a framed page asks of its bridge. Answers how to stop. */
export function answerFrame(
  windowOf: () => Window | null | undefined,
  answer: (call: FrameCall) => Promise<FrameReply>,
): () => void {
  async function hear(event: MessageEvent<unknown>): Promise<void> {
    const frame = windowOf();
    if (!frame || event.origin !== location.origin || event.source !== frame || !isCall(event.data)) return;
    const { id, payload } = event.data;
    // Without an answer from the sandbox the client never answers either.
    const said = await answer(payload).catch(() => null);
    if (said) tellFrame(frame, { v: 1, id, type: 'bridge.reply', payload: said });
  }

  const listener = (event: MessageEvent<unknown>) => void hear(event);
  window.addEventListener('message', listener);
  return () => window.removeEventListener('message', listener);
}

/** As WeCom's client answers a page that stands there. */
export const wecomAnswer =
  (context: () => BridgeCall['context']) =>
  async (call: FrameCall): Promise<FrameReply> =>
    (await control.bridge({ ...call, context: context() })).reply;

/** A press on one of the sidebar's tabs, as the rep does it; nothing where the sidebar shows something else. */
export function openInSidebar(tab: string): void {
  const frame = document.querySelector<HTMLIFrameElement>('[data-tour="sidebar"] iframe');
  frame?.contentDocument?.getElementById(`tab-${tab}`)?.click();
}

export function tellFrame(frame: Window, message: FrameMessage): void {
  frame.postMessage(message, location.origin);
}

function isCall(data: unknown): data is { v: 1; id: string; type: 'bridge.call'; payload: FrameCall } {
  const { v, id, type, payload } = (data ?? {}) as Record<string, unknown>;
  const { frame, name, params, url } = (payload ?? {}) as Record<string, unknown>;
  return (
    v === 1 &&
    type === 'bridge.call' &&
    typeof params === 'object' &&
    params !== null &&
    [id, frame, name, url].every((word) => typeof word === 'string')
  );
}
