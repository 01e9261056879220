import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { roles } from '#server/base/caller.ts';
import { SESSION_COOKIE } from '#server/member/session.ts';
import type { FileView, MaterialView } from '#server/material/material-api.ts';
import { makeFile, makeMaterial, makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { untilSomebodyWaits } from '#tests/support/lock-wait.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);
let marketer: Member;
let as: string;
let rep: string;

const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(100)]);
const mp4 = Buffer.concat([Buffer.alloc(4), Buffer.from('ftypisom'), Buffer.alloc(50)]);

beforeEach(async () => {
  platform.reset();
  marketer = await makeMember(world.deps, { role: 'marketing', name: '周敏' });
  as = await openSession(world.deps, marketer);
  rep = await openSession(world.deps, await makeMember(world.deps));
});

const ask = (method: string, path: string, body?: unknown) =>
  http.ask(method, path, { as, ...(body === undefined ? {} : { body }) });
const text = (title: string, more: Record<string, unknown> = {}) => ({
  title,
  content: { kind: 'text', text: `${title}：您好` },
  ...more,
});
const made = async (body: unknown) => (await ask('POST', '/api/materials', body)).body as MaterialView;
const listed = async (query = '') =>
  ((await ask('GET', `/api/materials${query}`)).body as { items: MaterialView[] }).items.map(({ title }) => title);

async function readAll(order: string): Promise<MaterialView[]> {
  const seen: MaterialView[] = [];
  for (let after: string | null | undefined = ''; typeof after === 'string';) {
    const { body } = await ask('GET', `/api/materials?limit=2&order=${order}${after ? `&after=${after}` : ''}`);
    const page = body as { items?: MaterialView[]; nextAfter: string | null };
    seen.push(...(page.items ?? []));
    after = page.nextAfter;
    if (!page.items) console.log(body);
  }
  return seen;
}

async function upload(bytes: Buffer, query: string, type: string, session = as) {
  const response = await fetch(`${http.url}/api/material-files?${query}`, {
    method: 'POST',
    headers: {
      Origin: world.deps.config.PUBLIC_URL,
      Cookie: `${SESSION_COOKIE}=${session}`,
      'Content-Type': type,
    },
    body: new Uint8Array(bytes),
  });
  return { status: response.status, body: (await response.json()) as FileView & { error?: { code: string } } };
}

test('a material is made, changed and read again; who changed an older one is shown the newest instead', async () => {
  const created = await made(text('报价', { folder: '产品/报价', tags: ['热销', '热销'] }));
  expect(created).toMatchObject({
    kind: 'text',
    folder: '产品/报价',
    tags: ['热销'],
    version: 1,
    uses: 0,
    file: null,
    createdBy: { id: marketer.id, name: '周敏' },
    archivedAt: null,
  });
  const changed = await ask('PUT', `/api/materials/${created.id}`, { ...text('新报价'), version: 1 });
  expect(changed).toMatchObject({ status: 200, body: { title: '新报价', version: 2 } });
  const never = await ask('PUT', `/api/materials/${created.id}`, { ...text('晚了'), version: 2 ** 40 });
  expect(never, 'no version there can be').toMatchObject({ status: 400 });
  expect(await ask('PUT', `/api/materials/${created.id}`, { ...text('晚了'), version: 1 })).toMatchObject({
    status: 409,
    code: 'material.stale',
  });
  expect(await ask('GET', `/api/materials/${created.id}`)).toMatchObject({ body: { title: '新报价', version: 2 } });
  expect(await world.deps.db.auditEntry.count({ where: { subject: `material:${created.id}` } })).toBe(2);
});

test('materials are found by words, kind, tag and folder with what lies below it', async () => {
  await made(text('春季报价', { folder: '产品', tags: ['热销'] }));
  await made(text('夏季报价', { folder: '产品/报价' }));
  await made(text('产品部通讯录', { folder: '产品部' }));
  await made({ title: '官网', content: { kind: 'link', title: '100%_折扣', url: 'https://shop.test' } });
  expect((await listed('?folder=产品&order=changed')).sort()).toEqual(['夏季报价', '春季报价']);
  expect(await listed('?tag=热销')).toEqual(['春季报价']);
  expect(await listed('?kind=link')).toEqual(['官网']);
  expect(await listed('?search=夏季')).toEqual(['夏季报价']);
  expect(await listed(`?search=${encodeURIComponent('0%_')}`)).toEqual(['官网']);
  expect(await listed(`?search=${encodeURIComponent('%季')}`)).toEqual([]);
  expect((await ask('GET', '/api/materials/folders')).body).toEqual({
    folders: [
      { path: '', count: 1 },
      { path: '产品', count: 1 },
      { path: '产品/报价', count: 1 },
      { path: '产品部', count: 1 },
    ],
    tags: [{ tag: '热销', count: 1 }],
  });
});

