import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { listPrompts, type Prompt } from '#server/base/prompt.ts';
import { readCaseFigures } from './case-figures.ts';
import type { PromptView } from './usage-api.ts';
import { sumDrafts, sumRuns, type DraftFigures, type Figures } from './usage-store.ts';
import { byVersion } from './usage.ts';
import { draftsOf, figuresOf } from './view-usage.ts';

/** A version nobody used for a year is none anybody compares with. */
const COMPARED_MS = 366 * DAY_MS;

/** Each prompt as it is sent now, and how each version of it did with the company's own conversations and the stored cases. */
export async function viewPrompts(deps: Deps): Promise<PromptView[]> {
  const bounds = { since: new Date(deps.now().getTime() - COMPARED_MS), before: new Date(8.64e15) };
  const [sums, drafts] = await Promise.all([sumRuns(deps.db, 'promptVersion', bounds), sumDrafts(deps.db, bounds)]);
  return Promise.all(listPrompts().map((prompt) => viewOf(prompt, sums, drafts)));
}

async function viewOf(prompt: Prompt, sums: Figures[], drafts: DraftFigures[]): Promise<PromptView> {
  const { name, version: current, temperature, text } = prompt;
  const used = sums.map(({ key }) => key).filter((version) => version.startsWith(`${name}@`));
  const versions = [...new Set([current, ...used])].toSorted(byVersion);
  return {
    name,
    version: current,
    temperature,
    text,
    versions: await Promise.all(
      versions.map(async (version) => {
        const sum = sums.find(({ key }) => key === version);
        return {
          version,
          current: version === current,
          firstAt: sum?.firstAt.toISOString() ?? null,
          lastAt: sum?.lastAt.toISOString() ?? null,
          ...figuresOf(sum),
          drafts: draftsOf(drafts.find(({ key }) => key === version)),
          cases: await readCaseFigures(version),
        };
      }),
    ),
  };
}
