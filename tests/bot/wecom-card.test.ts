import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Card } from '#server/platform/card.ts';
import { makeWecomWorld, type WecomWorld } from '#tests/bot/wecom-world.ts';

let world: WecomWorld;
beforeAll(async () => {
  world = await makeWecomWorld();
});
afterEach(() => world.double.asUsual());
afterAll(() => world.double.close());

const lastBody = () => world.double.calls.at(-1)?.body ?? {};

const card: Card = {
  key: 'approval-1_zhangsan',
  title: '折扣申请',
  lines: [
    { label: '申请人', text: '王磊' },
    { label: '金额', text: '¥120,000' },
  ],
  risk: '低于底价 5 %',
  url: 'https://crm.example.com/inbox.html#/approvals/1',
  buttons: [
    { action: 'approve', label: '同意', style: 'primary', opensPage: false },
    { action: 'reject', label: '拒绝', style: 'danger', opensPage: true },
  ],
  verdict: '',
};

test('a card is sent with its key, its lines and its buttons, and gives the code to change it with', async () => {
  expect(await world.platform.sendCard('zhangsan', card)).toEqual({
    reached: true,
    updateCode: 'code of approval-1_zhangsan',
  });
  expect(lastBody()).toEqual({
    touser: 'zhangsan',
    agentid: 1_000_002,
    msgtype: 'template_card',
    template_card: {
      card_type: 'button_interaction',
      task_id: 'approval-1_zhangsan',
      main_title: { title: '折扣申请' },
      sub_title_text: '低于底价 5 %',
      horizontal_content_list: [
        { keyname: '申请人', value: '王磊' },
        { keyname: '金额', value: '¥120,000' },
      ],
      card_action: { type: 1, url: card.url },
      button_list: [
        { type: 0, text: '同意', style: 1, key: 'approve' },
        { type: 1, text: '拒绝', style: 3, url: card.url },
      ],
    },
  });
});

test('a card with nothing left to press says who decided and leads to the whole of it', async () => {
  await world.platform.sendCard('zhangsan', { ...card, key: 'decided' });
  const decided = { ...card, key: 'decided', buttons: [], verdict: '李经理 已同意 11-22 10:03' };
  await world.platform.updateCard('zhangsan', decided, 'code of decided');
  expect(lastBody()).toMatchObject({
    userids: ['zhangsan'],
    agentid: 1_000_002,
    response_code: 'code of decided',
    template_card: {
      card_type: 'text_notice',
      main_title: { title: '折扣申请', desc: '李经理 已同意 11-22 10:03' },
      card_action: { type: 1, url: card.url },
    },
  });
  expect(lastBody()['template_card']).not.toHaveProperty('button_list');
});

test('what is too long is cut after a whole character, lines beyond the sixth stay away, and no text makes a line of its own', async () => {
  const family = '👨‍👩‍👧';
  await world.platform.sendCard('zhangsan', {
    ...card,
    key: 'long',
    title: `一\n二${family.repeat(40)}`,
    lines: Array.from({ length: 9 }, () => ({ label: 'Requested by', text: '长'.repeat(99) })),
    risk: '',
  });
  const face = lastBody()['template_card'] as {
    main_title: { title: string };
    horizontal_content_list: { keyname: string; value: string }[];
  };
  expect(face.main_title.title).toMatch(new RegExp(`^一 二(${family})+…$`, 'u'));
  expect(face.horizontal_content_list).toHaveLength(6);
  expect(face.horizontal_content_list[0]).toEqual({ keyname: 'Requeste…', value: `${'长'.repeat(29)}…` });
  expect(face).not.toHaveProperty('sub_title_text');
});

test('a card that was sent before, and whose answer was lost, is there and is not sent again', async () => {
  await world.platform.sendCard('zhangsan', { ...card, key: 'lost' });
  expect(await world.platform.sendCard('zhangsan', { ...card, key: 'lost' })).toEqual({
    reached: true,
    updateCode: null,
  });
});

test('a key that WeCom would not take is not sent, so that its refusal never looks like a card that is there', async () => {
  const before = world.double.calls.length;
  await expect(world.platform.sendCard('zhangsan', { ...card, key: 'a b' })).rejects.toMatchObject({ code: 'bad_key' });
  const buttons = Array.from({ length: 7 }, () => card.buttons).flat();
  await expect(world.platform.sendCard('zhangsan', { ...card, buttons })).rejects.toMatchObject({ kind: 'rejected' });
  expect(world.double.calls.length).toBe(before);
});

test.each([42022, 60140])('a change whose code is no longer good (%i) is refused for good', async (errcode) => {
  world.double.answer('message/update_template_card', { errcode, errmsg: 'x' });
  await expect(world.platform.updateCard('zhangsan', card, 'used')).rejects.toMatchObject({
    kind: 'rejected',
    code: String(errcode),
  });
});

test('a change of a card the member does not have is not found', async () => {
  world.double.answer('message/update_template_card', { errcode: 0, errmsg: 'ok', invaliduser: ['zhangsan'] });
  await expect(world.platform.updateCard('zhangsan', card, 'code')).rejects.toMatchObject({ kind: 'not_found' });
});

test('a member without a licence is not reached', async () => {
  world.double.answer('message/send', { errcode: 0, errmsg: 'ok', unlicenseduser: 'lisi', response_code: 'RC' });
  expect(await world.platform.sendCard('lisi', { ...card, key: 'unlicensed' })).toEqual({
    reached: false,
    updateCode: null,
  });
});
