import type { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { RequestInvalid } from '#server/base/refusal.ts';
import { dayOn, instantOf, type Day } from '#server/base/shanghai.ts';
import { countBoard } from './board-store.ts';
import type { boardLine } from './channel-api.ts';
import { listChannels } from './channel-store.ts';

const DAYS_MAX = 366;

/** Days of the company, both included. Channels that brought nobody are there too; ended ones when they did. */
export async function viewBoard(
  deps: Deps,
  { from, to }: { from: string; to: string },
): Promise<z.infer<typeof boardLine>[]> {
  const [first, last] = [readDay(from, 'query.from'), readDay(to, 'query.to')];
  if (last < first) throw new RequestInvalid([{ path: 'query.to', message: 'is before `from`' }]);
  if (last - first >= DAYS_MAX)
    throw new RequestInvalid([{ path: 'query.to', message: `Ask for at most ${DAYS_MAX} days.` }]);
  const live = await listChannels(deps.db, { archived: false });
  const ended = await listChannels(deps.db, { archived: true });
  const counts = await countBoard(
    deps.db,
    [...live, ...ended].map(({ state }) => state),
    { from: instantOf(first, 0), until: instantOf(last + 1, 0) },
  );
  return [...live, ...ended.filter(({ state }) => counts.has(state))].map(({ id, name, kind, state }) => {
    const { added = 0, stayed = 0, replied = 0, won = 0, wonAmountFen = 0, days = [] } = counts.get(state) ?? {};
    return { channel: { id, name, kind }, added, stayed, replied, won, wonAmountFen, days };
  });
}

function readDay(text: string, path: string): Day {
  const [year = 0, month = 0, date = 0] = text.split('-').map(Number);
  const day = dayOn({ year, month, date });
  if (day === null) throw new RequestInvalid([{ path, message: 'is no day' }]);
  return day;
}
