import { expect, test } from 'vitest';
import type { DocumentKind } from '#server/knowledge/knowledge.ts';
import { passagesOf, type Block } from '#server/knowledge/passage.ts';
import { readApart } from '#server/knowledge/read-apart.ts';
import { readBlocks } from '#server/knowledge/read-blocks.ts';
import { pdfOf, wordOf, wordParagraph, wordTable, zipOf } from './make-files.ts';

const lines = (blocks: Block[]) =>
  blocks.map((block) => (block.kind === 'heading' ? `${'#'.repeat(block.level)} ${block.text}` : block.text));
const read = async (kind: DocumentKind, file: Buffer | string) => lines(await readBlocks(kind, Buffer.from(file)));
const failure = async (kind: DocumentKind, file: Buffer | string) =>
  readBlocks(kind, Buffer.from(file)).then(
    () => 'read',
    (error: { code?: string }) => error.code ?? String(error),
  );

test('of Markdown the words are read, with headings and the rows of tables', async () => {
  const source = [
    '---\nauthor: 周敏\n---',
    '# 价格 #',
    '按**人数**计费，详见[官网](https://a.cn)。\n第二行。',
    '套餐\n----',
    '| 版本 | 价格 |\n|:--|--:|\n| 标准版 | 19,800 元/年 |\n| 旗舰版 | |',
    '- [x] 含培训\n- 含*升级*',
    '1) 先试用\n> 引用 <b>一句</b>',
    '```\nGET /api\n```',
    '---',
  ].join('\n\n');
  expect(await read('markdown', source)).toEqual([
    '# 价格',
    '按人数计费，详见官网。\n第二行。',
    '## 套餐',
    '版本：标准版；价格：19,800 元/年',
    '版本：旗舰版',
    '含培训',
    '含升级',
    '先试用\n引用 一句',
    'GET /api',
  ]);
});

test('plain text is read in UTF-8, UTF-16 and GB18030, and numbered lines are headings', async () => {
  const said = ['# 第一章 总则', '## 一、价格', '标准版一万九千八。'];
  const text = '第一章 总则\r\n\r\n一、价格\r\n标准版一万九千八。';
  const gb = Buffer.from('b5dad2bbd5c220d7dcd4f20ad2bba1a2bcdbb8f10ab1eaD7BCB0E6D2BBCDF2BEC5C7A7B0CBA1A3', 'hex');
  expect(await read('text', text)).toEqual(said);
  expect(await read('text', Buffer.from(`\ufeff${text}`))).toEqual(said);
  expect(await read('text', Buffer.from(`\ufeff${text}`, 'utf16le'))).toEqual(said);
  expect(await read('text', gb)).toEqual(said);
});

test('a Word document is read with its headings, in English or Chinese, and its tables row by row', async () => {
  const body = [
    wordParagraph('产品价格', '1'),
    wordParagraph('按人数 &lt;计费&gt;', 'a'),
    wordTable([
      ['版本', '价格'],
      ['标准版', '19,800 元/年'],
    ]),
    wordParagraph('签两年九五折。'),
  ].join('');
  expect(await read('word', wordOf(body))).toEqual([
    '# 产品价格',
    '## 按人数 <计费>',
    '版本：标准版；价格：19,800 元/年',
    '签两年九五折。',
  ]);
});

test('a PDF is read with headings, broken lines made whole, cells apart, and without what every page repeats', async () => {
  const page = (n: number) => [
    { text: '知客公司内部资料', y: 820, size: 9 },
    { text: `第${n}页`, y: 20, size: 9 },
  ];
  const file = pdfOf([
    [
      ...page(1),
      { text: '产品价格', y: 760, size: 20 },
      { text: '标准版供五十人以内的团队使用，含会话存', y: 720 },
      { text: '档与自动摘要。', y: 700 },
      { text: '标准版', y: 660 },
      { text: '一万九千八', x: 200, y: 660 },
    ],
    [...page(2), { text: '二、折扣', y: 760 }, { text: '签两年九五折。', y: 740 }],
    [...page(3), { text: '以上含税。', y: 760 }],
  ]);
  expect(await read('pdf', file)).toEqual([
    '# 产品价格',
    '标准版供五十人以内的团队使用，含会话存档与自动摘要。',
    '标准版；一万九千八',
    '## 二、折扣',
    '签两年九五折。',
    '以上含税。',
  ]);
});

