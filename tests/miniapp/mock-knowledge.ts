import { knowledgeApi, type DocumentView, type PassageView } from '#server/knowledge/knowledge-api.ts';
import { id, manager, Refusing, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

type On = (endpoint: unknown, deed: Route['deed']) => Route;

export interface MockKnowledge {
  all: DocumentView[];
  byMeaning: boolean;
  found: PassageView[];
}

const someDocument = (n: number, changes: Partial<DocumentView>): DocumentView => ({
  id: id(n),
  title: '2026 价格表',
  name: '2026 价格表.docx',
  kind: 'word',
  size: 48_000,
  state: 'ready',
  error: null,
  passages: 12,
  byWordsOnly: 0,
  uses: 34,
  version: 2,
  updatedAt: new Date(Date.now() - 86_400_000).toISOString(),
  updatedBy: manager.name,
  ...changes,
});

export const someKnowledge = (): MockKnowledge => ({
  all: [
    someDocument(2001, {}),
    someDocument(2002, {
      title: '扫描的合同 <img src=x onerror="window.wasHacked=true">',
      name: '合同.pdf',
      kind: 'pdf',
      size: 3_400_000,
      state: 'failed',
      error: 'knowledge.no_text',
      passages: 3,
      uses: 0,
    }),
  ],
  byMeaning: false,
  found: [
    {
      from: 'document',
      id: id(2001),
      title: '2026 价格表',
      headings: ['产品价格', '按人数计费'],
      text: '版本：标准版；人数：50 人以内；价格：19,800 元/年',
      by: 'words',
    },
  ],
});

export function knowledgeDeeds(mock: MockProduct, on: On): Route[] {
  const known = ({ params }: Asked) => {
    const document = mock.knowledge.all.find((one) => one.id === params['id']);
    if (!document) throw new Refusing({ status: 404, code: 'knowledge.unknown' });
    return document;
  };
  return [
    on(knowledgeApi.list, ({ query }) => {
      const items = mock.knowledge.all.filter(({ title, name }) => `${title} ${name}`.includes(query['search'] ?? ''));
      const answer = { items: structuredClone(items), next: null, byMeaning: mock.knowledge.byMeaning };
      // By the time it is asked for again it has been read.
      for (const one of items) if (one.state === 'reading') Object.assign(one, { state: 'ready', passages: 2 });
      return answer;
    }),
    on(knowledgeApi.find, () => ({ items: mock.knowledge.found })),
    on(knowledgeApi.read, (asked) => ({
      ...known(asked),
      contents: [{ headings: ['产品价格'], text: '版本：标准版；价格：19,800 元/年' }],
    })),
    on(knowledgeApi.upload, ({ query }) => {
      const name = query['name'] ?? '';
      const before = mock.knowledge.all.find((one) => one.id === query['id'] || one.name === name);
      const title = before?.title ?? name.replace(/\.\w+$/, '');
      const made = someDocument(2100 + mock.knowledge.all.length, {
        ...before,
        title,
        name,
        state: 'reading',
        error: null,
        passages: before?.passages ?? 0,
        uses: before?.uses ?? 0,
        version: (before?.version ?? 0) + 1,
      });
      mock.knowledge.all = [made, ...mock.knowledge.all.filter((one) => one.id !== made.id)];
      return made;
    }),
    on(knowledgeApi.rename, (asked) => {
      const document = known(asked);
      if (document.version !== asked.body['version']) throw new Refusing({ status: 409, code: 'knowledge.stale' });
      return Object.assign(document, { title: asked.body['title'], version: document.version + 1 });
    }),
    on(knowledgeApi.remove, (asked) => {
      const gone = known(asked);
      mock.knowledge.all = mock.knowledge.all.filter((one) => one !== gone);
      return {};
    }),
  ];
}
