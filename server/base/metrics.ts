import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function makeMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    callbacks: new Counter({
      name: 'zhike_callbacks_total',
      help: 'Callbacks by what became of them',
      labelNames: ['platform', 'outcome'] as const,
      registers,
    }),
    callbackLag: new Histogram({
      name: 'zhike_callback_lag_seconds',
      help: 'From the platform sending an event to its effect',
      labelNames: ['kind'] as const,
      buckets: seconds,
      registers,
    }),
    streams: new Gauge({
      name: 'zhike_stream_connected',
      help: 'Whether the connection that a platform tells over is open',
      labelNames: ['platform'] as const,
      registers,
    }),
    streamChanges: new Counter({
      name: 'zhike_stream_changes_total',
      help: 'How often such a connection opened and ended',
      labelNames: ['platform', 'state'] as const,
      registers,
    }),
    inboundRows: new Gauge({
      name: 'zhike_inbound_rows',
      help: 'Stored events by state',
      labelNames: ['state'] as const,
      registers,
    }),
    queueDepth: new Gauge({
      name: 'zhike_queue_jobs',
      help: 'Jobs by state',
      labelNames: ['queue', 'state'] as const,
      registers,
    }),
    platformCalls: new Histogram({
      name: 'zhike_platform_call_seconds',
      help: 'Calls to platforms by answer code',
      labelNames: ['platform', 'call', 'code'] as const,
      buckets: seconds,
      registers,
    }),
    httpRequests: new Histogram({
      name: 'zhike_http_request_seconds',
      help: 'Answers by route',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: seconds,
      registers,
    }),
    deliveries: new Gauge({
      name: 'zhike_broadcast_deliveries',
      help: 'Calls of broadcasts that have not ended, by state',
      labelNames: ['state'] as const,
      registers,
    }),
    modelRuns: new Counter({
      name: 'zhike_model_runs_total',
      help: 'Model calls by outcome',
      labelNames: ['useCase', 'outcome'] as const,
      registers,
    }),
    modelCost: new Counter({
      name: 'zhike_model_cost_yuan_total',
      help: 'What the model cost',
      labelNames: ['useCase'] as const,
      registers,
    }),
    modelFailures: new Counter({
      name: 'zhike_model_failures_total',
      help: 'Why the model gave no answer, or none of use',
      labelNames: ['useCase', 'reason'] as const,
      registers,
    }),
    modelTokens: new Counter({
      name: 'zhike_model_tokens_total',
      help: 'Tokens of model calls; cached ones are counted among the input too',
      labelNames: ['useCase', 'kind'] as const,
      registers,
    }),
    modelSeconds: new Histogram({
      name: 'zhike_model_call_seconds',
      help: 'How long the model was waited for',
      labelNames: ['useCase'] as const,
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120],
      registers,
    }),
    droppedStatements: new Counter({
      name: 'zhike_statements_dropped_total',
      help: 'Statements of the model dropped for want of a true quote',
      labelNames: ['useCase'] as const,
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof makeMetrics>;
