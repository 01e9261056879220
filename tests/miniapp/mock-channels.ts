import { broadcastRulesApi, type BroadcastRules } from '#server/broadcast/broadcast-rules-api.ts';
import { channelApi, type ChannelView } from '#server/channel/channel-api.ts';
import { id, manager, Refusing, rep, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

type On = (endpoint: unknown, deed: Route['deed']) => Route;

export interface MockChannels {
  all: ChannelView[];
  welcome: { enabled: boolean; text: string; bytesMax: number | null };
  rules: BroadcastRules;
}

const week = [1, 2, 3, 4, 5, 6, 7];
export function someChannel(n: number, changes: Partial<ChannelView> = {}): ChannelView {
  return {
    id: id(n),
    platform: 'wecom',
    name: '春季展会',
    kind: 'code',
    source: '展会',
    skipVerify: true,
    duty: { shifts: [{ days: week, from: '00:00', to: '00:00', memberIds: [rep.id] }], spareIds: [] },
    dailyMax: 50,
    tagIds: [id(1301)],
    welcomes: [],
    expiresAt: null,
    state: 'zk_1',
    url: 'https://wework.qpic.cn/code/1',
    onDuty: [rep],
    shown: { state: 'shown', error: null },
    members: [rep],
    today: 6,
    added: 128,
    stayed: 113,
    archivedAt: null,
    version: 3,
    createdAt: new Date(Date.now() - 9e8).toISOString(),
    updatedAt: new Date(Date.now() - 9e7).toISOString(),
    ...changes,
  };
}

export const someChannels = (): MockChannels => ({
  all: [
    someChannel(1201),
    someChannel(1202, {
      name: '官网<img src=x onerror=a=1>',
      kind: 'link',
      source: null,
      url: 'https://work.weixin.qq.com/ca/abc?customer_channel=zk_2',
      duty: {
        shifts: [
          { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00', memberIds: [rep.id] },
          { days: [6, 7], from: '10:00', to: '16:00', memberIds: [manager.id] },
        ],
        spareIds: [manager.id],
      },
      welcomes: [
        {
          hours: { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' },
          content: { text: '您好，我是{member}', attachments: [] },
        },
        { hours: null, content: { text: '现在是休息时间，明天联系您。', attachments: [] } },
      ],
      onDuty: [],
      members: [rep, manager],
      shown: { state: 'failed', error: '84074 no permission' },
      today: 0,
      added: 12,
      stayed: 12,
    }),
    someChannel(1203, {
      name: '新店开业',
      url: null,
      shown: { state: 'owed', error: null },
      today: 0,
      added: 0,
      stayed: 0,
    }),
  ],
  welcome: { enabled: true, text: '您好，我是{member}，很高兴认识您。', bytesMax: 4000 },
  rules: {
    perDay: 1,
    perWeek: null,
    perMonth: 'days',
    fatigue: { max: 2, days: 7 },
    quiet: { from: '21:00', to: '09:00' },
    confirmDays: 3,
    windowDays: 7,
  },
});

export function channelDeeds(mock: MockProduct, on: On): Route[] {
  const found = ({ params }: Asked): ChannelView => {
    const channel = mock.channels.all.find((one) => one.id === params['id']);
    if (!channel) throw new Refusing({ status: 404, code: 'channel.unknown' });
    return channel;
  };
  const dayBefore = (to: string, days: number) =>
    new Date(Date.parse(to) - days * 86_400_000).toISOString().slice(0, 10);
  return [
    on(channelApi.list, ({ query }) => ({
      items: mock.channels.all.filter(({ archivedAt }) => (archivedAt !== null) === (query['archived'] === 'true')),
    })),
    on(channelApi.board, ({ query }) => ({
      items: mock.channels.all
        .filter(({ added }) => added > 0)
        .map(({ id: channelId, name, kind, added, stayed }) => ({
          channel: { id: channelId, name, kind },
          added,
          stayed,
          replied: Math.round(added * 0.6),
          won: Math.round(added * 0.1),
          wonAmountFen: added * 52_000,
          days: [
            { day: dayBefore(query['to'] ?? '', 2), added: Math.round(added / 3) },
            { day: dayBefore(query['to'] ?? '', 1), added: added - Math.round(added / 3) },
          ],
        })),
    })),
    on(channelApi.read, found),
    on(channelApi.create, ({ body }) => {
      const made = someChannel(1290, {
        ...(body as Partial<ChannelView>),
        url: null,
        shown: { state: 'owed', error: null },
        today: 0,
        added: 0,
        stayed: 0,
        version: 1,
      });
      mock.channels.all.unshift(made);
      return made;
    }),
    on(channelApi.edit, (asked) =>
      Object.assign(found(asked), asked.body, { version: Number(asked.body['version']) + 1 }),
    ),
    on(channelApi.archive, (asked) => Object.assign(found(asked), { archivedAt: new Date().toISOString() })),
    on(channelApi.welcome, () => mock.channels.welcome),
    on(channelApi.saveWelcome, ({ body }) => Object.assign(mock.channels.welcome, body)),
    on(broadcastRulesApi.read, () => mock.channels.rules),
    on(broadcastRulesApi.save, ({ body }) => Object.assign(mock.channels.rules, body)),
  ];
}
