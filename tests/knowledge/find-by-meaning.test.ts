import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyOf } from 'node:stream/consumers';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite/vector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readConfig } from '#server/base/config.ts';
import { openDatabase, type OpenDatabase } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { makeModel, type Model } from '#server/base/model.ts';
import { saveSetting } from '#server/base/setting.ts';
import { embedPassages, findMeanings } from '#server/knowledge/embed-passages.ts';
import { findPassages, fused } from '#server/knowledge/find-passages.ts';
import { viewDocuments } from '#server/knowledge/view-document.ts';
import { openVectors } from '#server/knowledge/vector-store.ts';
import { useWorld } from '#tests/support/world.ts';
import { fillKnowledge } from './corpus.ts';

const world = useWorld();
let lite: PGlite;
let socket: PGLiteSocketServer;
let endpoint: Server;
let open: OpenDatabase;
let model: Model;
let deps: Deps;
let asked: string[];
let isDown: boolean;
/** What the endpoint makes of what it would answer. */
let spoil: (vectors: unknown[]) => unknown;

/** What each text is about, as a model would say it in numbers: one direction for each thing. */
const things = [
  /价|钱|费用|预算/,
  /退|不要了|反悔/,
  /服务器|私有|机房|放在哪/,
  /上线|多久|交付|慢/,
  /打通|对接|连接|SAP/,
];
const meaning = (text: string) => [...things.map((thing) => (thing.test(text) ? 1 : 0)), 0.1];

/** The product on a PostgreSQL with the extension, which runs within this process and takes one connection at a time. */
beforeAll(async () => {
  lite = await PGlite.create({ extensions: { vector } });
  const migrations = readdirSync('prisma/migrations', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of migrations.sort((a, b) => (a.name < b.name ? -1 : 1)))
    await lite.exec(readFileSync(`prisma/migrations/${name}/migration.sql`, 'utf8'));
  socket = new PGLiteSocketServer({ db: lite, port: 0, host: '127.0.0.1' });
  const listening = new Promise<number>((resolve) => {
    socket.addEventListener('listening', (event) => resolve((event as CustomEvent<{ port: number }>).detail.port));
  });
  await socket.start();
  open = openDatabase(`postgres://postgres@127.0.0.1:${await listening}/postgres?sslmode=disable`, () => {}, 1);
  endpoint = createServer((request, response) => {
    void (async () => {
      const { input } = JSON.parse(await bodyOf(request)) as { input: string[] };
      asked.push(...input);
      const data = spoil(input.map((text, index) => ({ object: 'embedding', index, embedding: meaning(text) })));
      response.writeHead(isDown ? 503 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ object: 'list', data, usage: { prompt_tokens: 10, total_tokens: 10 } }));
    })();
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  model.close();
  await open.close();
  await socket.stop();
  await lite.close();
  endpoint.closeAllConnections();
  await new Promise((resolve) => endpoint.close(resolve));
});

