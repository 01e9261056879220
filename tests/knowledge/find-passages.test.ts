import { expect, test } from 'vitest';
import { findPassages } from '#server/knowledge/find-passages.ts';
import { lockStaleMaterial, replacePassages } from '#server/knowledge/passage-store.ts';
import { makeMaterial } from '#tests/support/factories.ts';
import { untilSomebodyWaits } from '#tests/support/lock-wait.ts';
import { useWorld } from '#tests/support/world.ts';
import { fillKnowledge } from './corpus.ts';

const world = useWorld();

const found = async (question: string) =>
  (await findPassages(world.deps, question, 5)).map(({ title, headings }) => [title, ...headings.slice(-1)].join(' '));

test('what customers ask in their own words finds the passage that answers it first', async () => {
  await fillKnowledge(world.deps);
  const asked = {
    '50 人版一年多少钱': '价格表 按人数计费',
    '５０人一年多少钱？': '价格表 按人数计费',
    能便宜点吗: '价格表 折扣政策',
    发票什么时候开: '价格表 发票与付款',
    '你们数据放在哪里，安全吗': '安全白皮书 数据安全',
    可以部署在我们自己的服务器吗: '安全白皮书 私有化部署',
    能对接用友吗: '实施手册 系统对接',
    '支持 sap 吗': '实施手册 系统对接',
    多久能上线: '实施手册 上线流程',
    能先试用一下吗: '常见问题 试用',
    不满意可以退吗: '常见问题 退款',
    '我们这边大概三十个销售，主要想解决客户跟进的问题，现在用的 Excel 管理，数据怎么弄过来': '实施手册 数据迁移',
  };
  for (const [question, answer] of Object.entries(asked))
    expect({ question, first: (await found(question))[0] }).toEqual({ question, first: answer });
});

test('what nothing was written down about finds nothing', async () => {
  await fillKnowledge(world.deps);
  for (const question of [
    '你好',
    '在吗',
    '收到，谢谢',
    '好的，那我跟领导商量一下',
    '今天天气不错',
    '有没有同行案例',
    '？！',
  ])
    expect([question, ...(await found(question))]).toEqual([question]);
});

test('texts and links of the material library are found as they stand now, and not once they are archived', async () => {
  await fillKnowledge(world.deps);
  const text = '我们在上海市浦东新区张江路 100 号，地铁 2 号线金科路站步行 5 分钟。';
  const material = await makeMaterial(world.deps, { title: '公司地址', content: { kind: 'text', text } });
  const [first] = await findPassages(world.deps, '公司在哪里', 5);
  expect(first).toEqual({ from: 'material', id: material.id, title: '公司地址', headings: [], text, by: 'words' });

  const content = { kind: 'text', text: '总部搬到了杭州滨江，欢迎来坐坐。' };
  await world.deps.db.material.update({ where: { id: material.id }, data: { content, version: 2 } });
  expect(await found('地铁站在哪')).toEqual([]);
  expect(await found('你们搬到杭州了吗')).toEqual(['公司地址']);

  await world.deps.db.material.update({ where: { id: material.id }, data: { archivedAt: world.deps.now() } });
  expect(await found('你们搬到杭州了吗')).toEqual([]);
});

test('two who ask at once take a new material over once, and what the first one found stays as it is', async () => {
  const { deps } = world;
  const text = '周末也可以预约演示。';
  const material = await makeMaterial(deps, { title: '演示时间', content: { kind: 'text', text } });
  let second: Promise<string[]> | undefined;
  let firstId: string | undefined;
  await deps.db.$transaction(async (tx) => {
    const materialVersion = await lockStaleMaterial(tx, material.id);
    if (materialVersion === null) throw new Error('somebody else took it over');
    second = found('能预约演示吗');
    await untilSomebodyWaits(deps);
    await replacePassages(tx, { materialId: material.id, materialVersion }, material.title, [{ headings: [], text }]);
    const [taken] = await tx.knowledgePassage.findMany();
    firstId = taken?.id;
  });
  expect(await second).toEqual(['演示时间']);
  expect((await deps.db.knowledgePassage.findMany()).map(({ id }) => id)).toEqual([firstId]);
});

test('many who ask at once all find what was saved a moment ago', async () => {
  const text = '周末也可以预约演示。';
  await makeMaterial(world.deps, { title: '演示时间', content: { kind: 'text', text } });
  const all = await Promise.all(Array.from({ length: 12 }, () => found('能预约演示吗')));
  expect(all).toEqual(Array.from({ length: 12 }, () => ['演示时间']));
  expect(await world.deps.db.knowledgePassage.count()).toBe(1);
});
