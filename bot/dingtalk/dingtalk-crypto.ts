import { createHmac } from 'node:crypto';

/** K02@0771: what a robot's message is signed with. It covers the time alone, not the message. */
export function robotSignature(clientSecret: string, timestamp: string): string {
  return createHmac('sha256', clientSecret).update(`${timestamp}\n${clientSecret}`).digest('base64');
}

/** K02@0786: what the press of a card is signed with, where presses come by HTTP. It covers the time alone too. */
export function cardSignature(cardSecret: string, timestamp: string): string {
  return createHmac('sha256', cardSecret).update(timestamp).digest('base64');
}
