import { expect, test } from 'vitest';
import { replyRisks } from '#server/summary/reply-risk.ts';

test.each([
  ['50 人版标准价 10,880 元，可以打 9 折', ['price 10,880 元', 'price 9 折']],
  ['总价¥128,000，预付 30%', ['price ¥128,000', 'price 30%']],
  ['实施费三万元，另外免费培训', ['price 三万元', 'price 免费']],
  ['周五前发您方案，3月15日到货', ['date 周五', 'date 3月15日']],
  ['明天下午 3 点见，两周内上线', ['date 明天', 'date 下午 3 点', 'date 两周内']],
  ['我们保证一定能按时，不满意包退', ['promise 保证', 'promise 一定能', 'promise 包退']],
  ['保证，保证', ['promise 保证']],
])('%s: what binds the company is shown', (reply, risks) => {
  expect(replyRisks(reply).map(({ kind, text }) => `${kind} ${text}`)).toEqual(risks);
});

test.each([
  '陈女士您好，方便说说您那边有多少人使用吗？',
  '收到，我先确认一下再回复您',
  '支持 200 人同时在线',
  '万一有问题找我',
])('%s: nothing to check', (reply) => {
  expect(replyRisks(reply)).toEqual([]);
});
