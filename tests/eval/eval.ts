import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { putPrompt } from '#server/base/prompt.ts';
import { attackFaults, describeAttacks, readAttacks, runAttacks } from './attack.ts';
import { crosswozFaults, describeCrosswoz, runCrosswoz } from './crosswoz.ts';
import type { LiveModel } from './eval-model.ts';
import { openEvalWorld, type EvalWorld } from './eval-world.ts';
import { play, useCases, type Played, type UseCase } from './play.ts';
import { writeRecorded } from './recorded.ts';
import { passedCount, tableOf, writeResults } from './verdict.ts';

const help = `npm run eval                       the stored cases with the recorded answers
npm run eval -- --live             with the model of OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL
npm run eval -- --record           … and keep what it says as the recorded answers
npm run eval -- --prompt FILE      beside another version of the prompt FILE is named after
npm run eval -- --save             keep the figures in prompts/results/ for the screen of the prompts
npm run eval -- --use-case NAME    one of ${useCases.join(', ')}; --repeat N plays each case N times
npm run eval -- --attacks          every attack in every position against a model that obeys it
npm run eval -- --crosswoz FILE    the dialogues of CrossWOZ (a .zip or .json) through the summary;
                                   --pace 3 for people who take three times as long`;

const { values: asked } = parseArgs({
  options: {
    live: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    prompt: { type: 'string' },
    'use-case': { type: 'string' },
    repeat: { type: 'string', default: '2' },
    attacks: { type: 'boolean', default: false },
    crosswoz: { type: 'string' },
    pace: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

if (asked.help) console.log(help);
else {
  const world = await openEvalWorld();
  try {
    if (!(await evaluate(world))) process.exitCode = 1;
  } finally {
    await world.close();
  }
}

/** Whether every gate was reached. */
async function evaluate({ deps }: EvalWorld): Promise<boolean> {
  if (asked.attacks) {
    const report = await runAttacks(deps, readAttacks());
    console.log(describeAttacks(report));
    return attackFaults(report).length === 0;
  }
  if (asked.crosswoz !== undefined) {
    const report = await runCrosswoz(deps, asked.crosswoz, Number(asked.pace));
    console.log(describeCrosswoz(report));
    return crosswozFaults(report).length === 0;
  }
  const options = { live: asked.live || asked.record ? liveModel() : null, repeat: Number(asked.repeat) };
  const chosen = useCases.filter((name) => name === (asked['use-case'] ?? promptName() ?? name));
  if (chosen.length === 0) throw new Error(`There is no such use case. There are ${useCases.join(', ')}.`);
  const verdicts: boolean[] = [];
  for (const useCase of chosen) {
    const played = await play(deps, useCase, options);
    const other = asked.prompt === undefined ? undefined : await playOther(useCase);
    console.log(reportOf(useCase, played, other));
    if (asked.record) writeRecorded(useCase, played.recorded, `Answers of ${options.live?.model}.`);
    if (asked.save) writeResults(played.version, played.figures, { ids: played.ids, at: new Date() });
    verdicts.push(played.figures.every(({ isGood }) => isGood));
  }
  return verdicts.every(Boolean);

  async function playOther(useCase: UseCase): Promise<Played> {
    putPrompt(useCase, readFileSync(asked.prompt ?? '', 'utf8'));
    return play(deps, useCase, options);
  }
}

/** summarise-conversation.shorter.md is another version of summarise-conversation. */
function promptName(): string | undefined {
  return asked.prompt === undefined ? undefined : path.basename(asked.prompt).split('.')[0];
}

function liveModel(): LiveModel {
  const { OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL } = process.env;
  if (!OPENAI_MODEL) throw new Error('Name a model: OPENAI_MODEL, and OPENAI_BASE_URL and OPENAI_API_KEY where it is.');
  return {
    baseUrl: OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
    apiKey: OPENAI_API_KEY ?? 'none',
    model: OPENAI_MODEL,
  };
}

function reportOf(useCase: UseCase, played: Played, other: Played | undefined): string {
  const { version, ids, figures, answeredAs } = played;
  const borrowed = [...new Set([...answeredAs, ...(other?.answeredAs ?? [])])];
  return [
    '',
    `${version}: ${passedCount(figures, ids)} of ${ids.length} cases fall short nowhere${other ? `; beside ${other.version}: ${passedCount(other.figures, other.ids)}` : ''}`,
    ...(borrowed.length > 0 ? [`Answers recorded for ${borrowed.join(', ')} stand in: ask a model with --live.`] : []),
    ...(asked.live || asked.record
      ? []
      : [`The recorded ${useCase} answers were written by hand: this measures the checks, not a model.`]),
    tableOf(figures, other),
  ].join('\n');
}
