import { z } from 'zod';
import { cut } from '#bot/shared/cut-text.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type {
  ContactTransfers,
  TransferKey,
  TransferReason,
  TransferRefusal,
  TransferResult,
} from '#server/platform/contact-transfer.ts';
import type { Page } from '#server/platform/page.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { WecomApi } from './wecom-api.ts';
import { refuse } from './wecom-error.ts';
import { key, listOf, number, seconds, text } from '#bot/shared/field.ts';

const batchMax = 100;
const messageMax = 200;

export function makeTransfers(api: WecomApi): ContactTransfers {
  return { batchMax, start: (of) => start(api, of), results: (of, cursor) => results(api, of, cursor) };
}

/** D90313. Those of the second list are about the members, and the whole call is refused with them. */
const reasons: Record<string, TransferReason> = {
  40096: 'unknown_contact',
  40131: 'not_followed',
  84061: 'not_followed',
  40100: 'under_way',
  40129: 'under_way',
  40128: 'too_often',
};
const memberReasons: Record<string, TransferReason> = {
  40097: 'giver_here',
  40098: 'taker_unready',
  40099: 'taker_full',
  40130: 'other',
  40143: 'giver_blocked',
  40205: 'dormant',
};

const startedAnswer = z.object({ customer: listOf(z.object({ external_userid: key, errcode: number })) });

// D92125 for members at work, D94081 for those who left: ≤ 100 customers; 0 says that it goes over by itself after 24 h.
async function start(
  api: WecomApi,
  of: TransferKey & { contacts: PlatformKey[]; message?: string },
): Promise<{ refused: TransferRefusal[] }> {
  const path = pathOf(of, 'transfer_customer');
  if (of.contacts.length === 0) return { refused: [] };
  if (of.contacts.length > batchMax) throw refuse(path, 'too_many', `At most ${batchMax} contacts at once.`);
  const message = of.leaver || !of.message ? {} : { transfer_success_msg: cut(of.message, messageMax, lettersOf) };
  const body = { ...peopleOf(of), external_userid: of.contacts, ...message };
  try {
    const { customer } = await api({ path, body, changes: true, answer: startedAnswer });
    return {
      refused: customer
        .filter(({ errcode }) => errcode !== 0)
        .map(({ external_userid, errcode }) => refusalOf(external_userid, String(errcode))),
    };
  } catch (error) {
    if (!(error instanceof PlatformError) || !memberReasons[error.code]) throw error;
    return { refused: of.contacts.map((contact) => refusalOf(contact, error.code)) };
  }
}

function refusalOf(contact: PlatformKey, code: string): TransferRefusal {
  return { contact, code, reason: reasons[code] ?? memberReasons[code] ?? 'other' };
}

const states = new Map<number, TransferResult['state']>([
  [1, 'done'],
  [2, 'waiting'],
  [3, 'refused_by_contact'],
  [4, 'full'],
]);

const resultsAnswer = z.object({
  customer: listOf(z.object({ external_userid: key, status: number, takeover_time: seconds })),
  next_cursor: text,
});

// D94088, D94082: ≤ 1000 a page.
async function results(api: WecomApi, of: TransferKey, cursor: string): Promise<Page<TransferResult>> {
  const path = pathOf(of, 'transfer_result');
  const { customer, next_cursor } = await api({
    path,
    body: { ...peopleOf(of), ...(cursor ? { cursor } : {}) },
    answer: resultsAnswer,
  });
  const items = customer.flatMap(({ external_userid, status, takeover_time }) => {
    const state = states.get(status);
    return state ? [{ contact: external_userid, state, at: takeover_time }] : [];
  });
  return { items, nextCursor: next_cursor ?? '' };
}

const pathOf = ({ leaver }: TransferKey, call: string): string => `externalcontact/${leaver ? 'resigned/' : ''}${call}`;

const peopleOf = ({ from, to }: TransferKey) => ({ handover_userid: from, takeover_userid: to });

const lettersOf = (text: string): number => [...text].length;