test('what cannot be read says why', async () => {
  const encrypted =
    '/Encrypt << /Filter /Standard /V 1 /R 2 /O (................................) /U (................................) /P -4 >> /ID [(a) (a)]';
  const compound = Buffer.concat([Buffer.from([0xd0, 0xcf, 0x11, 0xe0]), Buffer.from('EncryptedPackage', 'utf16le')]);
  const doctype = '<!DOCTYPE a [<!ENTITY b "boom">]>';
  const cases: [string, DocumentKind, Buffer | string][] = [
    ['knowledge.empty', 'text', ''],
    ['knowledge.no_text', 'text', ' \n — \n'],
    ['knowledge.no_text', 'word', wordOf(wordParagraph('  '))],
    ['knowledge.no_text', 'pdf', pdfOf([[], []])],
    ['knowledge.no_text', 'pdf', pdfOf([[{ text: '扫描', y: 50 }]])],
    ['knowledge.encrypted', 'pdf', pdfOf([[{ text: '密', y: 50 }]], { trailer: encrypted })],
    ['knowledge.encrypted', 'word', compound],
    ['knowledge.encrypted', 'word', wordOf(wordParagraph('字'), { flags: 1 })],
    ['knowledge.wrong_extension', 'pdf', wordOf(wordParagraph('字'))],
    ['knowledge.wrong_extension', 'word', pdfOf([[]])],
    ['knowledge.wrong_extension', 'word', zipOf({ 'xl/workbook.xml': '<a/>' })],
    ['knowledge.wrong_extension', 'markdown', pdfOf([[]])],
    ['knowledge.wrong_extension', 'text', wordOf('')],
    ['knowledge.not_text', 'text', Buffer.from([0x61, 0x00, 0x62])],
    ['knowledge.not_text', 'markdown', Buffer.from([0xff, 0xff, 0xff])],
    ['knowledge.damaged', 'pdf', pdfOf([[{ text: '完整', y: 50 }]]).subarray(0, 60)],
    ['knowledge.damaged', 'word', wordOf(wordParagraph('字')).subarray(0, 400)],
    ['knowledge.damaged', 'word', zipOf({ 'word/document.xml': `${doctype}<a>&b;</a>` })],
    ['knowledge.too_long', 'text', '字'.repeat(2_000_001)],
  ];
  for (const [code, kind, file] of cases) expect({ code: await failure(kind, file), kind }).toEqual({ code, kind });
});

test('an archive that unpacks to more than it says is found out before it is read', async () => {
  const bomb = zipOf({ 'word/document.xml': Buffer.alloc(31 * 1024 * 1024, 0x20) }, { saidSize: 10 });
  expect(bomb.length).toBeLessThan(60_000);
  expect(await failure('word', bomb)).toBe('knowledge.too_large_inside');
  expect(await failure('word', wordOf('', { flags: 0 }))).toBe('knowledge.no_text');
});

test('a file is read apart from this process, and given up when it takes too long', async () => {
  const blocks = await readApart('word', wordOf(wordParagraph('签两年九五折。')));
  expect(blocks).toEqual([{ kind: 'paragraph', text: '签两年九五折。' }]);
  await expect(readApart('pdf', pdfOf([[]]))).rejects.toMatchObject({ code: 'knowledge.no_text' });
  await expect(readApart('word', wordOf(wordParagraph('字')), 0)).rejects.toMatchObject({ code: 'knowledge.too_slow' });
});

test('passages stay under their headings, keep rows whole, and overlap only where a paragraph was cut', () => {
  const sentence = (n: number) => `第${n}条：${'甲乙丙丁'.repeat(12)}。`;
  const long = Array.from({ length: 30 }, (_, n) => sentence(n)).join('');
  const row = (n: number): Block => ({ kind: 'row', text: `版本：${n}；价格：${'9'.repeat(80)}` });
  const passages = passagesOf([
    { kind: 'heading', level: 1, text: '合同' },
    { kind: 'heading', level: 2, text: '条款' },
    { kind: 'paragraph', text: long },
    { kind: 'heading', level: 2, text: '价格' },
    ...Array.from({ length: 12 }, (_, n) => row(n)),
    { kind: 'heading', level: 1, text: '附则' },
    { kind: 'paragraph', text: '自签字之日起生效。' },
  ]);
  const of = (heading: string) => passages.filter(({ headings }) => headings.at(-1) === heading);
  expect(passages.every(({ text }) => text.length <= 500)).toBe(true);
  expect(of('条款').length).toBeGreaterThan(3);
  // The last sentence before the cut, or a part of it, is said again.
  const [first, ...rest] = of('条款');
  for (const [at, { text }] of rest.entries()) expect([first, ...rest][at]?.text).toContain(text.slice(0, 10));
  expect(of('条款').every(({ headings }) => headings.join('/') === '合同/条款')).toBe(true);
  expect(of('价格').flatMap(({ text }) => text.split('\n'))).toEqual(Array.from({ length: 12 }, (_, n) => row(n).text));
  expect(of('附则')).toEqual([{ headings: ['附则'], text: '自签字之日起生效。' }]);
});
