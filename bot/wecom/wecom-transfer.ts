import { z } from 'zod';
import type { ContactTransfers, Page, PlatformKey, TransferKey, TransferResult } from '#server/platform/platform.ts';
import type { WecomApi } from './wecom-api.ts';
import { refuse } from './wecom-error.ts';
import { key, listOf, number, seconds, text } from './wecom-field.ts';
import { cut } from './wecom-text.ts';

const batchMax = 100;
const messageMax = 200;

export function makeTransfers(api: WecomApi): ContactTransfers {
  return { batchMax, start: (of) => start(api, of), results: (of, cursor) => results(api, of, cursor) };
}

const startedAnswer = z.object({ customer: listOf(z.object({ external_userid: key, errcode: number })) });

// D92125 for members at work, D94081 for those who left: ≤ 100 customers; 0 says that it goes over by itself after 24 h.
async function start(
  api: WecomApi,
  of: TransferKey & { contacts: PlatformKey[]; message?: string },
): Promise<{ refused: { contact: PlatformKey; code: string }[] }> {
  const path = pathOf(of, 'transfer_customer');
  if (of.contacts.length === 0) return { refused: [] };
  if (of.contacts.length > batchMax) throw refuse(path, 'too_many', `At most ${batchMax} contacts at once.`);
  const message = of.leaver || !of.message ? {} : { transfer_success_msg: cut(of.message, messageMax, lettersOf) };
  const body = { ...peopleOf(of), external_userid: of.contacts, ...message };
  const { customer } = await api({ path, body, changes: true, answer: startedAnswer });
  return {
    refused: customer
      .filter(({ errcode }) => errcode !== 0)
      .map(({ external_userid, errcode }) => ({ contact: external_userid, code: String(errcode) })),
  };
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
