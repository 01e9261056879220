import { contactApi } from '#server/contact/contact-api.ts';
import { seriesApi, type RunView, type SeriesView } from '#server/series/series-api.ts';
import { id, manager, Refusing, rep, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

type On = (endpoint: unknown, deed: Route['deed']) => Route;

export interface MockSeries {
  all: SeriesView[];
  runs: RunView[];
  optOut: { keywords: string[]; backKeywords: string[] };
}

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const steps: SeriesView['steps'] = [
  { afterDays: 0, at: '10:00', when: 'always', action: { kind: 'task', title: '发产品手册', dueInDays: 1 } },
  {
    afterDays: 3,
    at: '09:30',
    when: 'not_replied',
    action: { kind: 'message', text: '您好，手册看过了吗？', materialId: id(1003) },
  },
  { afterDays: 7, at: '09:30', when: 'not_replied', action: { kind: 'notice', text: '一周没回，考虑换个话题' } },
];

export function someSeries(n: number, changes: Partial<SeriesView> = {}): SeriesView {
  return {
    id: id(n),
    name: '展会新客 7 天',
    entry: { kind: 'channel', channelId: id(1201) },
    entryName: '春季展会',
    steps,
    endOnReply: true,
    state: 'running',
    owner: manager,
    version: 2,
    running: 18,
    done: 40,
    left: 7,
    updatedAt: daysAgo(1),
    ...changes,
  };
}

export function someRun(n: number, changes: Partial<RunView> = {}): RunView {
  return {
    id: id(n),
    series: { id: id(1401), name: '展会新客 7 天' },
    contact: { id: id(1500 + n), name: '陈小燕' },
    member: rep,
    state: 'running',
    step: 1,
    steps,
    enteredAt: daysAgo(2),
    nextAt: new Date(Date.now() + 86_400_000).toISOString(),
    leftBecause: null,
    history: [{ step: 0, at: daysAgo(2), result: 'done', reason: null }],
    ...changes,
  };
}

export const someSeriesWorld = (): MockSeries => ({
  all: [someSeries(1401), someSeries(1402, { name: '沉默客户唤醒', state: 'draft', running: 0, done: 0, left: 0 })],
  runs: [
    someRun(1451),
    someRun(1452, {
      contact: { id: id(1599), name: '吴先生 <img src=x onerror="window.wasHacked=true">' },
      state: 'left',
      step: 2,
      nextAt: null,
      leftBecause: 'replied',
      history: [
        { step: 0, at: daysAgo(5), result: 'done', reason: null },
        { step: 1, at: daysAgo(2), result: 'skipped', reason: 'replied' },
      ],
    }),
  ],
  optOut: { keywords: ['退订', 'TD'], backKeywords: ['订阅'] },
});

export function seriesDeeds(mock: MockProduct, on: On): Route[] {
  const found = ({ params }: Asked): SeriesView => {
    const series = mock.series.all.find((one) => one.id === params['id']);
    if (!series) throw new Refusing({ status: 404, code: 'series.unknown' });
    return series;
  };
  return [
    on(seriesApi.list, () => ({ items: mock.series.all })),
    on(seriesApi.create, ({ body }) => {
      const made = someSeries(1490, {
        ...(body as Partial<SeriesView>),
        state: 'draft',
        version: 1,
        running: 0,
        done: 0,
        left: 0,
      });
      mock.series.all.unshift(made);
      return made;
    }),
    on(seriesApi.edit, (asked) =>
      Object.assign(found(asked), asked.body, { version: Number(asked.body['version']) + 1 }),
    ),
    on(seriesApi.move, (asked) => Object.assign(found(asked), { state: asked.body['state'] })),
    on(seriesApi.runs, ({ query }) => ({
      items: mock.series.runs.filter(({ state }) => (query['state'] ?? state) === state),
      nextAfter: null,
    })),
    on(seriesApi.ofContact, () => ({ items: mock.series.runs.slice(0, 1) })),
    on(seriesApi.moveRun, ({ params, body }) => {
      const run = mock.series.runs.find((one) => one.id === params['id']);
      if (!run) throw new Refusing({ status: 404, code: 'series.run_unknown' });
      const left = body['state'] === 'left';
      return Object.assign(run, { state: body['state'], ...(left ? { leftBecause: 'by_hand', nextAt: null } : {}) });
    }),
    on(contactApi.optOutWords, () => mock.series.optOut),
    on(contactApi.saveOptOutWords, ({ body }) => Object.assign(mock.series.optOut, body)),
  ];
}
