import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { MediaStore } from '#server/platform/media.ts';
import { fixture } from '#tests/bot/wecom-double.ts';
import { makeWecomWorld, type WecomWorld } from '#tests/bot/wecom-world.ts';

let world: WecomWorld;
let media: MediaStore;
beforeAll(async () => {
  world = await makeWecomWorld();
  if (!world.platform.media) throw new Error('WeCom keeps files.');
  media = world.platform.media;
});
afterEach(() => world.double.asUsual());
afterAll(() => world.double.close());

const picture = { kind: 'image', name: '海报.png', type: 'image/png', bytes: Buffer.from('0123456789') } as const;

test('a file goes as a form that says how long it is, and is kept three days from when WeCom has it', async () => {
  world.double.answer('media/upload', fixture('media-upload'));
  expect(await media.upload(picture)).toEqual({
    key: '1G6nrLmr5EC3MMb_-zK1dDdzmd0p7cNliYu9V5w7o8K0',
    expiresAt: new Date('2023-11-17T22:13:20Z'),
  });
  const call = world.double.calls.at(-1);
  expect(call?.query['type']).toBe('image');
  expect(call?.headers).toMatchObject({
    'content-type': expect.stringMatching(/^multipart\/form-data; boundary=/),
    'content-length': expect.stringMatching(/^\d+$/),
  });
  expect(call?.body['form']).toContain(
    'name="media"; filename="海报.png"\r\nContent-Type: image/png\r\n\r\n0123456789\r\n',
  );
});

test('a file whose time is not told is kept three days from now', async () => {
  world.double.answer('media/upload', { ...fixture('media-upload'), created_at: '' });
  expect((await media.upload(picture)).expiresAt).toEqual(new Date(world.tools.clock.now.getTime() + 3 * 86_400_000));
});

test('a name cannot end the form it stands in', async () => {
  world.double.answer('media/upload', fixture('media-upload'));
  await media.upload({
    ...picture,
    name: 'a"\r\n--x\r\nContent-Disposition: form-data; name="media"; filename="b.png',
  });
  const form = String(world.double.calls.at(-1)?.body['form']);
  expect(form.match(/Content-Disposition/g)).toHaveLength(2);
  expect(form.match(/^Content-Disposition/gm)).toHaveLength(1);
});

test('no answer to an upload is no worry: it is sent again', async () => {
  world.double.silent.add('media/upload');
  await expect(media.upload(picture)).rejects.toMatchObject({ kind: 'unavailable' });
});

test.each([
  ['too small', { bytes: Buffer.alloc(5) }, 'empty'],
  ['too large', { bytes: Buffer.alloc(10 * 1024 * 1024 + 1) }, 'too_large'],
  ['of another type', { type: 'image/gif' }, 'wrong_type'],
])('a picture that is %s is refused before it is sent', async (_, wrong, code) => {
  const before = world.double.calls.length;
  await expect(media.upload({ ...picture, ...wrong })).rejects.toMatchObject({ kind: 'rejected', code });
  expect(world.double.calls.length).toBe(before);
});
