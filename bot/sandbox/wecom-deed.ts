import type { z } from 'zod';
import { DeedRefused } from './deed-refused.ts';
import { perform } from './deeds.ts';
import type { ActResult, act } from './sandbox-api.ts';
import type { Stage } from './stage.ts';
import { pressCard } from './wecom-card.ts';
import { performSend } from './wecom-send-task.ts';
import { settle } from './wecom-transfer.ts';
import { openChannel } from './wecom-way-in.ts';

/** All that people do, with what they do to a card, to a customer on the way to somebody else, to a group message or a code. */
export function performAny(stage: Stage, deed: z.output<typeof act>): ActResult {
  switch (deed.kind) {
    case 'card_pressed':
      pressCard(stage, deed.card, deed.button);
      return {};
    case 'transfer_settles': {
      const { contact, outcome } = deed;
      const waiting = stage.world.transfers.filter(
        (one) => one.state === 'waiting' && (contact === null || one.contact === contact),
      );
      if (waiting.length === 0) throw new DeedRefused('sandbox.nothing_to_settle', '没有等待接替的客户。');
      for (const one of waiting) settle(stage, one, outcome);
      return { settled: waiting.length };
    }
    case 'send_confirmed':
    case 'send_declined':
    case 'sends_confirmed':
      return performSend(stage, deed);
    case 'channel_opened':
      return openChannel(stage, deed);
    default:
      return perform(stage, deed);
  }
}
