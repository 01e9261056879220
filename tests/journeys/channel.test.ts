import { expect, test, vi } from 'vitest';
import type { SandboxChannel } from '#bot/sandbox/wecom-send-api.ts';
import type { SandboxChat, SandboxMessage } from '#bot/sandbox/wecom-window-api.ts';
import type { z } from 'zod';
import type { boardLine, ChannelView } from '#server/channel/channel-api.ts';
import { callerAs, picture as shoot, shows, useJourney, type Call } from '#tests/support/journey.ts';
import { patienceMs } from '#tests/support/patience.ts';

const journey = useJourney();
const soon = { timeout: patienceMs, interval: 200 };
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

async function marketer(): Promise<Call> {
  const { members } = await journey.state();
  const { key = '' } = members.find(({ position }) => position === '市场专员') ?? {};
  // Nobody logs in before the product has read the company's members.
  return vi.waitFor(() => callerAs(journey.url, key), soon);
}

async function ask<Answer>(call: Call, method: string, address: string, body?: object): Promise<Answer> {
  const answer = await call(method, address, body);
  if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

async function madeChannel(call: Call, name: string, kind: ChannelView['kind'], welcome: object): Promise<ChannelView> {
  // The company's members come one after the other on its first day.
  const rep = await vi.waitFor(async () => {
    const { items } = await ask<{ items: { id: string; name: string }[] }>(call, 'GET', '/api/members?everyone=true');
    const found = items.find((one) => one.name === '王磊')?.id;
    expect(found).toBeDefined();
    return found;
  }, soon);
  const always = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00', memberIds: [rep] };
  const welcomes = [{ hours: null, content: welcome }];
  const { id } = await ask<ChannelView>(call, 'POST', '/api/channels', {
    name,
    kind,
    duty: { shifts: [always] },
    welcomes,
  });
  return vi.waitFor(async () => {
    const channel = await ask<ChannelView>(call, 'GET', `/api/channels/${id}`);
    expect(channel).toMatchObject({ shown: { state: 'shown', error: null }, url: expect.any(String) });
    return channel;
  }, soon);
}

const sandbox = async <Answer>(name: string) =>
  (await (await fetch(`${journey.url}sandbox/api/${name}`)).json()) as Answer;
const channelCalled = async (name: string) => {
  const { channels } = await sandbox<{ channels: SandboxChannel[] }>('channels');
  return channels.find((one) => one.name.includes(name));
};
const welcomeOf = (contact = ''): Promise<SandboxMessage[]> =>
  vi.waitFor(async () => {
    const { messages } = await sandbox<SandboxChat>(`chat?member=wanglei&contact=${encodeURIComponent(contact)}`);
    const said = messages.filter((one) => one.via === 'welcome');
    expect(said).not.toEqual([]);
    return said;
  }, soon);

test('who scans the code of a channel is welcomed with its words and its picture, and counted for it', async () => {
  const call = await marketer();
  const file = await ask<{ id: string }>(
    call,
    'POST',
    `/api/material-files?kind=image&name=${encodeURIComponent('展会.png')}`,
    new Blob([png], { type: 'image/png' }),
  );
  const picture = { content: { kind: 'image', fileId: file.id } };
  const welcome = { text: '{contact}您好，我是{member}，展会资料在下面', attachments: [picture] };
  const channel = await madeChannel(call, '春季展会', 'code', welcome);
  expect((await fetch(channel.url ?? '')).headers.get('content-type')).toBe('image/svg+xml');

  const code = await channelCalled('春季展会');
  expect(code).toMatchObject({ kind: 'code', state: channel.state, members: ['wanglei'] });
  const scan = { kind: 'channel_opened', channel: code?.key ?? '', contact: null, name: '看展的人' } as const;
  const { contact } = await journey.act(scan);
  const [words, image] = await welcomeOf(contact);
  expect(words?.text).toBe('看展的人您好，我是王磊，展会资料在下面');
  expect(image).toMatchObject({ kind: 'image', card: { kind: 'image', title: '展会.png' } });

  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  await vi.waitFor(async () => {
    const board = await ask<{ items: z.infer<typeof boardLine>[] }>(
      call,
      'GET',
      `/api/channels/board?from=${today}&to=${today}`,
    );
    expect(board.items).toContainEqual(
      expect.objectContaining({
        channel: expect.objectContaining({ id: channel.id }),
        added: 1,
        stayed: 1,
        replied: 0,
      }),
    );
  }, soon);

  const { members } = await journey.state();
  const as = members.find(({ position }) => position === '市场专员')?.key ?? '';
  const desk = await journey.open('desk.html#/channels', { as, width: 1280 });
  const row = desk.getByRole('row', { name: /春季展会/ });
  await shows(row.getByRole('img').first());
  await shows(row.getByText('王磊'));
  await shoot(desk, 'desk-channel');
  await desk.goto(new URL('desk.html#/channel-board', journey.url).href);
  await shows(desk.getByRole('table', { name: '各渠道' }).getByRole('row', { name: /春季展会.*1（100%）/ }));
  await shoot(desk, 'desk-board');
});

test('who opens the link of a channel is greeted for it too', async () => {
  const call = await marketer();
  const channel = await madeChannel(call, '官网', 'link', { text: '官网来的朋友您好', attachments: [] });

  const opened = await fetch(channel.url ?? '', { redirect: 'manual' });
  const given = new URL(opened.headers.get('location') ?? '', journey.url).searchParams;
  expect(given.get('state')).toBe(channel.state);
  const { contact } = await journey.act({
    kind: 'channel_opened',
    channel: given.get('channel') ?? '',
    state: given.get('state') ?? '',
    contact: null,
    name: '官网访客',
  });
  expect((await welcomeOf(contact)).map(({ text }) => text)).toEqual(['官网来的朋友您好']);
});
