import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { withLock } from '#server/base/lock.ts';
import { saveMedia } from '#server/material/file-store.ts';
import type { MaterialContent, MessageContent } from '#server/material/material-api.ts';
import { contentHash } from '#server/material/message-content.ts';
import { renewMedia } from '#server/material/renew-media.ts';
import { resolveContent } from '#server/material/resolve-content.ts';
import { forgetMedia, toContactMessage } from '#server/material/to-contact-message.ts';
import { makeFile, makeMaterial } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const link = { kind: 'link', title: '新品', description: '', url: 'https://shop.test/1', pictureUrl: null } as const;
const broadcastTo = { platform, variables: ['member'] as const };

beforeEach(() => platform.reset());

const message = (text: string, ...attachments: MessageContent['attachments']): MessageContent => ({
  text,
  attachments,
});
const made = (content: MaterialContent) => ({ content });
const resolve = (content: MessageContent) => resolveContent(world.deps.db, content, broadcastTo);

test('what is approved is what is sent: a message keeps the material as it was, with the bytes of its file named', async () => {
  const file = await makeFile(world.deps, { name: '报价.png' });
  const material = await makeMaterial(world.deps, { content: { kind: 'image', fileId: file.id } });
  const { resolved, problems } = await resolve(message('{member}为您介绍', { materialId: material.id }, made(link)));
  expect(problems).toEqual([]);
  expect(resolved).toEqual({
    text: '{member}为您介绍',
    attachments: [
      {
        materialId: material.id,
        content: { kind: 'image', fileId: file.id },
        file: { id: file.id, kind: 'image', name: '报价.png', type: 'image/png', size: file.size, sha256: file.sha256 },
      },
      { materialId: null, content: link, file: null },
    ],
  });
  const other = await makeFile(world.deps);
  await world.deps.db.material.update({
    where: { id: material.id },
    data: { content: { kind: 'image', fileId: other.id } },
  });
  const { attachments } = await toContactMessage(world.deps, platform, resolved, {});
  expect(attachments[0]).toMatchObject({ kind: 'image' });
  expect([...(platform.media?.files.values() ?? [])]).toMatchObject([{ name: '报价.png', bytes: file.size }]);
});

test('two messages have one hash when contacts see the same, and two when anything differs', async () => {
  const bytes = Buffer.from('the same picture');
  const [one, same, other] = [
    await makeFile(world.deps, { bytes }),
    await makeFile(world.deps, { bytes }),
    await makeFile(world.deps),
  ];
  const material = await makeMaterial(world.deps, { content: { kind: 'image', fileId: same.id } });
  const hashOf = async (content: MessageContent) => contentHash((await resolve(content)).resolved);
  const hash = await hashOf(message('您好', made({ kind: 'image', fileId: one.id })));
  expect(await hashOf(message('您好', { materialId: material.id }))).toBe(hash);
  expect(await hashOf(message('您好', made({ kind: 'image', fileId: other.id })))).not.toBe(hash);
  expect(await hashOf(message('您好 ', made({ kind: 'image', fileId: one.id })))).not.toBe(hash);
  expect(await hashOf(message('您好', made(link)))).not.toBe(hash);
  expect(await hashOf(message('您好', made(link)))).toBe(await hashOf(message('您好', made({ ...link }))));
});

test('each thing wrong with a message is said at its place, and the rest of it is not lost', async () => {
  const picture = await makeFile(world.deps);
  const huge = await makeFile(world.deps, { bytes: Buffer.alloc(10_001) });
  const gif = await makeFile(world.deps, { type: 'image/gif' });
  const archived = await makeMaterial(world.deps, { title: '旧报价', archivedAt: world.deps.now() });
  const text = await makeMaterial(world.deps);
  const { resolved, problems } = await resolve(
    message(
      '{contact}您好，{company}',
      { materialId: randomUUID() },
      { materialId: archived.id },
      { materialId: text.id },
      made({ kind: 'video', fileId: picture.id }),
      made({ kind: 'image', fileId: huge.id }),
      made({ kind: 'image', fileId: gif.id }),
      made({ kind: 'image', fileId: randomUUID() }),
      made(link),
    ),
  );
  expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'text: {contact} stands for nothing here; there is {member}',
    'text: {company} stands for nothing here; there is {member}',
    'attachments.0.materialId: There is no such material.',
    'attachments.1.materialId: “旧报价” is archived.',
    'attachments.2.materialId: A text is no attachment: put it into the text.',
    'attachments.3.content.fileId: This file is of kind image; video is needed.',
    'attachments.4.content.fileId: A file of this kind has at most 10000 bytes there.',
    'attachments.5.content.fileId: A file of this kind is one of image/jpeg, image/png there.',
    'attachments.6.content.fileId: There is no such file: upload it again.',
  ]);
  expect(resolved.attachments).toEqual([{ materialId: null, content: link, file: null }]);
});

