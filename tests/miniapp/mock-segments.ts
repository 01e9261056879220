import {
  segmentApi,
  segmentFields,
  type CountView,
  type ListView,
  type SegmentRule,
  type SegmentView,
  type UnmatchedLine,
} from '#server/segment/segment-api.ts';
import { id, manager, Refusing, rep, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

type On = (endpoint: unknown, deed: Route['deed']) => Route;

export interface MockSegments {
  all: SegmentView[];
  /** What a rule takes in. */
  count: (rule: SegmentRule) => CountView;
  drafted: { rule: SegmentRule; notUnderstood: string[] };
  lists: ListView[];
}

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
export const tags = [
  { value: id(301), label: '高意向' },
  { value: id(302), label: '价格敏感' },
  { value: id(303), label: '老客户' },
];

export const quotedRule: SegmentRule = {
  all: [
    { field: 'customer.stage', operator: 'is_any', value: ['quoted'] },
    {
      any: [
        { field: 'follow.tag', operator: 'is_any', value: [id(301)] },
        { field: 'score.value', operator: 'at_least', value: 60 },
      ],
    },
    { not: { field: 'broadcast.any_received', operator: 'within_days', value: 7 } },
  ],
};

export function someSegment(n: number, changes: Partial<SegmentView> = {}): SegmentView {
  return {
    id: id(n),
    name: '报价后没下文',
    description: '给季末回访用',
    rule: quotedRule,
    version: 3,
    owner: manager,
    count: 1280,
    countBefore: 1236,
    countedAt: daysAgo(0.1),
    usedBy: [],
    createdAt: daysAgo(30),
    updatedAt: daysAgo(1),
    ...changes,
  };
}

export function noSegments(): MockSegments {
  return {
    all: [],
    count: someCount,
    drafted: { rule: quotedRule, notUnderstood: ['双十一'] },
    lists: [someList(501)],
  };
}

export function someList(n: number, changes: Partial<ListView> = {}): ListView {
  return { id: id(n), name: '展会名片', count: 120, usedBy: [], createdBy: rep, createdAt: daysAgo(9), ...changes };
}

/** Who is called 查无此人 is nobody, and everybody else somebody. */
function matched(text: string): { lines: number; contactIds: string[]; unmatched: UnmatchedLine[] } {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const isNobody = (said: string) => said.includes('查无此人');
  return {
    lines: lines.length,
    contactIds: lines.flatMap((said, at) => (isNobody(said) ? [] : [id(600 + at)])),
    unmatched: lines.flatMap((said, at) =>
      isNobody(said) ? [{ line: at + 1, said, why: 'unknown' as const, count: 0 }] : [],
    ),
  };
}

/** Every line takes away a third. */
function someCount(rule: SegmentRule): CountView {
  const parts = 'all' in rule ? rule.all : [rule];
  const total = 4200;
  const waterfall = parts.map((_, index) => ({
    path: `all.${index}`,
    alone: 2800 - index * 100,
    left: Math.floor(total * (2 / 3) ** (index + 1)),
  }));
  return {
    count: waterfall.at(-1)?.left ?? total,
    total,
    tookMs: 38,
    waterfall,
    samples: [
      {
        contactId: id(401),
        name: '王*明',
        customerName: '苏州恒达精密机械有限公司',
        why: parts.length ? [{ path: 'all.0', found: '报价中' }] : [],
      },
      {
        contactId: id(402),
        name: '陈*',
        customerName: null,
        why: parts.length ? [{ path: 'all.0', found: '报价中' }] : [],
      },
    ],
  };
}

export function segmentDeeds(mock: MockProduct, on: On): Route[] {
  const find = ({ params }: Asked): SegmentView => {
    const found = mock.segments.all.find((one) => one.id === params['id']);
    if (!found) throw new Refusing({ status: 404, code: 'segment.unknown' });
    return found;
  };
  const optionsOf = (field: string) =>
    ({
      'follow.tag': tags,
      'customer.stage': ['new', 'contacted', 'qualified', 'quoted', 'won', 'lost'].map((value) => ({
        value,
        label: value,
      })),
      'customer.grade': ['A', 'B', 'C', 'D'].map((value) => ({ value, label: value })),
      'contact.gender': [0, 1, 2].map((value) => ({ value, label: String(value) })),
    })[field] ?? null;
  return [
    on(segmentApi.fields, () => ({
      fields: [
        ...Object.entries(segmentFields).map(([field, type]) => ({
          field,
          type,
          label: null,
          options: optionsOf(field),
        })),
        { field: 'custom.machines', type: 'number', label: '设备台数', options: null },
      ],
    })),
    on(segmentApi.list, ({ query }) => ({
      items: mock.segments.all.filter(({ name }) => name.includes(query['search'] ?? '')),
    })),
    on(segmentApi.count, ({ body }) => mock.segments.count(body['rule'] as SegmentRule)),
    on(segmentApi.draft, () => mock.segments.drafted),
    on(segmentApi.lists, () => ({ items: mock.segments.lists })),
    on(segmentApi.matchList, ({ body }) => matched(String(body['text']))),
    on(segmentApi.createList, ({ body }) => {
      const ids = body['contactIds'] as string[] | undefined;
      const made = someList(510 + mock.segments.lists.length, { name: String(body['name']), count: ids?.length ?? 42 });
      mock.segments.lists.unshift(made);
      return { ...made, notTaken: 0 };
    }),
    on(segmentApi.removeList, ({ params }) => {
      const list = mock.segments.lists.find((one) => one.id === params['id']);
      if (list?.usedBy.length) throw new Refusing({ status: 409, code: 'contact_list.in_use' });
      mock.segments.lists = mock.segments.lists.filter((one) => one !== list);
      return {};
    }),
    on(segmentApi.create, ({ body }) => {
      const made = someSegment(900 + mock.segments.all.length, {
        ...(body as Pick<SegmentView, 'name' | 'description' | 'rule'>),
        version: 1,
        countBefore: null,
      });
      mock.segments.all.unshift(made);
      return made;
    }),
    on(segmentApi.versions, (asked) => {
      const { version, name, rule } = find(asked);
      return {
        items: [
          { version, name, rule, by: manager, at: daysAgo(1) },
          {
            version: version - 1,
            name,
            rule: { all: [{ field: 'customer.stage', operator: 'is_any', value: ['won'] }] },
            by: rep,
            at: daysAgo(8),
          },
        ],
      };
    }),
    on(segmentApi.read, find),
    on(segmentApi.edit, (asked) => {
      const segment = find(asked);
      if (asked.body['version'] !== segment.version) throw new Refusing({ status: 409, code: 'segment.stale' });
      return Object.assign(segment, asked.body, { version: segment.version + 1, updatedAt: daysAgo(0) });
    }),
    on(segmentApi.remove, (asked) => {
      const segment = find(asked);
      if (segment.usedBy.length > 0) throw new Refusing({ status: 409, code: 'segment.in_use' });
      mock.segments.all = mock.segments.all.filter((one) => one !== segment);
      return {};
    }),
  ];
}
