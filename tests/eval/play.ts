import type { Deps } from '#server/base/deps.ts';
import { readPrompt } from '#server/base/prompt.ts';
import { caseKey, readCases, replyCase, segmentCase, summaryCase } from './case.ts';
import { openEvalModel, type Exchange, type LiveModel } from './eval-model.ts';
import { withModel } from './eval-world.ts';
import { observeReply, replyScorers } from './observe-reply.ts';
import { observeSegment, segmentScorers } from './observe-segment.ts';
import { observeSummary } from './observe-summary.ts';
import { readRecorded, recordedFor, type Recorded } from './recorded.ts';
import { summaryScorers, type Scorer } from './score-summary.ts';
import { figuresOf, readGates, type CasePlayed, type Figure } from './verdict.ts';

export const useCases = ['summarise-conversation', 'draft-reply', 'draft-segment'] as const;
export type UseCase = (typeof useCases)[number];

export interface Played {
  version: string;
  ids: string[];
  figures: Figure[];
  /** What was answered, to be kept. */
  recorded: Recorded[];
  /** The version whose answers were played, where the prompt's own are not recorded. */
  answeredAs: string[];
}

export interface PlayOptions {
  live: LiveModel | null;
  repeat: number;
}

/** Every stored case of a use case, some times, through the product; and what the scorers make of it. */
export async function play(deps: Deps, useCase: UseCase, options: PlayOptions): Promise<Played> {
  switch (useCase) {
    case 'summarise-conversation':
      return playAll(deps, useCase, readCases(useCase, summaryCase), observeSummary, summaryScorers, options);
    case 'draft-reply':
      return playAll(deps, useCase, readCases(useCase, replyCase), observeReply, replyScorers, options);
    case 'draft-segment':
      return playAll(deps, useCase, readCases(useCase, segmentCase), observeSegment, segmentScorers, options);
  }
}

async function playAll<Case extends { id: string; about: string; expect: unknown }, Observed>(
  deps: Deps,
  useCase: UseCase,
  cases: readonly Case[],
  observe: (deps: Deps, one: Case, exchanges: () => Exchange[]) => Promise<Observed>,
  scorers: readonly Scorer<Observed>[],
  { live, repeat }: PlayOptions,
): Promise<Played> {
  const { version } = readPrompt(useCase);
  const all = readRecorded(useCase);
  const keys = new Map(cases.map((one) => [one.id, caseKey(useCase, one)]));
  const chosen = [...keys.values()].flatMap((key) => {
    const found = recordedFor(all, key, version);
    return found ? [[key, found] as const] : [];
  });
  const model = await openEvalModel(new Map(chosen), live);
  try {
    const played: CasePlayed<Observed>[] = [];
    const recorded: Recorded[] = [];
    for (const one of cases) {
      const key = keys.get(one.id) ?? '';
      const takes: Observed[] = [];
      for (let take = 0; take < repeat; take += 1) {
        // What was answered before would be taken out of the ledger.
        await deps.db.modelRun.deleteMany();
        const asked = withModel(deps, model.urlFor(key, take));
        takes.push(await observe(asked, one, () => model.exchanges(key, take)));
      }
      played.push({ id: one.id, takes });
      recorded.push({
        key,
        case: one.id,
        prompt: version,
        by: live?.model ?? 'by hand',
        takes: takes.map((_, take) => model.exchanges(key, take).map(({ answer }) => parsed(answer))),
      });
    }
    return {
      version,
      ids: cases.map(({ id }) => id),
      figures: figuresOf(scorers, played, readGates(useCase)),
      recorded,
      answeredAs: live ? [] : [...new Set(chosen.map(([, { prompt }]) => prompt))].filter((one) => one !== version),
    };
  } finally {
    await model.close();
  }
}

/** A well-formed answer is kept as JSON: it can be read and compared. */
function parsed(answer: string): unknown {
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === 'object' && value !== null ? value : answer;
  } catch (error) {
    if (error instanceof SyntaxError) return answer;
    throw error;
  }
}