test('what was used most in the last 90 days comes first, and pages lead through all of it once', async () => {
  const { db, now } = world.deps;
  for (const [uses, daysAgo] of [
    [5, 91],
    [2, 1],
    [0, 0],
    [1, 10],
    [1, 20],
    [0, 0],
  ] as const) {
    const { id } = await makeMaterial(world.deps, { title: `${uses} uses ${daysAgo} days ago` });
    const at = new Date(now().getTime() - daysAgo * 86_400_000);
    await db.materialUse.createMany({
      data: Array.from({ length: uses }, () => ({ materialId: id, place: 'sidebar', at })),
    });
  }
  const byUse = await readAll('used');
  expect(byUse.map(({ uses }) => uses)).toEqual([2, 1, 1, 0, 0, 0]);
  const byChange = await readAll('changed');
  expect(new Set(byUse.map(({ id }) => id)).size).toBe(6);
  expect(byChange.map(({ id }) => id).sort()).toEqual(byUse.map(({ id }) => id).sort());
  expect(await ask('GET', '/api/materials?after=abc')).toMatchObject({ status: 400, code: 'material.cursor' });
});

test('an archived material is out of the lists, cannot be used, and can be put back', async () => {
  const { id } = await made(text('旧报价'));
  const archive = (archived: boolean) => ask('POST', `/api/materials/${id}/archive`, { archived });
  expect(await archive(true)).toMatchObject({ body: { archivedAt: world.deps.now().toISOString() } });
  await archive(true);
  expect(await listed()).toEqual([]);
  expect(await listed('?archived=true')).toEqual(['旧报价']);
  expect(await ask('POST', `/api/materials/${id}/use`, { platform: 'wecom' })).toMatchObject({
    status: 409,
    code: 'material.archived',
  });
  expect(await archive(false)).toMatchObject({ body: { archivedAt: null } });
  expect(await listed()).toEqual(['旧报价']);
});

test('archived at the moment somebody saves it, a material is archived with what they wrote, and that is noted once', async () => {
  const { id } = await made(text('旧报价'));
  const saving = await world.deps.pool.connect();
  try {
    await saving.query('BEGIN');
    await saving.query(`UPDATE "Material" SET title = '新报价', version = version + 1 WHERE id = $1`, [id]);
    const archiving = ask('POST', `/api/materials/${id}/archive`, { archived: true });
    await untilSomebodyWaits(world.deps);
    await saving.query('COMMIT');
    expect(await archiving).toMatchObject({
      body: { title: '新报价', archivedAt: world.deps.now().toISOString() },
    });
  } finally {
    saving.release(true);
  }
  expect(await listed()).toEqual([]);
  const noted = await world.deps.db.auditEntry.findMany({
    where: { subject: `material:${id}` },
    orderBy: { id: 'asc' },
  });
  expect(noted.map(({ action }) => action)).toEqual(['material.created', 'material.archived']);
});

test('a rep uses a material beside a chat: the use counts, and its file has a key the platform knows', async () => {
  const file = await makeFile(world.deps);
  const { id } = await makeMaterial(world.deps, { content: { kind: 'image', fileId: file.id } });
  const use = () => http.ask('POST', `/api/materials/${id}/use`, { as: rep, body: { platform: 'wecom' } });
  expect((await use()).body).toEqual({ mediaKey: 'media-1', content: { kind: 'image', fileId: file.id } });
  expect((await use()).body).toMatchObject({ mediaKey: 'media-1' });
  expect(platform.called('media.upload')).toHaveLength(1);
  expect(await ask('GET', `/api/materials/${id}`)).toMatchObject({ body: { uses: 2, file: { id: file.id } } });
  platform.fail('media.upload', 'rate_limited');
  const other = await makeMaterial(world.deps, {
    content: { kind: 'image', fileId: (await makeFile(world.deps)).id },
  });
  const busy = await http.ask('POST', `/api/materials/${other.id}/use`, { as: rep, body: { platform: 'wecom' } });
  expect(busy).toMatchObject({ status: 503, code: 'platform.busy' });
  expect(await ask('GET', `/api/materials/${other.id}`)).toMatchObject({ body: { uses: 0 } });
});

test('a file comes back byte for byte, pictures shown in place and nothing a browser would run', async () => {
  const picture = (await upload(png, 'kind=image&name=图.png', 'image/png')).body;
  expect(picture).toMatchObject({ kind: 'image', name: '图.png', type: 'image/png', size: png.length });
  const page = (await upload(Buffer.from('<script>alert(1)</script>'), 'kind=file&name=../a%0a.html', 'text/html'))
    .body;
  expect(page).toMatchObject({ name: 'a.html', type: 'text/html' });
  const read = async (id: string) => {
    const response = await fetch(`${http.url}/api/material-files/${id}`, {
      headers: { Cookie: `${SESSION_COOKIE}=${rep}` },
    });
    const header = (name: string) => response.headers.get(name);
    const headers = ['content-type', 'content-disposition', 'x-content-type-options', 'content-security-policy'].map(
      header,
    );
    return { bytes: Buffer.from(await response.arrayBuffer()), headers };
  };
  const shown = await read(picture.id);
  expect(shown.bytes.equals(png)).toBe(true);
  expect(shown.headers).toEqual([
    'image/png',
    `inline; filename="?.png"; filename*=UTF-8''%E5%9B%BE.png`,
    'nosniff',
    "default-src 'none'; frame-ancestors 'none'",
  ]);
  expect((await read(page.id)).headers.slice(0, 2)).toEqual([
    'application/octet-stream',
    'attachment; filename="a.html"',
  ]);
  expect(await ask('GET', `/api/material-files/${picture.id}/info`)).toMatchObject({ body: picture });
});