test('a message that says nothing is refused, and one longer than the platform takes', async () => {
  expect((await resolve(message('  '))).problems).toMatchObject([{ path: 'text' }]);
  const short = { ...broadcastTo, textBytesMax: 5 };
  expect((await resolveContent(world.deps.db, message('您好'), short)).problems).toMatchObject([{ path: 'text' }]);
});

test('names are put in where they are known, and nothing in a name is taken for a variable', async () => {
  const { resolved } = await resolveContent(world.deps.db, message('{contact}您好，{member}，{0}'), {
    platform,
    variables: ['member', 'contact'],
  });
  const sent = await toContactMessage(world.deps, platform, resolved, { member: '$&{contact}', contact: '陈女士' });
  expect(sent).toEqual({ text: '陈女士您好，$&{contact}，{0}', attachments: [] });
});

test('a file goes to the platform once however many messages need it at once, and again before its days end', async () => {
  const file = await makeFile(world.deps);
  const { resolved } = await resolve(message('', made({ kind: 'image', fileId: file.id })));
  const send = () => toContactMessage(world.deps, platform, resolved, {});
  const release = platform.hold('media.upload');
  const many = Array.from({ length: 20 }, send);
  release();
  const keys = (await Promise.all(many)).map(({ attachments }) => attachments[0]);
  expect(new Set(keys.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(platform.called('media.upload')).toHaveLength(1);

  world.clock.advance(2.5 * DAY_MS);
  await send();
  expect(platform.called('media.upload')).toHaveLength(1);
  world.clock.advance(0.3 * DAY_MS);
  await send();
  await send();
  expect(platform.called('media.upload')).toHaveLength(2);
});

test('while another process uploads a file, this one waits for its key', async () => {
  const file = await makeFile(world.deps);
  const { pool, db } = world.deps;
  const uploading = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const other = withLock(pool, `media:wecom:${file.id}`, async () => {
    started.resolve();
    await uploading.promise;
    const expiresAt = new Date(world.deps.now().getTime() + 3 * DAY_MS);
    await saveMedia(db, { fileId: file.id, platform: 'wecom', key: 'theirs', expiresAt });
  });
  await started.promise;
  const key = renewMedia(world.deps, platform, file.id);
  uploading.resolve();
  expect(await key).toBe('theirs');
  await other;
  expect(platform.called('media.upload')).toHaveLength(0);
});

test('a file the platform lost before its days ended is uploaded anew', async () => {
  const file = await makeFile(world.deps);
  const { resolved } = await resolve(message('', made({ kind: 'image', fileId: file.id })));
  await toContactMessage(world.deps, platform, resolved, {});
  platform.media?.files.clear();
  await forgetMedia(world.deps, platform, resolved);
  await toContactMessage(world.deps, platform, resolved, {});
  expect(platform.called('media.upload')).toHaveLength(2);
});

test('an upload that goes wrong is told as the platform told it, to all who waited, and the next one tries again', async () => {
  const file = await makeFile(world.deps);
  const { resolved } = await resolve(message('', made({ kind: 'image', fileId: file.id })));
  platform.fail('media.upload', 'rate_limited', { retryAfterMs: 1000 });
  const release = platform.hold('media.upload');
  const many = Array.from({ length: 3 }, () => toContactMessage(world.deps, platform, resolved, {}));
  release();
  for (const { reason } of (await Promise.allSettled(many)) as PromiseRejectedResult[])
    expect(reason).toMatchObject({ kind: 'rate_limited', retryAfterMs: 1000 });
  expect(platform.called('media.upload')).toHaveLength(1);
  await toContactMessage(world.deps, platform, resolved, {});
  expect(platform.called('media.upload')).toHaveLength(2);
});

const DAY_MS = 86_400_000;
