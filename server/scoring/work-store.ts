import type { ScoringWork } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { ScoringTarget } from './model-api.ts';

export type Work = ScoringWork;

const idle = {
  outcomes: 0,
  trainState: 'idle',
  trainStartedAt: null,
  trainDone: 0,
  trainTotal: 0,
  trainError: null,
  nightlyAt: null,
  rescoreMethod: null,
  rescoreAfter: null,
  rescoreRunning: false,
  rescoreDone: 0,
  rescoreTotal: 0,
  rescoreStartedAt: null,
  rescoreEndedAt: null,
  newsAt: null,
  timeDay: null,
  forgetAfter: null,
  forgottenAt: null,
};

export async function readWork(db: Db, target: ScoringTarget): Promise<Work> {
  return (await db.scoringWork.findUnique({ where: { target } })) ?? { target, ...idle };
}

export async function saveWork(db: Db, target: ScoringTarget, changes: Partial<Omit<Work, 'target'>>): Promise<void> {
  await db.scoringWork.upsert({ where: { target }, create: { target, ...changes }, update: changes });
}
