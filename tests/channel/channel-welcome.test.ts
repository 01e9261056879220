import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { saveSetting } from '#server/base/setting.ts';
import type { ChannelWelcome } from '#server/channel/channel-api.ts';
import { sweepWelcomes } from '#server/channel/sweep-welcomes.ts';
import { makeFile, makeMaterial, welcomeContacts } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';
import { always, hire, openChannel } from './channel-world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const everyDay = [1, 2, 3, 4, 5, 6, 7];
const link = { kind: 'link', title: '产品手册', description: '', url: 'https://shop.test', pictureUrl: null } as const;
let lin: Member;

beforeEach(async () => {
  platform.reset();
  [lin] = (await hire(world.deps, platform, 'lin')) as [Member];
  await world.deps.db.member.update({ where: { id: lin.id }, data: { name: '林晓' } });
  platform.addContact('chen', { name: '陈女士', follows: ['lin'] });
});

const say = (text: string, ...attachments: ChannelWelcome['content']['attachments']): ChannelWelcome => ({
  hours: null,
  content: { text, attachments },
});

async function channelSaying(...welcomes: ChannelWelcome[]): Promise<string> {
  const { channel } = await openChannel(world.deps, always(lin), { welcomes });
  world.jobs.clear();
  return channel.state;
}

async function added(channel?: string): Promise<void> {
  platform.welcomeCodes.add('code');
  await tell(world.deps, 'wecom', {
    kind: 'contact_added',
    contact: 'chen',
    member: 'lin',
    half: false,
    welcomeCode: 'code',
    ...(channel ? { channel } : {}),
  });
  await world.jobs.drain();
}

const welcome = () => world.deps.db.welcome.findFirstOrThrow();

test('who came by a channel is greeted as it says, with names and attachments, also where the company greets nobody', async () => {
  const file = await makeFile(world.deps);
  const material = await makeMaterial(world.deps, { content: { kind: 'image', fileId: file.id } });
  const state = await channelSaying(say('{contact}您好，我是{member}', { materialId: material.id }, { content: link }));
  await added(state);
  const { kind, title, description, url, pictureUrl } = link;
  expect(platform.welcomes).toEqual([
    {
      code: 'code',
      text: '陈女士您好，我是林晓',
      attachments: [
        { kind: 'image', media: 'media-1' },
        { kind, title, description, url, pictureUrl },
      ],
    },
  ]);
  expect(await welcome()).toMatchObject({ state: 'sent', channel: state, lastError: null });
  expect(await world.deps.db.materialUse.findMany()).toMatchObject([{ materialId: material.id, place: 'welcome' }]);
});

test('each hour has its own words; outside of them the company’s are said', async () => {
  await welcomeContacts(world.deps);
  // The world begins on a Sunday at ten.
  const state = await channelSaying(
    { hours: { days: everyDay, from: '22:00', to: '08:00' }, content: { text: '夜里好', attachments: [] } },
    { hours: { days: [7], from: '08:00', to: '12:00' }, content: { text: '周日好', attachments: [] } },
  );
  await added(state);
  world.clock.advance(3 * 3_600_000);
  await world.deps.db.welcome.deleteMany();
  await added(state);
  expect(platform.welcomes.map(({ text }) => text)).toEqual(['周日好', '陈女士您好，我是林晓']);
});

test('a channel without words of its own, or one nobody knows, leaves the company’s', async () => {
  await welcomeContacts(world.deps);
  await added(await channelSaying());
  await world.deps.db.welcome.deleteMany();
  await added('nobody-knows');
  expect(platform.welcomes.map(({ text }) => text)).toEqual(['陈女士您好，我是林晓', '陈女士您好，我是林晓']);
});

test('words alone never wait for a file', async () => {
  const release = platform.hold('media.upload');
  await added(await channelSaying(say('您好')));
  expect(platform.welcomes).toEqual([{ code: 'code', text: '您好' }]);
  release();
});

test('a file that is not uploaded in time is left out, and the log of the welcome says so', async () => {
  const file = await makeFile(world.deps, { name: '手册.png' });
  const state = await channelSaying(say('您好', { content: { kind: 'image', fileId: file.id } }, { content: link }));
  const release = platform.hold('media.upload');
  await added(state);
  expect(platform.welcomes).toMatchObject([{ text: '您好', attachments: [{ kind: 'link' }] }]);
  expect(await welcome()).toMatchObject({ state: 'sent', lastError: 'sent without: 手册.png: not uploaded in time' });
  release();
});

test('a file the platform does not take now, or that was archived, does not cost the welcome', async () => {
  const file = await makeFile(world.deps, { name: '手册.png' });
  const material = await makeMaterial(world.deps, { title: '旧手册', content: link });
  const state = await channelSaying(
    say('您好', { materialId: material.id }, { content: { kind: 'image', fileId: file.id } }),
  );
  await world.deps.db.material.update({ where: { id: material.id }, data: { archivedAt: world.deps.now() } });
  platform.fail('media.upload', 'rate_limited', { code: '45009' });
  await added(state);
  expect(platform.welcomes).toEqual([{ code: 'code', text: '您好' }]);
  expect((await welcome()).lastError).toBe(
    'sent without: attachments.0.materialId: “旧手册” is archived.; 手册.png: media.upload rate_limited 45009',
  );
});

test('when nothing of a welcome can be sent, the company’s words go instead', async () => {
  const file = await makeFile(world.deps);
  await welcomeContacts(world.deps);
  const state = await channelSaying(say('', { content: { kind: 'image', fileId: file.id } }));
  platform.fail('media.upload', 'rejected', { times: 5 });
  await added(state);
  expect(platform.welcomes.map(({ text }) => text)).toEqual(['陈女士您好，我是林晓']);
  await saveSetting(world.deps.db, 'welcome', { enabled: false }, null);
  await world.deps.db.welcome.deleteMany();
  await added(state);
  expect(await welcome()).toMatchObject({ state: 'refused', lastError: 'nothing to say' });
});

test('a file the platform lost before its time is uploaded again for the same welcome', async () => {
  const file = await makeFile(world.deps);
  const state = await channelSaying(say('您好', { content: { kind: 'image', fileId: file.id } }));
  await sweepWelcomes(world.deps);
  platform.media?.files.clear();
  await added(state);
  expect(platform.welcomes).toHaveLength(1);
  expect(platform.called('media.upload')).toHaveLength(2);
  expect(await welcome()).toMatchObject({ state: 'sent' });
});

test('files of welcomes are on the platform before anybody comes, and again before their days end', async () => {
  const file = await makeFile(world.deps);
  await channelSaying(say('您好', { content: { kind: 'image', fileId: file.id } }));
  await sweepWelcomes(world.deps);
  await sweepWelcomes(world.deps);
  expect(platform.called('media.upload')).toHaveLength(1);
  world.clock.advance(2.9 * 24 * 3_600_000);
  platform.fail('media.upload', 'unavailable');
  await sweepWelcomes(world.deps);
  await sweepWelcomes(world.deps);
  expect(platform.media?.files.size).toBe(2);
});
