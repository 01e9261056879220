import { expect, test } from 'vitest';
import type { SandboxChat } from '#bot/sandbox/wecom-window-api.ts';
import { openTab, shows, sidebarOf, useJourney } from '#tests/support/journey.ts';
import { patienceMs } from '#tests/support/patience.ts';

const journey = useJourney();

test('what marketing puts into the library is sent by a rep from beside the chat, the file as the file it is', async () => {
  const { members, demo } = await journey.state();
  const marketer = members.find(({ position }) => position === '市场专员')?.key ?? '';
  const desk = await journey.open('desk.html#/materials/new?kind=text', { as: marketer });
  await desk.getByLabel('标题').fill('开场白');
  await desk.getByLabel('文字内容').fill('您好{contact}，我是{member}，这是最好的方案');
  await shows(desk.getByText('「最好」可能违反广告法'));
  await desk.getByLabel('文件夹').fill('话术/售前');
  await desk.getByRole('button', { name: '保存' }).click();
  await shows(desk.getByRole('link', { name: '开场白' }));

  await desk.getByRole('link', { name: '＋文件' }).click();
  await desk.locator('input[type=file]').setInputFiles({
    name: '报价单.pdf',
    mimeType: 'application/pdf',
    buffer: Buffer.from('the price list'),
  });
  await shows(desk.getByText('报价单.pdf', { exact: false }).first());
  await desk.getByRole('button', { name: '保存' }).click();
  await shows(desk.getByRole('link', { name: '报价单' }));

  const page = await journey.open('', { as: demo.member });
  const sidebar = sidebarOf(page);
  await openTab(sidebar, '素材');
  await shows(sidebar.getByText('开场白'));
  await sidebar.getByRole('button', { name: '发送 开场白' }).click();
  await sidebar.getByRole('button', { name: '发送 报价单' }).click();
  await expect
    .poll(
      async () => {
        const answer = await fetch(
          `${journey.url}sandbox/api/chat?member=${demo.member}&contact=${encodeURIComponent(demo.contact)}`,
        );
        const { messages } = (await answer.json()) as SandboxChat;
        return messages.filter(({ via }) => via === 'sidebar');
      },
      { timeout: patienceMs },
    )
    .toMatchObject([
      { text: expect.stringMatching(/^您好.+，我是王磊，这是最好的方案$/) },
      { kind: 'file', card: { kind: 'file', title: '报价单.pdf' } },
    ]);
});
