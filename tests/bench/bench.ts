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

/** By the name to give on the command line to run it alone. */
const measures: Record<string, (stage: Stage) => Promise<Line[]>> = {
  // First: the flood leaves the database busy with what it wrote.
  'callback-latency': measureCallbackLatency,
  'callback-throughput': measureCallbackThroughput,
  sidebar: measureSidebar,
  welcomes: measureWelcomes,
  outages: measureOutages,
  bundles: measureBundles,
  // Last: these fill the database with a million customers.
  customers: measureCustomers,
  segments: measureSegments,
  plan: measurePlan,
  rescore: measureRescore,
};

const asked = process.argv.slice(2);
const chosen = asked.length > 0 ? asked : Object.keys(measures);
const stage = await openStage();
try {
  const lines: Line[] = [];
  for (const name of chosen) {
    const measure = measures[name];
    if (!measure) throw new Error(`There is no measure ${name}; there are ${Object.keys(measures).join(', ')}.`);
    lines.push(...(await measure(stage)));
  }
  console.log(`${machineClass()}, embedded PostgreSQL with fsync\n\n${tableOf(lines)}`);
} finally {
  await stage.close();
}
