import { beforeEach, expect, test } from 'vitest';
import { trainScoring } from '#server/scoring/train-scoring.ts';
import { lead } from '#server/scoring/lead.ts';
import { viewModels } from '#server/scoring/view-models.ts';
import { useWorld } from '#tests/support/world.ts';
import { makeHistory } from './history.ts';

const world = useWorld();

test('try', async () => {
  await makeHistory(world.deps, { sales: 600, silent: 100 });
  console.time('train');
  await trainScoring(world.deps, lead, { asked: true });
  console.timeEnd('train');
  const state = await viewModels(world.deps, 'lead');
  console.log(JSON.stringify({ ...state, champion: { ...state.champion, features: state.champion?.features.slice(0, 8) } }, null, 1).slice(0, 9000));
  console.log(state.others.length, state.others[0]?.decision, state.others[0]?.figures, state.others[0]?.ruleFigures);
});
