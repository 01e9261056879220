import { hash } from 'node:crypto';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { findAccounts } from '#server/member/member-store.ts';
import type { Platform } from '#server/platform/platform.ts';
import { insertCards, listCards, wantFace } from './approval-card-store.ts';
import type { Approval } from './approval.ts';
import { faceHash, faceOf } from './card-face.ts';
import { subjectsOf } from './card-subject-store.ts';

/**
 * Inside the transaction that changed an approval: everyone who has a seat is owed a card that shows how it stands now.
 * Answers the keys to show.
 */
export async function oweCards(tx: Db, deps: Deps, approval: Approval): Promise<string[]> {
  const now = deps.now();
  // A form has a face of its own.
  if (approval.mode === 'form') return [];
  const approvalId = approval.id;
  const subjects = await subjectsOf(tx, deps.cipher, approval);
  const before = await listCards(tx, approvalId);
  const isNew = ({ memberId, seat }: (typeof subjects)[number]) =>
    seat.state === 'open' && !before.some((card) => card.memberId === memberId);
  const fresh = subjects.filter(isNew);
  const accounts = await cardAccounts(
    tx,
    deps,
    fresh.map(({ memberId }) => memberId),
  );
  const made = fresh.flatMap((subject) => {
    const account = accounts.get(subject.memberId);
    if (!account) return [];
    const key = keyOf(approvalId, subject.memberId, account.platform);
    const wantedFace = faceHash(faceOf(key, deps.config.PUBLIC_URL, subject));
    const { memberId, level } = subject;
    return [{ key, approvalId, memberId, ...account, level, wantedFace, createdAt: now }];
  });
  await insertCards(tx, made);

  const changed: string[] = [];
  for (const card of before) {
    const subject = subjects.find(({ memberId }) => memberId === card.memberId);
    const face = subject && faceHash(faceOf(card.key, deps.config.PUBLIC_URL, subject));
    if (face && (await wantFace(tx, card.key, face, now))) changed.push(card.key);
  }
  return [...made.map(({ key }) => key), ...changed];
}

/** One card for a member and an approval, whatever is tried. */
function keyOf(approvalId: string, memberId: string, platform: string): string {
  return `approval-${hash('sha256', `${approvalId} ${memberId} ${platform}`, 'hex').slice(0, 32)}`;
}

/** Where a card can change its face as often as needed it is better seen than elsewhere. */
async function cardAccounts(
  tx: Db,
  deps: Deps,
  memberIds: string[],
): Promise<Map<string, { platform: string; memberKey: string }>> {
  const ranked = deps.platforms.all
    .filter(({ capabilities }) => capabilities.cardUpdates !== 'none')
    .toSorted((a, b) => rank(a) - rank(b));
  const accounts = await findAccounts(tx, memberIds);
  return new Map(
    memberIds.flatMap((memberId) => {
      const [best] = ranked.flatMap(({ name }) => {
        const account = accounts.find((one) => one.memberId === memberId && one.platform === name);
        return account ? [{ platform: name, memberKey: account.key }] : [];
      });
      return best ? [[memberId, best] as const] : [];
    }),
  );
}

const rank = ({ capabilities }: Platform): number => (capabilities.cardUpdates === 'any' ? 0 : 1);
