import type { Deps } from '#server/base/deps.ts';
import { nextAttemptAfter } from '#server/notice/notice.ts';
import type { Card } from '#server/platform/card.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { Platform } from '#server/platform/platform.ts';
import { faceHash, faceOf } from './card-face.ts';
import { claimCard, listDueCards, settleCard, STALE, type CardRow } from './approval-card-store.ts';
import { listCardSubjects } from './card-subject-store.ts';
import { tellWithoutCard } from './tell-without-card.ts';

/** No call takes this long: whoever was sending is gone. Sending a card twice is harmless. */
const SENDING_MAX_MS = 60_000;
const BATCH = 200;
export const sweepCardsEveryMs = 15_000;

/**
 * Sends a card, or changes its face to how the approval stands now. The face is worked out from the rows, so whatever was
 * lost, late or repeated, the last call shows the truth.
 */
export async function showCard(deps: Deps, { key }: { key: string }): Promise<void> {
  const now = deps.now();
  const card = await claimCard(deps.db, deps.cipher, key, { now, vanishedBefore: vanishedBefore(now) });
  if (!card) return;
  const subject = (await listCardSubjects(deps.db, deps.cipher, card.approvalId)).find(
    ({ memberId }) => memberId === card.memberId,
  );
  if (!subject) return void (await settleCard(deps.db, deps.cipher, card, { state: 'failed', lastError: 'no seat' }));
  const face = faceOf(key, deps.config.PUBLIC_URL, subject);
  // Told before it is settled: whoever is neither shown a card nor told would never know, and telling twice tells once.
  const tell = () => tellWithoutCard(deps, card.approvalId, [card.memberId]);
  try {
    const outcome = await show(deps, card, face);
    if (outcome.state === 'unreached') await tell();
    if ((await settleCard(deps.db, deps.cipher, card, outcome)) === 'owed')
      await deps.jobs.add('show-card', { key }, { key });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const outcome = afterError(error, card, deps.now());
    if (outcome.state === 'failed' && face.buttons.length > 0) await tell();
    await settleCard(deps.db, deps.cipher, card, outcome);
    if (error.kind === 'rate_limited') throw error;
  }
}

type Outcome = Parameters<typeof settleCard>[3];

async function show(deps: Deps, card: CardRow, face: Card): Promise<Outcome> {
  const platform = deps.platforms.get(card.platform);
  const shown: Outcome = { state: 'shown', shownFace: faceHash(face), lastError: null };
  if (card.shownFace === shown.shownFace) return shown;
  if (card.shownFace !== '') return changeFace(platform, card, face, shown);

  const isFirstTry = card.attempts === 1;
  // Nothing to decide and nothing sent: there is no card to keep true.
  if (isFirstTry && face.buttons.length === 0) return shown;
  const { reached, updateCode } = await platform.sendCard(card.memberKey, face);
  if (!reached) return { state: 'unreached', lastError: 'The platform does not reach this member.' };
  // An attempt whose answer was lost may have sent an earlier face.
  if (!isFirstTry) return changeFace(platform, { ...card, updateCode: updateCode ?? card.updateCode }, face, shown);
  return { ...shown, updateCode };
}

async function changeFace(platform: Platform, card: CardRow, face: Card, shown: Outcome): Promise<Outcome> {
  if (platform.capabilities.cardUpdates === 'any') {
    await platform.updateCard(card.memberKey, face, null);
    return shown;
  }
  // The one change there is a code for is kept for the end, or for whoever has just pressed and waits for an answer.
  const isWorthIt = face.buttons.length === 0 || card.shownFace === STALE;
  if (!isWorthIt || card.updateCode === null) return { ...shown, updateCode: card.updateCode };
  await platform.updateCard(card.memberKey, face, card.updateCode);
  return { ...shown, updateCode: null };
}

/** A card may be sent again under its key, so an answer that never came is simply asked for once more. */
function afterError(error: PlatformError, { attempts }: CardRow, now: Date): Outcome {
  switch (error.kind) {
    case 'rejected':
    case 'not_found':
      return { state: 'failed', lastError: error.message };
    case 'rate_limited':
    case 'forbidden':
    case 'unavailable':
    case 'unknown': {
      const soonest = nextAttemptAfter(attempts, now).getTime();
      const nextAttemptAt = new Date(Math.max(soonest, now.getTime() + error.retryAfterMs));
      return { state: 'owed', lastError: error.message, nextAttemptAt };
    }
  }
}

/** Cards whose job got lost, whose sender vanished, or whose time to be tried again has come. */
export async function sweepCards(deps: Deps): Promise<void> {
  const now = deps.now();
  const keys = await listDueCards(deps.db, { now, vanishedBefore: vanishedBefore(now), limit: BATCH });
  await deps.jobs.addAll(
    'show-card',
    keys.map((key) => ({ payload: { key }, options: { key } })),
  );
}

const vanishedBefore = (now: Date): Date => new Date(now.getTime() - SENDING_MAX_MS);