test('a file that no platform would take is refused with what is allowed, and not kept', async () => {
  const refused = async (bytes: Buffer, query: string, type: string) => {
    const { status, body } = await upload(bytes, `${query}&name=a`, type);
    const { code, detail } = body.error as { code: string; detail?: unknown };
    return [status, code, detail];
  };
  const types = ['image/jpeg', 'image/png'];
  expect(await refused(Buffer.alloc(0), 'kind=image', 'image/png')).toEqual([400, 'material.file_empty', undefined]);
  expect(await refused(png, 'kind=image', 'image/gif')).toEqual([422, 'material.file_type', { types }]);
  expect(await refused(mp4, 'kind=image', 'image/jpeg')).toEqual([422, 'material.file_type', { types }]);
  expect(await refused(png, 'kind=video', 'video/mp4')).toEqual([422, 'material.file_type', { types: ['video/mp4'] }]);
  expect(await refused(Buffer.concat([png, Buffer.alloc(10_000)]), 'kind=image', 'image/png')).toEqual([
    413,
    'material.file_too_large',
    { bytesMax: 10_000 },
  ]);
  expect(await world.deps.db.materialFile.count()).toBe(0);
  expect(await upload(mp4, 'kind=video&name=a.mp4', 'video/mp4')).toMatchObject({ status: 201 });
  expect((await ask('GET', '/api/material-limits')).body).toMatchObject({ image: { bytesMax: 10_000, types } });
});

test('a file of the largest size there is goes in and out', async () => {
  if (platform.media) platform.media.limits.file.bytesMax = 20 * 1024 * 1024;
  const bytes = Buffer.alloc(20 * 1024 * 1024, 'zhike');
  const { status, body } = await upload(bytes, 'kind=file&name=a.pdf', 'application/pdf');
  expect({ status, size: body.size }).toEqual({ status: 201, size: bytes.length });
  const response = await fetch(`${http.url}/api/material-files/${body.id}`, {
    headers: { Cookie: `${SESSION_COOKIE}=${as}` },
  });
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
});

test.each([
  ['an unknown variable', { kind: 'text', text: '{company}您好' }, 'body.content.text'],
  ['a file that is not there', { kind: 'image', fileId: '00000000-0000-4000-8000-000000000000' }, 'content.fileId'],
  ['a link to a script', { kind: 'link', title: 'a', url: 'javascript:alert(1)' }, 'body.content.url'],
  ['a title longer than platforms take', { kind: 'link', title: '长'.repeat(60), url: 'https://a.test' }, 'title'],
  ['a kind there is not', { kind: 'voice' }, 'body.content.kind'],
])('a material with %s is refused with its place', async (_, content, place) => {
  const answer = await ask('POST', '/api/materials', { title: '坏', content });
  expect(answer).toMatchObject({ status: 400, code: 'request.invalid' });
  expect(JSON.stringify(answer.body)).toContain(place);
  expect(await world.deps.db.material.count()).toBe(0);
});

test('everyone reads and uses materials, whoever keeps them changes them', async () => {
  const { id } = await made(text('报价'));
  const statuses: Record<string, number[]> = {};
  for (const role of roles) {
    const session = await openSession(world.deps, await makeMember(world.deps, { role }));
    const { status } = await http.ask('GET', `/api/materials/${id}`, { as: session });
    const { status: create } = await http.ask('POST', '/api/materials', { as: session, body: text('新的') });
    const { status: words } = await http.ask('PUT', '/api/settings/sensitive-words', {
      as: session,
      body: { forbidden: ['返现'] },
    });
    const { status: file } = await upload(png, 'kind=image&name=a', 'image/png', session);
    statuses[role] = [status, create, words, file];
  }
  expect(statuses).toEqual({
    rep: [200, 403, 403, 403],
    manager: [200, 201, 403, 201],
    director: [200, 201, 403, 201],
    marketing: [200, 201, 200, 201],
    admin: [200, 201, 200, 201],
  });
  const check = await http.ask('POST', '/api/materials/check-words', { as: rep, body: { text: '返现最佳' } });
  expect(check.body).toMatchObject({
    findings: [
      { word: '返现', level: 'forbid', at: 0 },
      { level: 'warn', at: 2 },
    ],
  });
});
