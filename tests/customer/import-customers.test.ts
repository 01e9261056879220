import { expect, test } from 'vitest';
import { importCustomers } from '#server/customer/import-customers.ts';
import { saveField } from '#server/customer/save-field.ts';
import { callerOf, makeCustomer, makeDepartment, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);
const refusal = (code: string) => expect.objectContaining({ name: 'Refusal', code });

async function makeAdmin() {
  const { deps } = world;
  return callerOf(deps, await makeMember(deps, { name: '管理员', role: 'admin' }));
}

test('each line is taken by itself: made, there already, or refused with the reason', async () => {
  const { deps } = world;
  const admin = await makeAdmin();
  const rep = await makeMember(deps, { name: '李雷' });
  await makeMember(deps, { name: '韩梅' });
  await makeMember(deps, { name: '韩梅' });
  const there = await makeCustomer(deps, { name: '远航物流有限公司', owner: rep });
  const seats = {
    key: 'seats',
    label: '坐席数',
    labelEn: null,
    type: 'number',
    options: [],
    required: false,
    order: 1,
  };
  await saveField(deps, admin, seats);
  const table = `名称,类型,电话,地区,行业,等级,阶段,负责人,坐席数,邮编
上海云帆科技有限公司,企业,021-6888 8888,上海市浦东新区,软件和信息技术服务业,a级,已报价,李雷,"1,200",200000
远航物流,,,,,,,,,
上海云帆科技,,,,,,,,,
王芳,个人,13800138000,杭州,,,,,,
无电话,个人,,,,,,,,
宏图电子,,,火星,,,,,,
宏图电子,,,,,,,韩梅,,
宏图电子,,abc,,,,,,,
宏图电子,,,,,E,,,,
宏图电子,,,,,,,,很多,`;
  const result = await importCustomers(deps, admin, Buffer.from(table));
  expect(result).toMatchObject({ created: 2, exists: 2, refused: 6, unknownColumns: ['邮编'] });
  expect(result.rows.map(({ line, name, result: what, code }) => [line, name, what, code])).toEqual([
    [2, '上海云帆科技有限公司', 'created', null],
    [3, '远航物流', 'exists', null],
    [4, '上海云帆科技', 'exists', null],
    [5, '王芳', 'created', null],
    [6, '无电话', 'refused', 'import.person_phone'],
    [7, '宏图电子', 'refused', 'customer.region'],
    [8, '宏图电子', 'refused', 'customer.owner_outside'],
    [9, '宏图电子', 'refused', 'request.invalid'],
    [10, '宏图电子', 'refused', 'request.invalid'],
    [11, '宏图电子', 'refused', 'customer.custom'],
  ]);
  expect(result.rows[1]?.customerId).toBe(there.id);
  expect(await deps.db.customer.findUnique({ where: { sameAs: 'org:上海云帆科技' } })).toMatchObject({
    regionCode: '310115',
    industryCode: 'I65',
    grade: 'A',
    stage: 'quoted',
    ownerId: rep.id,
    custom: { seats: 1200 },
  });
  expect(await deps.db.customerChange.count({ where: { field: 'created' } })).toBe(2);
});

test('taken in twice, a table changes nothing the second time', async () => {
  const { deps } = world;
  const admin = await makeAdmin();
  const table = Buffer.from('名称\n云帆科技\n远航物流\n');
  expect(await importCustomers(deps, admin, table)).toMatchObject({ created: 2, exists: 0 });
  const before = await deps.db.customer.findMany({ orderBy: { id: 'asc' } });
  expect(await importCustomers(deps, admin, table)).toMatchObject({ created: 0, exists: 2 });
  expect(await deps.db.customer.findMany({ orderBy: { id: 'asc' } })).toEqual(before);
});

test('a record of another department is said to exist, and not which it is', async () => {
  const { deps } = world;
  const [here, there] = [await makeDepartment(deps), await makeDepartment(deps)];
  const manager = await makeMember(deps, { role: 'manager', departments: [here] });
  await makeCustomer(deps, { name: '云帆科技', owner: await makeMember(deps, { departments: [there] }) });
  const result = await importCustomers(deps, await callerOf(deps, manager), Buffer.from('名称\n云帆科技'));
  expect(result.rows).toEqual([
    { line: 2, name: '云帆科技', result: 'exists', customerId: null, code: null, message: null },
  ]);
});

test('five thousand rows are taken, one more is refused before anything is made', async () => {
  const { deps } = world;
  const admin = await makeAdmin();
  const rows = (count: number) =>
    Buffer.from(`名称\n${Array.from({ length: count }, (_, i) => `客户${i}`).join('\n')}`);
  await expect(importCustomers(deps, admin, rows(5001))).rejects.toEqual(refusal('import.too_many'));
  expect(await deps.db.customer.count()).toBe(0);
  expect(await importCustomers(deps, admin, rows(5000))).toMatchObject({ created: 5000 });
});

test('a table that cannot be read is refused whole, with what to do', async () => {
  const admin = await makeAdmin();
  const taking = (bytes: Uint8Array) => importCustomers(world.deps, admin, bytes);
  await expect(taking(Buffer.from('电话\n13800138000'))).rejects.toEqual(refusal('import.heading'));
  await expect(taking(Buffer.from(''))).rejects.toEqual(refusal('import.heading'));
  await expect(taking(Buffer.from('名称\n"云帆'))).rejects.toEqual(refusal('import.csv'));
  await expect(taking(Buffer.from('ffff', 'hex'))).rejects.toEqual(refusal('import.encoding'));
});

test('over HTTP the body is the file as it is, and reps may not', async () => {
  const { deps } = world;
  // 名称,电话 ⏎ 云帆科技,13800138000 in GBK
  const file = Buffer.concat([
    Buffer.from('c3fbb3c62cb5e7bbb00a', 'hex'),
    Buffer.from('d4c6b7abbfc6bcbc', 'hex'),
    Buffer.from(',13800138000\n'),
  ]);
  const send = async (role: 'admin' | 'rep') => {
    const token = await openSession(deps, await makeMember(deps, { role }));
    return fetch(`${http.url}/api/customers/import`, {
      method: 'POST',
      headers: { Cookie: `zhike_session=${token}`, Origin: deps.config.PUBLIC_URL, 'Content-Type': 'text/csv' },
      body: file,
    });
  };
  expect((await send('rep')).status).toBe(403);
  const answer = await send('admin');
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ created: 1, rows: [{ line: 2, name: '云帆科技' }] });
});
