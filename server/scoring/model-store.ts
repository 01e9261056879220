import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Prisma, type ScoringModel as Row } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { ScoringTarget } from './model-api.ts';
import {
  loadModel,
  methodOf,
  modelBody,
  modelDecision,
  modelDrift,
  modelFindings,
  recalibratedIn,
  recalibrations,
  type LoadedModel,
  type ModelBody,
  type ModelDecision,
  type ModelFindings,
  type Recalibration,
} from './scoring-model.ts';

export type ModelState = 'champion' | 'challenger' | 'rejected' | 'retired';

/** All that is known of a model but what it learned. */
export interface KeptModel {
  id: string;
  target: ScoringTarget;
  version: number;
  state: ModelState;
  kind: 'logistic' | 'trees' | 'blend';
  trainedAt: Date;
  fromAt: Date;
  untilAt: Date;
  rows: number;
  positives: number;
  trainSeconds: number;
  recalibrations: Recalibration[];
  findings: ModelFindings;
  drift: { at: string; psi: number; features: { key: string; psi: number }[] } | null;
  decision: ModelDecision | null;
}
export type NewModel = Omit<KeptModel, 'id' | 'version' | 'recalibrations' | 'drift' | 'decision'>;

const withoutBody = { body: true } as const;
const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** The next version of its target. Within a transaction that holds the target's lock. */
export async function insertModel(tx: Db, model: NewModel, body: ModelBody): Promise<KeptModel> {
  const newest = await tx.scoringModel.aggregate({ where: { target: model.target }, _max: { version: true } });
  const row = await tx.scoringModel.create({
    data: {
      ...model,
      version: (newest._max.version ?? 0) + 1,
      body: new Uint8Array(await pack(JSON.stringify(body))),
    },
    omit: withoutBody,
  });
  return toModel(row);
}

function toModel(row: Omit<Row, 'body'>): KeptModel {
  return {
    ...row,
    target: row.target as ScoringTarget,
    state: row.state as ModelState,
    kind: row.kind as KeptModel['kind'],
    recalibrations: recalibrations.parse(row.recalibrations),
    findings: modelFindings.parse(row.findings),
    drift: modelDrift.parse(row.drift),
    decision: modelDecision.parse(row.decision),
  };
}

/** Newest first. */
export async function listModels(db: Db, target: ScoringTarget): Promise<KeptModel[]> {
  const rows = await db.scoringModel.findMany({ where: { target }, orderBy: { version: 'desc' }, omit: withoutBody });
  return rows.map(toModel);
}

export async function findModel(db: Db, id: string): Promise<KeptModel | null> {
  const row = await db.scoringModel.findUnique({ where: { id }, omit: withoutBody });
  return row && toModel(row);
}

export async function findChampion(db: Db, target: ScoringTarget): Promise<KeptModel | null> {
  const row = await db.scoringModel.findFirst({ where: { target, state: 'champion' }, omit: withoutBody });
  return row && toModel(row);
}

/** Which model is the champion, and by which method it scores now. */
export async function findChampionMethod(
  db: Db,
  target: ScoringTarget,
): Promise<{ id: string; method: string } | null> {
  const row = await db.scoringModel.findFirst({
    where: { target, state: 'champion' },
    select: { id: true, version: true, recalibrations: true },
  });
  return row && { id: row.id, method: methodOf(target, row.version, recalibrations.parse(row.recalibrations).length) };
}

export async function saveModel(
  db: Db,
  id: string,
  changes: Partial<Pick<KeptModel, 'state' | 'drift' | 'decision' | 'recalibrations'>>,
): Promise<void> {
  const { drift, decision, ...columns } = changes;
  await db.scoringModel.update({
    where: { id },
    data: {
      ...columns,
      ...(drift === undefined ? {} : { drift: drift ?? Prisma.DbNull }),
      ...(decision === undefined ? {} : { decision: decision ?? Prisma.DbNull }),
    },
  });
}

export async function saveStates(db: Db, target: ScoringTarget, from: ModelState, to: ModelState): Promise<void> {
  await db.scoringModel.updateMany({ where: { target, state: from }, data: { state: to } });
}

/** Those that never made a score and are many versions old; a model that did is needed to explain what it said. */
export async function forgetRejected(db: Db, target: ScoringTarget, keep: number): Promise<void> {
  const kept = await db.scoringModel.findMany({
    where: { target, state: 'rejected' },
    orderBy: { version: 'desc' },
    take: keep,
    select: { id: true },
  });
  await db.scoringModel.deleteMany({
    where: { target, state: 'rejected', id: { notIn: kept.map(({ id }) => id) } },
  });
}

/** Until the transaction ends nobody else makes, promotes or recalibrates a model of this target. */
export async function lockModels(tx: Db, target: ScoringTarget): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`scoring-models:${target}`}, 0))`;
}

/** Unpacking takes a while, and what is unpacked never changes: a few are kept at hand. */
const atHand = new Map<string, Promise<LoadedModel | null>>();
const AT_HAND_MAX = 6;

/** The model as it made scores by `method`; null when it is gone. */
export async function readModel(db: Db, id: string, method: string): Promise<LoadedModel | null> {
  const name = `${id} ${method}`;
  const asked = atHand.get(name) ?? load(db, id, method);
  atHand.delete(name);
  atHand.set(name, asked);
  for (const oldest of atHand.keys()) {
    if (atHand.size <= AT_HAND_MAX) break;
    atHand.delete(oldest);
  }
  let loaded: LoadedModel | null = null;
  try {
    loaded = await asked;
    return loaded;
  } finally {
    if (!loaded) atHand.delete(name);
  }
}

async function load(db: Db, id: string, method: string): Promise<LoadedModel | null> {
  const row = await db.scoringModel.findUnique({ where: { id } });
  if (!row) return null;
  const shifts = recalibrations.parse(row.recalibrations).slice(0, recalibratedIn(method));
  const body = modelBody.parse(JSON.parse((await unpack(row.body)).toString('utf8')));
  return loadModel({ id, target: row.target as ScoringTarget, version: row.version }, body, shifts);
}
