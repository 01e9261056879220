import { quantileOf, type Line } from './table.ts';
import type { LoadReport } from './load.ts';
import type { Server, Stage } from './stage.ts';

const ROUNDS = 9;
const CONNECTIONS = 64;
const RATE = 500;

/** Both servers on the same machine, database and minute, in turns; of each the middle round counts. */
export async function measureCallbackThroughput(stage: Stage): Promise<Line[]> {
  const bare = await stage.startBare();
  const product = await stage.startProduct();
  const order = { connections: CONNECTIONS, rate: 0 };
  await stage.load({ ...order, port: bare.port, seconds: 2 });
  await stage.load({ ...order, port: product.port, seconds: 2 });
  const [bareRounds, productRounds]: [number[], number[]] = [[], []];
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const theirs = await stage.load({ ...order, port: bare.port, seconds: 2 });
    const ours = await stage.load({ ...order, port: product.port, seconds: 2 });
    bareRounds.push(theirs.perSecond);
    productRounds.push(ours.perSecond);
    refused += theirs.refused + ours.refused;
  }
  await bare.stop();
  await product.stop();
  if (refused > 0) throw new Error(`${refused} callbacks of the bench were refused.`);
  const bareMiddle = quantileOf(bareRounds, 0.5);
  const productMiddle = quantileOf(productRounds, 0.5);
  const ratio = productMiddle / bareMiddle;
  return [
    { what: 'callbacks, bare node:http + crypto + one INSERT', value: `${bareMiddle.toFixed(0)}/s` },
    { what: 'callbacks, Zhike', value: `${productMiddle.toFixed(0)}/s` },
    { what: 'callbacks, ratio of the two', value: ratio.toFixed(2), aim: '≥ 1.2', isMet: ratio >= 1.2 },
  ];
}

/** At a rate that stays. Each callback counts from the moment it was due. */
export async function measureCallbackLatency(stage: Stage): Promise<Line[]> {
  const bare = await measureAtRate(stage, await stage.startBare());
  const product = await measureAtRate(stage, await stage.startProduct());
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return [
    { what: `callbacks at ${RATE}/s, the bare server's p99`, value: ms(bare.p99Ms) },
    { what: `callbacks at ${RATE}/s, p50`, value: ms(product.p50Ms) },
    { what: `callbacks at ${RATE}/s, p99`, value: ms(product.p99Ms), aim: '≤ 50 ms', isMet: product.p99Ms <= 50 },
  ];
}

async function measureAtRate(stage: Stage, server: Server): Promise<LoadReport> {
  const order = { port: server.port, connections: CONNECTIONS, rate: RATE };
  await stage.load({ ...order, seconds: 3 });
  const report = await stage.load({ ...order, seconds: 10 });
  await server.stop();
  if (report.refused > 0) throw new Error(`${report.refused} callbacks of the bench were refused.`);
  return report;
}
