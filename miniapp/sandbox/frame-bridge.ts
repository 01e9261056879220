import type { BridgeCall, FrameMessage } from '#bot/sandbox/sandbox-api.ts';
import { control } from './control.ts';

type Payload = Extract<FrameMessage, { type: 'bridge.call' }>['payload'];

/**
 * This page is the client around the frame: what a framed page asks of its bridge goes to the sandbox, together with where
 * the page stands. Answers how to stop.
 */
export function answerFrame(
  windowOf: () => Window | null | undefined,
  context: () => BridgeCall['context'],
): () => void {
  async function hear(event: MessageEvent<unknown>): Promise<void> {
    const frame = windowOf();
    if (!frame || event.origin !== location.origin || event.source !== frame || !isCall(event.data)) return;
    const { id, payload } = event.data;
    // Without an answer from the sandbox the client never answers either.
    const said = await control.bridge({ ...payload, context: context() }).catch(() => null);
    if (said?.reply) tellFrame(frame, { v: 1, id, type: 'bridge.reply', payload: said.reply });
  }

  const listener = (event: MessageEvent<unknown>) => void hear(event);
  window.addEventListener('message', listener);
  return () => window.removeEventListener('message', listener);
}

export function tellFrame(frame: Window, message: FrameMessage): void {
  frame.postMessage(message, location.origin);
}

function isCall(data: unknown): data is { v: 1; id: string; type: 'bridge.call'; payload: Payload } {
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
