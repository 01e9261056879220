import { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { readSetting, saveSetting } from '#server/base/setting.ts';
import { dayOf, endOf, type Day } from '#server/base/shanghai.ts';
import { listMemberIdsBelow } from '#server/member/scope-store.ts';
import { insertNotices, type NewNotice } from '#server/notice/notice-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { DIGEST_SHOWN, digestDay, digestKey, isEmpty, nothing, type Digest } from './digest.ts';
import {
  countOverdueByMember,
  countSeatsByMember,
  listDueByMember,
  listReaders,
  listSilentByOwner,
  lockDigests,
  type Reader,
} from './digest-store.ts';
import { digestText } from './digest-words.ts';
import { readFollowUp } from './follow-up-setting.ts';

export const writeDigestsEveryMs = MINUTE_MS;
const KEY = 'digest-day';
const writtenDay = z.int().prefault(0);

/** On working days each member who has something to do is told so once. */
export async function writeDigests(deps: Deps): Promise<void> {
  const { digest } = await readFollowUp(deps.db);
  const day = digestDay(digest, deps.now());
  if (day === null || (await readSetting(deps.db, KEY, writtenDay)) >= day) return;
  const notices = await digestsOf(deps, day);
  const isMine = await deps.db.$transaction(async (tx) => {
    await lockDigests(tx);
    if ((await readSetting(tx, KEY, writtenDay)) >= day) return false;
    await insertNotices(tx, deps.cipher, notices, deps.now());
    await saveSetting(tx, KEY, day, null);
    return true;
  });
  if (!isMine) return;
  await nudgeNotices(
    deps,
    notices.map(({ key }) => key),
  );
}

async function digestsOf(deps: Deps, day: Day): Promise<NewNotice[]> {
  const now = deps.now();
  const { silentDays } = await readFollowUp(deps.db);
  const [readers, due, silent, overdue, seats] = [
    await listReaders(deps.db),
    await listDueByMember(deps.db, deps.cipher, { now, tonight: endOf(dayOf(now)) }),
    await listSilentByOwner(deps.db, silentDays, now),
    await countOverdueByMember(deps.db, now),
    await countSeatsByMember(deps.db),
  ];
  const names = new Map(readers.map(({ id, name }) => [id, name]));
  const notices: NewNotice[] = [];
  for (const reader of readers) {
    const kinds = due.get(reader.id);
    const digest: Digest = {
      overdue: kinds?.overdue ?? nothing,
      today: kinds?.today ?? nothing,
      promises: kinds?.promise ?? nothing,
      silent: silent.get(reader.id) ?? nothing,
      team: await teamOf(deps, reader, overdue, names),
      approvals: seats.get(reader.id) ?? 0,
    };
    if (isEmpty(digest)) continue;
    notices.push({
      key: digestKey(reader.id, day),
      memberId: reader.id,
      text: digestText(reader.locale, reader.name, digest),
      path: digest.team?.overdue ? '/inbox.html#/team' : digest.approvals > 0 ? '/inbox.html' : '/inbox.html#/tasks',
    });
  }
  return notices;
}

/** An admin keeps Zhike running and leads nobody by that. */
async function teamOf(
  deps: Deps,
  { id, role }: Reader,
  overdue: ReadonlyMap<string, number>,
  names: ReadonlyMap<string, string>,
): Promise<Digest['team']> {
  if ((role !== 'manager' && role !== 'director') || overdue.size === 0) return null;
  const below = await listMemberIdsBelow(deps.pool, id);
  const late = below
    .filter((memberId) => memberId !== id)
    .flatMap((memberId) => {
      const count = overdue.get(memberId);
      return count ? [{ name: names.get(memberId) ?? '', count }] : [];
    })
    .toSorted((a, b) => b.count - a.count);
  const shown = late.filter(({ name }) => name !== '').slice(0, DIGEST_SHOWN);
  return {
    overdue: late.reduce((sum, { count }) => sum + count, 0),
    byMember: { total: late.length, names: shown.map(({ name, count }) => `${name} ${count}`) },
  };
}
