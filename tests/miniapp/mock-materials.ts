import { materialApi, type FileView, type MaterialView } from '#server/material/material-api.ts';
import { id, manager, Refusing, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

type On = (endpoint: unknown, deed: Route['deed']) => Route;

export interface MockMaterials {
  all: MaterialView[];
  files: FileView[];
  words: { forbidden: string[]; allowed: string[] };
}

export const picture: FileView = {
  id: id(1101),
  kind: 'image',
  name: '春季展台.png',
  type: 'image/png',
  size: 240_000,
};
const brochure: FileView = {
  id: id(1102),
  kind: 'file',
  name: '50 人版报价单.pdf',
  type: 'application/pdf',
  size: 1_800_000,
};

export function someMaterial(n: number, changes: Partial<MaterialView> = {}): MaterialView {
  return {
    id: id(n),
    kind: 'text',
    title: '开场白',
    folder: '话术/售前',
    tags: ['常用'],
    content: { kind: 'text', text: '您好，我是{member}，有任何问题随时找我。' },
    file: null,
    uses: 12,
    createdBy: manager,
    version: 1,
    updatedAt: new Date(Date.now() - 86_400_000).toISOString(),
    archivedAt: null,
    ...changes,
  };
}

export const someMaterials = (): MockMaterials => ({
  all: [
    someMaterial(1001),
    someMaterial(1002, {
      kind: 'image',
      title: '春季展台',
      folder: '活动',
      tags: [],
      content: { kind: 'image', fileId: picture.id },
      file: picture,
      uses: 30,
    }),
    someMaterial(1003, {
      kind: 'file',
      title: '50 人版报价单',
      folder: '产品/报价',
      tags: ['报价', '常用'],
      content: { kind: 'file', fileId: brochure.id },
      file: brochure,
      uses: 8,
    }),
    someMaterial(1004, {
      kind: 'link',
      title: '产品手册 <img src=x onerror="window.wasHacked=true">',
      folder: '产品',
      tags: [],
      content: {
        kind: 'link',
        title: '产品手册',
        description: '三分钟看懂',
        url: 'https://example.com/handbook',
        pictureUrl: null,
      },
      uses: 3,
    }),
    someMaterial(1005, {
      kind: 'app',
      title: '预约演示',
      folder: '产品',
      tags: [],
      content: { kind: 'app', title: '预约演示', appId: 'wx0123456789abcdef', page: 'pages/book', fileId: picture.id },
      file: picture,
      uses: 0,
    }),
  ],
  files: [picture, brochure],
  words: { forbidden: ['绝密'], allowed: ['第一'] },
});

export const mediaLimits = {
  image: { bytesMax: 10_485_760, types: ['image/jpeg', 'image/png'] },
  video: { bytesMax: 10_485_760, types: ['video/mp4'] },
  file: { bytesMax: 20_971_520, types: [] },
};

export function materialDeeds(mock: MockProduct, on: On): Route[] {
  const found = ({ params }: Asked): MaterialView => {
    const material = mock.materials.all.find((one) => one.id === params['id']);
    if (!material) throw new Refusing({ status: 404, code: 'material.unknown' });
    return material;
  };
  const fileOf = (content: unknown) =>
    mock.materials.files.find((one) => one.id === (content as { fileId?: string }).fileId) ?? null;
  const count = (names: string[]) =>
    [...new Set(names)].map((name) => ({ name, count: names.filter((one) => one === name).length }));
  const written = ({ body }: Asked) => ({
    ...(body as Pick<MaterialView, 'title' | 'folder' | 'tags' | 'content'>),
    kind: (body['content'] as MaterialView['content']).kind,
    file: fileOf(body['content']),
  });
  return [
    on(materialApi.folders, () => ({
      folders: count(mock.materials.all.map(({ folder }) => folder)).map(({ name, count }) => ({ path: name, count })),
      tags: count(mock.materials.all.flatMap(({ tags }) => tags)).map(({ name, count }) => ({ tag: name, count })),
    })),
    on(materialApi.list, ({ query }) => ({
      items: mock.materials.all.filter(
        ({ title, kind, folder, tags, archivedAt }) =>
          title.includes(query['search'] ?? '') &&
          (query['kind'] ?? kind) === kind &&
          `${folder}/`.startsWith(query['folder'] ? `${query['folder']}/` : '') &&
          (!query['tag'] || tags.includes(query['tag'])) &&
          (archivedAt !== null) === (query['archived'] === 'true'),
      ),
      nextAfter: null,
    })),
    on(materialApi.read, found),
    on(materialApi.create, (asked) => {
      const made = someMaterial(1900 + mock.materials.all.length, { uses: 0, ...written(asked) });
      mock.materials.all.unshift(made);
      return made;
    }),
    on(materialApi.edit, (asked) => {
      const { version, ...rest } = written(asked) as ReturnType<typeof written> & { version?: number };
      return Object.assign(found(asked), rest, { version: (version ?? 0) + 1 });
    }),
    on(materialApi.archive, (asked) =>
      Object.assign(found(asked), { archivedAt: asked.body['archived'] ? new Date().toISOString() : null }),
    ),
    on(materialApi.upload, ({ query }) => {
      const file: FileView = {
        id: id(1150 + mock.materials.files.length),
        kind: query['kind'] as FileView['kind'],
        name: query['name'] ?? '',
        type: query['kind'] === 'image' ? 'image/png' : 'application/octet-stream',
        size: 2048,
      };
      mock.materials.files.push(file);
      return file;
    }),
    on(materialApi.fileInfo, ({ params }) => {
      const file = mock.materials.files.find((one) => one.id === params['id']);
      if (!file) throw new Refusing({ status: 404, code: 'material.file_unknown' });
      return file;
    }),
    on(materialApi.limits, () => mediaLimits),
    on(materialApi.use, (asked) => {
      const material = found(asked);
      material.uses += 1;
      return { mediaKey: material.file ? `media-${material.file.id}` : null, content: material.content };
    }),
    on(materialApi.checkWords, ({ body }) => {
      const text = String(body['text']);
      const words = [
        ...mock.materials.words.forbidden.map((word) => ({ word, level: 'forbid' as const, source: null })),
        { word: '最好', level: 'warn' as const, source: '《广告法》第九条' },
      ];
      return {
        findings: words
          .filter(({ word }) => text.includes(word))
          .map((one) => ({ ...one, at: text.indexOf(one.word) })),
      };
    }),
    on(materialApi.words, () => mock.materials.words),
    on(materialApi.saveWords, ({ body }) => Object.assign(mock.materials.words, body)),
  ];
}
