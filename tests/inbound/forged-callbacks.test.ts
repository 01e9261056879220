import { healthy } from '#tests/support/healthy.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wecom } from '#bot/wecom/wecom.ts';
import { makeApp } from '#server/app.ts';
import { listPlatforms } from '#server/base/platforms.ts';
import { testTools } from '#tests/bot/platform-tools.ts';
import { keys, signedAt } from '#tests/bot/wecom-sealed.ts';
import { askAll, wireOf } from '#tests/support/keep-alive.ts';
import { listen, type Listening } from '#tests/support/listening.ts';
import { seededRandom } from '#tests/support/random.ts';
import { useWorld } from '#tests/support/world.ts';
import { forgedCallback, genuineCallback } from './forged-callback.ts';

const HOW_MANY = 50_000;
const CONNECTIONS = 24;

const world = useWorld({ env: { CALLBACK_BODY_BYTES_MAX: '16384' } });
let site: Listening;

beforeAll(async () => {
  const platform = wecom.create(
    {
      WECOM_CORP_ID: keys.receiver,
      WECOM_AGENT_ID: '1000002',
      WECOM_SECRET: 'unused',
      WECOM_CALLBACK_TOKEN: keys.token,
      WECOM_CALLBACK_AES_KEY: keys.encodingAesKey,
    },
    testTools(),
  );
  const deps = { ...world.deps, platforms: listPlatforms(platform ? [platform] : []) };
  site = await listen(makeApp(deps, healthy));
});
afterAll(() => site.close());

test(`${HOW_MANY} malformed or forged callbacks are refused: nothing breaks, nothing is stored`, async () => {
  world.clock.set(signedAt);
  const random = seededRandom();
  console.log(`forged callbacks: SEED=${random.seed}`);
  const statuses: Record<number, number> = {};
  const startedAt = performance.now();
  await askAll(site.port, CONNECTIONS, forged(random), ({ status, body }, request) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status < 400 || status > 499) {
      throw new Error(`SEED=${random.seed}: ${status} ${body} for ${request.toString('latin1').slice(0, 2000)}`);
    }
  });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`answers by status: ${JSON.stringify(statuses)} in ${seconds.toFixed(1)} s`);
  expect(await world.deps.db.inboundEvent.count()).toBe(0);
  expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['400', '401', '404', '413']));

  await askAll(site.port, 1, [genuineCallback(random), wireOf('GET', '/healthz')], ({ status }) =>
    expect(status).toBe(200),
  );
  expect(await world.deps.db.inboundEvent.count()).toBe(1);
});

function* forged(random: ReturnType<typeof seededRandom>): Generator<Buffer> {
  for (let made = 0; made < HOW_MANY; made++) yield forgedCallback(random);
}