beforeEach(async () => {
  asked = [];
  isDown = false;
  spoil = (vectors) => vectors;
  const config = readConfig({
    NODE_ENV: 'test',
    SESSION_SECRET: 'a secret of at least 32 characters for tests',
    OPENAI_BASE_URL: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/v1`,
    OPENAI_EMBEDDING_MODEL: 'meanings',
  });
  model = makeModel({ ...world.deps, config, db: open.db });
  deps = { ...world.deps, config, db: open.db, pool: open.pool, llm: model };
  await lite.exec(
    `DELETE FROM "KnowledgeDocument"; DELETE FROM "Setting"; DELETE FROM "ModelRun"; DELETE FROM "ModelDay"`,
  );
  await fillKnowledge(deps);
});

const found = async (question: string, about = {}) =>
  (await findPassages(deps, question, 5, about)).map(({ headings, by }) => `${headings.at(-1)} ${by}`);

test('where the database keeps vectors, what is meant is found in other words, and both ways stand first', async () => {
  expect(await found('我反悔了怎么办')).toEqual([]);
  await embedPassages(deps);
  expect(asked.slice(1)).toHaveLength(await deps.db.knowledgePassage.count());
  expect(await found('我反悔了怎么办')).toEqual(['退款 meaning']);
  expect((await found('可以退款吗'))[0]).toBe('退款 both');
  expect(await found('你好')).toEqual([]);
  const { rows } = await open.pool.query(`SELECT DISTINCT model FROM "KnowledgeVector"`);
  expect(rows).toEqual([{ model: 'meanings' }]);
});

test('a passage is asked about once, and its vector goes with it', async () => {
  await embedPassages(deps);
  const count = asked.length;
  await embedPassages(deps);
  expect(asked).toHaveLength(count);
  await deps.db.knowledgeDocument.deleteMany();
  expect((await open.pool.query(`SELECT FROM "KnowledgeVector"`)).rowCount).toBe(0);
});

test('no personal data goes to the endpoint, neither out of a document nor out of a question', async () => {
  await fillKnowledge(deps, {
    联系我们: [{ kind: 'paragraph', text: '报价请致电销售 13800138000，邮箱 sale@example.com。' }],
  });
  await embedPassages(deps);
  await found('我是陈丽华，13900139000，报价多少钱', { names: ['陈丽华'] });
  expect(asked.join('\n')).toContain('【手机1】');
  expect(asked.join('\n')).not.toMatch(/1[39]\d{9}|example\.com|陈丽华/);
});

test('the company’s switch counts here too, and what it costs is in the ledger', async () => {
  await embedPassages(deps);
  const [run] = await deps.db.modelRun.findMany();
  expect(run).toMatchObject({ useCase: 'embed-passages', model: 'meanings', outcome: 'answered', inputTokens: 10 });
  await saveSetting(deps.db, 'model', { on: false, useCases: {}, softYuan: null, hardYuan: 50 }, null);
  asked = [];
  expect(await findMeanings(deps)).toBeNull();
  expect((await found('可以退款吗'))[0]).toBe('退款 words');
  expect(asked).toEqual([]);
});

test('what a customer wrote goes to no endpoint for what is switched off', async () => {
  await embedPassages(deps);
  const useCases = { 'draft-reply': false };
  await saveSetting(deps.db, 'model', { on: true, useCases, softYuan: null, hardYuan: 50 }, null);
  asked = [];
  expect((await found('可以退款吗', { useCase: 'draft-reply' }))[0]).toBe('退款 words');
  expect(asked).toEqual([]);
  expect((await found('可以退款吗', { useCase: 'summarise-conversation' }))[0]).toBe('退款 both');
});

test('an endpoint that is down leaves the words to find, and the vectors for later', async () => {
  isDown = true;
  await embedPassages(deps);
  expect((await found('可以退款吗'))[0]).toBe('退款 words');
  isDown = false;
  await embedPassages(deps);
  expect((await found('可以退款吗'))[0]).toBe('退款 both');
});

const counted = async () => (await viewDocuments(deps, { limit: 10 })).items;

test.each([
  ['fewer vectors than texts', (vectors: unknown[]) => vectors.slice(1)],
  ['no list', () => 'none'],
  ['what is no number', (vectors: unknown[]) => vectors.map((one) => ({ ...(one as object), embedding: [1, null] }))],
  [
    'numbers no database keeps',
    (vectors: unknown[]) => vectors.map((one) => ({ ...(one as object), embedding: [1e39] })),
  ],
  ['vectors of nothing', (vectors: unknown[]) => vectors.map((one) => ({ ...(one as object), embedding: [] }))],
])(
  'an endpoint that answers with %s is asked no more, the words still find, and the document says so',
  async (_, how) => {
    spoil = how;
    await embedPassages(deps);
    const count = asked.length;
    await embedPassages(deps);
    expect(asked).toHaveLength(count);
    expect((await found('可以退款吗'))[0]).toBe('退款 words');
    const documents = await counted();
    expect(documents.map(({ state, byWordsOnly, passages }) => [state, byWordsOnly === passages])).toEqual(
      documents.map(() => ['ready', true]),
    );
  },
);

test('an endpoint that takes one text at a time, or cannot say what one of them means, keeps the others from nothing', async () => {
  spoil = (vectors) => vectors.slice(0, 1);
  await embedPassages(deps);
  expect((await found('我反悔了怎么办'))[0]).toBe('退款 meaning');
  expect((await counted()).reduce((sum, { byWordsOnly }) => sum + byWordsOnly, 0)).toBe(0);
});

test('a database without the extension finds by words alone', async () => {
  expect(await openVectors(world.deps.pool)).toBe(false);
  expect(await openVectors(open.pool)).toBe(true);
});

test('what stands high in both lists comes before what is first in one', () => {
  expect(
    fused([
      ['a', 'b', 'c'],
      ['d', 'b'],
    ]),
  ).toEqual(['b', 'a', 'd', 'c']);
});
