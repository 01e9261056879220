import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const modelSeconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];

export function makeMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: number[],
  ) => new Histogram({ name, help, labelNames, buckets, registers });
  return {
    registry,
    callbacks: counter('zhike_callbacks_total', 'Callbacks by what became of them', ['platform', 'outcome']),
    callbackLag: histogram(
      'zhike_callback_lag_seconds',
      'From the platform sending an event to its effect',
      ['kind'],
      seconds,
    ),
    streams: gauge('zhike_stream_connected', 'Whether the connection that a platform tells over is open', ['platform']),
    streamChanges: counter('zhike_stream_changes_total', 'How often such a connection opened and ended', [
      'platform',
      'state',
    ]),
    inboundRows: gauge('zhike_inbound_rows', 'Stored events by state', ['state']),
    queueDepth: gauge('zhike_queue_jobs', 'Jobs by state', ['queue', 'state']),
    platformCalls: histogram(
      'zhike_platform_call_seconds',
      'Calls to platforms by answer code',
      ['platform', 'call', 'code'],
      seconds,
    ),
    httpRequests: histogram('zhike_http_request_seconds', 'Answers by route', ['method', 'route', 'status'], seconds),
    deliveries: gauge('zhike_broadcast_deliveries', 'Calls of broadcasts that have not ended, by state', ['state']),
    modelRuns: counter('zhike_model_runs_total', 'Model calls by outcome', ['useCase', 'outcome']),
    modelCost: counter('zhike_model_cost_yuan_total', 'What the model cost', ['useCase']),
    modelFailures: counter('zhike_model_failures_total', 'Why the model gave no answer, or none of use', [
      'useCase',
      'reason',
    ]),
    modelTokens: counter(
      'zhike_model_tokens_total',
      'Tokens of model calls; cached ones are counted among the input too',
      ['useCase', 'kind'],
    ),
    modelSeconds: histogram('zhike_model_call_seconds', 'How long the model was waited for', ['useCase'], modelSeconds),
    droppedStatements: counter(
      'zhike_statements_dropped_total',
      'Statements of the model dropped for want of a true quote',
      ['useCase'],
    ),
  };
}

export type Metrics = ReturnType<typeof makeMetrics>;
