import { measureCallbackLatency, measureCallbackThroughput } from './measure-callbacks.ts';
import { measureCustomers } from './measure-customers.ts';
import { measureOutages } from './measure-outages.ts';
import { measurePlan } from './measure-plan.ts';
import { measureRescore } from './measure-rescore.ts';
import { measureSegments } from './measure-segments.ts';
import { measureSidebar } from './measure-sidebar.ts';
import { measureWelcomes } from './measure-welcomes.ts';
import { measureBundles } from './measure-bundles.ts';
import { openStage, type Stage } from './stage.ts';
import { machineClass, tableOf, type Line } from './table.ts';

type Measure = (stage: Stage) => Promise<Line[]>;

/** By the name to give on the command line to run it alone; those of one company share a database. */
const companies: Record<string, Measure>[] = [
  {
    // First: the flood leaves the database busy with what it wrote.
    'callback-latency': measureCallbackLatency,
    'callback-throughput': measureCallbackThroughput,
    sidebar: measureSidebar,
    welcomes: measureWelcomes,
    outages: measureOutages,
    bundles: measureBundles,
  },
  // A million customers, and nobody else.
  { customers: measureCustomers, segments: measureSegments, plan: measurePlan, rescore: measureRescore },
];

const names = companies.flatMap((measures) => Object.keys(measures));
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`There is no measure ${unknown}; there are ${names.join(', ')}.`);

const lines: Line[] = [];
for (const measures of companies) {
  const chosen = Object.entries(measures).filter(([name]) => asked.length === 0 || asked.includes(name));
  if (chosen.length === 0) continue;
  const stage = await openStage();
  try {
    for (const [, measure] of chosen) lines.push(...(await measure(stage)));
  } finally {
    await stage.close();
  }
}
console.log(`${machineClass()}, embedded PostgreSQL with fsync\n\n${tableOf(lines)}`);
