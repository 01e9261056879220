import { beforeEach, expect, test } from 'vitest';
import type { BroadcastView } from '#server/broadcast/broadcast-api.ts';
import { makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';
import { sendsOf } from './sending.ts';

const platform = new FakePlatform('wecom');
const other = new FakePlatform('dingtalk');
other.groupSends = null;
const world = useWorld({ platforms: [platform, other] });
const http = useHttp(world);

beforeEach(() => {
  platform.reset();
  platform.now = world.deps.now;
});

/** Marketing with a draft of two variants; `on`: where they have their account. */
async function draftOf(on: 'wecom' | 'dingtalk', text = '您好，{member}为您准备了新品') {
  const member = await makeMember(world.deps, { role: 'marketing', name: '方敏', key: 'fang', platform: on });
  platform.addMember('fang');
  const as = await openSession(world.deps, member, on);
  const ask = (method: string, path: string, body?: object) =>
    http.ask(method, path, { as, ...(body ? { body } : {}) });
  const made = (await ask('POST', '/api/broadcasts', { name: '春季新品' })).body as BroadcastView;
  const { audience, sendAt, version } = made;
  const content = {
    variants: [
      { key: 'A', share: 50, content: { text, attachments: [] } },
      { key: 'B', share: 50, content: { text: '新品到了', attachments: [] } },
    ],
  };
  const body = { name: '春季新品', audience, content, sendAt, version };
  const edited = (await ask('PUT', `/api/broadcasts/${made.id}`, body)).body as BroadcastView;
  const edit = (changed: object) =>
    ask('PUT', `/api/broadcasts/${made.id}`, { ...body, version: edited.version, ...changed });
  const tryOut = (variant?: string) => ask('POST', `/api/broadcasts/${made.id}/test`, variant ? { variant } : {});
  return { ask, edit, tryOut, edited };
}

test('a test shows its sender what contacts would get, with their own name, and counts until the content changes', async () => {
  const { edit, tryOut, edited } = await draftOf('wecom');
  expect(edited.tested).toBe(false);
  const { status, body } = await tryOut();
  expect([status, (body as BroadcastView).tested]).toEqual([200, true]);
  expect(sendsOf(platform).previews).toEqual([
    { to: 'fang', message: { text: '您好，方敏为您准备了新品', attachments: [] } },
  ]);
  expect(sendsOf(platform).sends.size, 'nothing is sent to contacts').toBe(0);
  const renamed = await edit({ name: '夏季新品' });
  expect((renamed.body as BroadcastView).tested, 'the name is not what contacts get').toBe(true);
  const { version } = renamed.body as BroadcastView;
  const content = { variants: [{ key: 'A', share: 100, content: { text: '另一段文字', attachments: [] } }] };
  expect(((await edit({ version, content })).body as BroadcastView).tested).toBe(false);
});

test('each variant can be looked at; one that is not there cannot', async () => {
  const { tryOut } = await draftOf('wecom');
  expect((await tryOut('B')).status).toBe(200);
  expect(sendsOf(platform).previews.map(({ message }) => message.text)).toEqual(['新品到了']);
  expect(await tryOut('C')).toMatchObject({ status: 422, body: { error: { code: 'broadcast.variant_unknown' } } });
});

test('who has no account where it is sent, or is not reached there, is told so, and it does not count', async () => {
  const far = await draftOf('dingtalk');
  expect(await far.tryOut()).toMatchObject({ status: 422, body: { error: { code: 'broadcast.no_own_account' } } });
  const near = await draftOf('wecom');
  platform.unreachable.add('fang');
  expect(await near.tryOut()).toMatchObject({ status: 422, body: { error: { code: 'broadcast.test_unreached' } } });
  expect(await world.deps.db.broadcast.count({ where: { testedHash: { not: null } } })).toBe(0);
});

test('what could not be sent is not shown either', async () => {
  const { tryOut } = await draftOf('wecom', '您好，{contract}');
  expect(await tryOut()).toMatchObject({ status: 400, body: { error: { code: 'broadcast.checks' } } });
  expect(sendsOf(platform).previews).toEqual([]);
});
