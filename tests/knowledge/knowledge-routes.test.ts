import { beforeEach, expect, test } from 'vitest';
import { roles } from '#server/base/caller.ts';
import type { DocumentView, PassageView } from '#server/knowledge/knowledge-api.ts';
import { SESSION_COOKIE } from '#server/member/session.ts';
import { makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';
import { pdfOf, wordOf, wordParagraph, wordTable } from './make-files.ts';

const world = useWorld();
const http = useHttp(world);
let as: string;
let rep: string;

beforeEach(async () => {
  as = await openSession(world.deps, await makeMember(world.deps, { role: 'marketing', name: '周敏' }));
  rep = await openSession(world.deps, await makeMember(world.deps));
});

type Uploaded = DocumentView & { error: string | null | { code: string } };

async function upload(name: string, file: Buffer | string, { id = '', session = as } = {}) {
  const query = new URLSearchParams({ name, ...(id ? { id } : {}) });
  const response = await fetch(`${http.url}/api/knowledge?${query}`, {
    method: 'POST',
    headers: { Origin: world.deps.config.PUBLIC_URL, Cookie: `${SESSION_COOKIE}=${session}` },
    body: new Uint8Array(Buffer.from(file)),
  });
  return { status: response.status, body: (await response.json()) as Uploaded };
}
const ask = (method: string, path: string, body?: unknown, session = as) =>
  http.ask(method, path, { as: session, ...(body === undefined ? {} : { body }) });
const list = async (query = '') =>
  (await ask('GET', `/api/knowledge${query}`)).body as {
    items: DocumentView[];
    next: string | null;
    byMeaning: boolean;
  };
const contents = async (id: string) =>
  ((await ask('GET', `/api/knowledge/${id}`)).body as { contents: { text: string }[] }).contents.map(
    ({ text }) => text,
  );
const find = async (question: string, session = rep) => {
  const { body } = await ask(
    'GET',
    `/api/knowledge/passages?question=${encodeURIComponent(question)}`,
    undefined,
    session,
  );
  return (body as { items: PassageView[] }).items;
};

test('an uploaded document is read afterwards, whatever of the four kinds it is, and found by everybody', async () => {
  const table = wordTable([
    ['版本', '价格'],
    ['标准版', '19,800 元/年'],
  ]);
  const files: Record<string, Buffer | string> = {
    '价格表.docx': wordOf(wordParagraph('价格', '1') + table),
    '交付说明.pdf': pdfOf([[{ text: '标准项目十五个工作日上线，先导入旧系统的数据。', y: 700 }]]),
    '退款.txt': '签约七天内未导入数据可以全额退款。',
    '安全.md': '# 数据安全\n数据加密存放在上海机房。',
  };
  for (const [name, file] of Object.entries(files)) {
    const { status, body } = await upload(name, file);
    expect({ status, body }).toMatchObject({ status: 201, body: { name, state: 'reading', passages: 0, version: 1 } });
  }
  await world.jobs.drain();
  const { items, byMeaning } = await list();
  expect(items.map(({ title, kind, state, passages, updatedBy }) => [title, kind, state, passages, updatedBy])).toEqual(
    expect.arrayContaining([
      ['价格表', 'word', 'ready', 1, '周敏'],
      ['交付说明', 'pdf', 'ready', 1, '周敏'],
      ['退款', 'text', 'ready', 1, '周敏'],
      ['安全', 'markdown', 'ready', 1, '周敏'],
    ]),
  );
  expect(byMeaning).toBe(false);
  const [first] = await find('标准版多少钱');
  expect(first).toMatchObject({ title: '价格表', headings: ['价格'], text: '版本：标准版；价格：19,800 元/年' });
  expect((await find('多久能上线'))[0]?.title).toBe('交付说明');
  expect((await find('可以退款吗'))[0]?.title).toBe('退款');
});

test('the same file uploaded again takes the place of its passages at once, and twice read is read once', async () => {
  const { body: first } = await upload('退款.txt', '签约七天内可以全额退款。');
  await world.jobs.drain();
  expect(await contents(first.id)).toEqual(['签约七天内可以全额退款。']);

  const { body: second } = await upload('退款.txt', '签约十四天内可以全额退款。');
  expect(second).toMatchObject({ id: first.id, version: 2, state: 'reading', passages: 1 });
  expect((await find('退款'))[0]?.text).toBe('签约七天内可以全额退款。');
  await world.deps.jobs.add('read-document', { documentId: first.id });
  await world.deps.jobs.add('read-document', { documentId: crypto.randomUUID() });
  await world.jobs.drain();
  expect(await contents(first.id)).toEqual(['签约十四天内可以全额退款。']);

  const { body: renamed } = await upload('退款政策.md', '# 退款\n不退。', { id: first.id });
  expect(renamed).toMatchObject({ id: first.id, name: '退款政策.md', kind: 'markdown', version: 3 });
  await upload('别的.txt', '别的');
  expect(await upload('别的.txt', '抢名字', { id: first.id })).toMatchObject({
    status: 409,
    body: { error: { code: 'knowledge.name_taken' } },
  });
  expect(await upload('没有.txt', '没有', { id: crypto.randomUUID() })).toMatchObject({
    status: 404,
    body: { error: { code: 'knowledge.unknown' } },
  });
});

test('a file that cannot be read says why and costs nothing that was there', async () => {
  const { body } = await upload(
    '报价.pdf',
    pdfOf([[{ text: '标准版一万九千八百元一年，旗舰版另议，含税含服务。', y: 700 }]]),
  );
  await world.jobs.drain();
  await upload('报价.pdf', pdfOf([[]]));
  await world.jobs.drain();
  const { items } = await list();
  expect(items[0]).toMatchObject({ id: body.id, state: 'failed', error: 'knowledge.no_text', passages: 1 });
  expect((await find('标准版多少钱'))[0]?.title).toBe('报价');
});

test('what is no document, holds nothing or is too large is refused before it is kept', async () => {
  const code = async (name: string, file: Buffer | string) => {
    const { status, body } = await upload(name, file);
    return [status, (body.error as { code: string }).code];
  };
  expect(await code('表.xlsx', 'PK')).toEqual([422, 'knowledge.file_type']);
  expect(await code('无名', '字')).toEqual([422, 'knowledge.file_type']);
  expect(await code('空.txt', '')).toEqual([400, 'knowledge.file_empty']);
  expect(await code('大.pdf', Buffer.alloc(20 * 1024 * 1024 + 1))).toEqual([413, 'knowledge.file_too_large']);
  expect((await list()).items).toEqual([]);
});

test('a document lost on its way to being read is taken up by the sweep', async () => {
  const { body } = await upload('退款.txt', '签约七天内可以全额退款。');
  world.jobs.clear();
  await world.deps.jobs.add('sweep-knowledge', {});
  await world.jobs.drain();
  expect(await contents(body.id)).toEqual(['签约七天内可以全额退款。']);
});

test('a document is found by its new title, and who changed an older one is told', async () => {
  const { body } = await upload('a.txt', '详见附件。');
  await world.jobs.drain();
  expect(await find('等保测评')).toEqual([]);
  const renamed = await ask('PATCH', `/api/knowledge/${body.id}`, { version: 1, title: '等保测评报告' });
  expect(renamed).toMatchObject({ status: 200, body: { title: '等保测评报告', version: 2 } });
  expect((await find('等保测评'))[0]).toMatchObject({ id: body.id, title: '等保测评报告' });
  const late = await ask('PATCH', `/api/knowledge/${body.id}`, { version: 1, title: '晚了' });
  expect(late).toMatchObject({ status: 409, code: 'knowledge.stale' });
});

test('a removed document is found no more, and removing it twice changes nothing', async () => {
  const { body } = await upload('退款.txt', '签约七天内可以全额退款。');
  await world.jobs.drain();
  expect(await ask('DELETE', `/api/knowledge/${body.id}`)).toMatchObject({ status: 200 });
  expect(await ask('DELETE', `/api/knowledge/${body.id}`)).toMatchObject({ status: 200 });
  expect(await find('退款')).toEqual([]);
  expect(await world.deps.db.knowledgePassage.count()).toBe(0);
  expect(await ask('GET', `/api/knowledge/${body.id}`)).toMatchObject({ status: 404, code: 'knowledge.unknown' });
  const actions = await world.deps.db.auditEntry.findMany({ where: { subject: `knowledge:${body.id}` } });
  expect(actions.map(({ action }) => action)).toEqual(['knowledge.uploaded', 'knowledge.removed']);
});

test('only admins and marketing write; everybody reads', async () => {
  const { body } = await upload('退款.txt', '签约七天内可以全额退款。');
  for (const role of roles) {
    const session = await openSession(world.deps, await makeMember(world.deps, { role }));
    const allowed = role === 'admin' || role === 'marketing';
    expect((await upload(`${role}.txt`, '字', { session })).status).toBe(allowed ? 201 : 403);
    expect((await ask('DELETE', `/api/knowledge/${crypto.randomUUID()}`, undefined, session)).status).toBe(
      allowed ? 200 : 403,
    );
    expect((await ask('GET', `/api/knowledge/${body.id}`, undefined, session)).status).toBe(200);
  }
});

test('a long list is read page by page, and searched by title and file name', async () => {
  for (const n of [1, 2, 3, 4, 5]) {
    world.clock.advance(1000);
    await upload(`第${n}份.txt`, `第${n}份`);
  }
  const seen: string[] = [];
  for (let next: string | null = ''; next !== null;) {
    const page: Awaited<ReturnType<typeof list>> = await list(`?limit=2${next ? `&cursor=${next}` : ''}`);
    seen.push(...page.items.map(({ title }) => title));
    next = page.next;
  }
  expect(seen).toEqual(['第5份', '第4份', '第3份', '第2份', '第1份']);
  expect((await list(`?search=${encodeURIComponent('第3')}`)).items.map(({ name }) => name)).toEqual(['第3份.txt']);
  expect(await ask('GET', '/api/knowledge?cursor=x')).toMatchObject({ status: 400, code: 'knowledge.cursor' });
});

test('signs with a meaning for the database have none for who searches the list', async () => {
  await upload('价格.md', '价格另议。');
  await upload('100%满意_承诺.md', '不满意就退。');
  for (const [search, titles] of [
    ['%', ['100%满意_承诺']],
    ['_', ['100%满意_承诺']],
    ['\\', []],
  ] as const)
    expect((await list(`?search=${encodeURIComponent(search)}`)).items.map(({ title }) => title)).toEqual(titles);
});
