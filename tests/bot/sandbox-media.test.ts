import { beforeEach, expect, test } from 'vitest';
import type { SandboxNotice } from '#bot/sandbox/wecom-window-api.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();
beforeEach(() => {
  world.offsetMs = 0;
});

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

async function upload(type: string, name: string, bytes: Buffer): Promise<Record<string, unknown>> {
  const form = new FormData();
  form.append('media', new File([new Uint8Array(bytes)], name));
  const query = new URLSearchParams({ access_token: await world.token(), type });
  const answer = await fetch(`${world.sandbox.url}/cgi-bin/media/upload?${query}`, { method: 'POST', body: form });
  return (await answer.json()) as Record<string, unknown>;
}

const send = async (attachments: object[]) => {
  const { demo } = await world.state();
  const body = { sender: demo.member, external_userid: [demo.contact], attachments };
  return world.call('externalcontact/add_msg_template', { access_token: await world.token() }, body);
};

test('a file is good for three days of the sandbox’s clock, and only as what it is', async () => {
  const { media_id, created_at, type } = await upload('image', '海报.png', png);
  expect({ created_at, type }).toEqual({ created_at: expect.stringMatching(/^\d+$/), type: 'image' });
  expect(await send([{ msgtype: 'image', image: { media_id } }])).toMatchObject({ errcode: 0 });
  expect(await send([{ msgtype: 'video', video: { media_id } }])).toMatchObject({ errcode: 40007 });
  expect(await send([{ msgtype: 'image', image: { media_id: 'made up' } }])).toMatchObject({ errcode: 40007 });
  expect(await send([{ msgtype: 'image', image: {} }])).toMatchObject({ errcode: 41006 });
  world.offsetMs = 3 * 86_400_000;
  expect(await send([{ msgtype: 'image', image: { media_id } }])).toMatchObject({ errcode: 40145 });
});

test('a file of the wrong kind or size is refused', async () => {
  expect(await upload('poem', 'a.png', png)).toMatchObject({ errcode: 40004 });
  expect(await upload('image', 'a.png', Buffer.from('no picture'))).toMatchObject({ errcode: 40005 });
  expect(await upload('video', 'a.avi', Buffer.alloc(100))).toMatchObject({ errcode: 40005 });
  expect(await upload('file', 'a.pdf', Buffer.from('tiny'))).toMatchObject({ errcode: 44001 });
  expect(await upload('image', 'a.png', Buffer.concat([png, Buffer.alloc(10 * 1024 * 1024)]))).toMatchObject({
    errcode: 45001,
  });
});

test('a welcome with attachments is, on the customer’s phone, a message each, and pictures can be seen', async () => {
  const [image, file, video] = [
    await upload('image', '海报.png', png),
    await upload('file', '报价单.pdf', Buffer.from('%PDF-1.7')),
    await upload('video', '演示.mp4', Buffer.alloc(64)),
  ];
  world.deliveries = [];
  const contact = await world.newFriend('收欢迎语的人');
  const [added] = await world.added(1);
  const link = {
    title: '三分钟看完',
    desc: '春季新品',
    url: 'https://crm.example.com/',
    picurl: 'https://crm.example.com/p.png',
  };
  const miniprogram = { title: '商城', pic_media_id: image['media_id'], appid: 'wxTest', page: 'pages/index.html' };
  const body = {
    welcome_code: added?.['WelcomeCode'],
    text: { content: '您好' },
    attachments: [
      { msgtype: 'image', image: { media_id: image['media_id'] } },
      { msgtype: 'file', file: { media_id: file['media_id'] } },
      { msgtype: 'video', video: { media_id: video['media_id'] } },
      { msgtype: 'link', link },
      { msgtype: 'miniprogram', miniprogram },
    ],
  };
  const access_token = await world.token();
  expect(await world.call('externalcontact/send_welcome_msg', { access_token }, body)).toMatchObject({ errcode: 0 });
  const got = (await world.chat(contact)).messages.filter((one) => one.via === 'welcome');
  expect(got.map(({ kind, text }) => [kind, text])).toEqual([
    ['text', '您好'],
    ['image', '[图片]'],
    ['file', '报价单.pdf'],
    ['other', '[视频]'],
    ['link', '三分钟看完'],
    ['other', '[小程序] 商城'],
  ]);
  expect(got.at(4)?.card).toEqual({
    kind: 'link',
    title: '三分钟看完',
    description: '春季新品',
    url: 'https://crm.example.com/',
    pictureUrl: 'https://crm.example.com/p.png',
  });
  const picture = await fetch(new URL(got.at(1)?.card?.pictureUrl ?? '', world.sandbox.url));
  expect(picture.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await picture.arrayBuffer())).toEqual(png);
});

test('a message of the app may hold a picture, a file or an article', async () => {
  const { media_id } = await upload('image', '海报.png', png);
  const access_token = await world.token();
  const tell = (body: object) =>
    world.call('message/send', { access_token }, { touser: 'wanglei', agentid: world.env('WECOM_AGENT_ID'), ...body });
  expect(await tell({ msgtype: 'image', image: { media_id } })).toMatchObject({ errcode: 0 });
  const article = { title: '三分钟看完', description: '春季新品', url: 'https://crm.example.com/' };
  expect(await tell({ msgtype: 'news', news: { articles: [article] } })).toMatchObject({ errcode: 0 });
  expect(await tell({ msgtype: 'file', file: { media_id } })).toMatchObject({ errcode: 40007 });
  const { notices } = await world.get<{ notices: SandboxNotice[] }>('notices?member=wanglei');
  expect(notices.slice(-2)).toMatchObject([
    {
      kind: 'image',
      card: { kind: 'image', title: '海报.png', pictureUrl: expect.stringMatching(/^\/sandbox\/media\//) },
    },
    { kind: 'news', text: '三分钟看完', card: { kind: 'link', description: '春季新品' } },
  ]);
});
