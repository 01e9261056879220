import { expect, test } from 'vitest';
import type { Role } from '#server/base/caller.ts';
import { makeContact, makeCustomer, makeDepartment, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);

test('a customer is made, read, edited, noted and looked up over HTTP', async () => {
  const { deps } = world;
  const as = await openSession(deps, await makeMember(deps, { name: '李雷' }));
  const body = { kind: 'organisation', name: ' 云帆科技 ', phone: '13800138000', regionCode: '330106' };
  const made = await http.ask('POST', '/api/customers', { as, body });
  expect(made).toMatchObject({ status: 201, body: { name: '云帆科技', phone: '138****8000', version: 1 } });
  const { id } = made.body as { id: string };

  const edited = await http.ask('PATCH', `/api/customers/${id}`, { as, body: { version: 1, grade: 'A' } });
  expect(edited).toMatchObject({ status: 200, body: { version: 2, grade: 'A', owner: { name: '李雷' } } });
  const stale = await http.ask('PATCH', `/api/customers/${id}`, { as, body: { version: 1, grade: 'B' } });
  expect(stale).toMatchObject({
    status: 409,
    code: 'customer.stale',
    body: { error: { detail: { version: 2, changes: [{ field: 'grade', after: 'A', by: '李雷' }] } } },
  });

  const noted = await http.ask('POST', `/api/customers/${id}/notes`, { as, body: { text: '周五前给报价' } });
  expect(noted).toMatchObject({ status: 201, body: { author: { name: '李雷' } } });
  const notes = await http.ask('GET', `/api/customers/${id}/notes`, { as });
  expect(notes.body).toMatchObject({ items: [{ text: '周五前给报价' }] });
  const history = await http.ask('GET', `/api/customers/${id}/history`, { as });
  expect(history.body).toMatchObject({ items: [{ field: 'grade' }, { field: 'created' }] });
  const revealed = await http.ask('POST', `/api/customers/${id}/phone/reveal`, { as, body: {} });
  expect(revealed.body).toEqual({ phone: '13800138000' });
  const listed = await http.ask('GET', '/api/customers?search=云帆&limit=1', { as });
  expect(listed.body).toMatchObject({ items: [{ id }], nextAfter: null });
  const regions = await http.ask('GET', '/api/regions?search=西湖', { as });
  expect(regions.body).toMatchObject({
    items: expect.arrayContaining([{ code: '330106', name: '浙江省杭州市西湖区' }]),
  });
  const industries = await http.ask('GET', '/api/industries', { as });
  expect((industries.body as { items: unknown[] }).items).toHaveLength(117);
});

test('fields of the record are an admin’s to define', async () => {
  const { deps } = world;
  const field = { label: '坐席数', labelEn: 'Seats', type: 'number', options: [], required: false, order: 1 };
  const put = async (role: Role) =>
    http.ask('PUT', '/api/customer-fields/seats', {
      as: await openSession(deps, await makeMember(deps, { role })),
      body: field,
    });
  expect(await put('manager')).toMatchObject({ status: 403, code: 'caller.role' });
  expect(await put('admin')).toMatchObject({ status: 200, body: { key: 'seats', label: '坐席数' } });
  const as = await openSession(deps, await makeMember(deps));
  expect((await http.ask('GET', '/api/customer-fields', { as })).body).toMatchObject({ items: [{ key: 'seats' }] });
});

test('a contact is bound, given a role, unbound and bound back over HTTP', async () => {
  const { deps } = world;
  const rep = await makeMember(deps);
  const as = await openSession(deps, rep);
  const contact = await makeContact(deps, { followedBy: [rep] });
  const body = { contactId: contact.id, customer: { kind: 'organisation', name: '云帆科技' }, role: 'user' };
  const made = await http.ask('POST', '/api/bindings/with-new-customer', { as, body });
  expect(made).toMatchObject({ status: 201, body: { role: 'user', customer: { name: '云帆科技' } } });
  const customerId = (made.body as { customer: { id: string } }).customer.id;
  const again = await http.ask('POST', '/api/bindings', { as, body: { contactId: contact.id, customerId } });
  expect(again).toMatchObject({ status: 409, code: 'binding.exists' });
  const path = `/api/bindings/${contact.id}/${customerId}`;
  expect(await http.ask('PATCH', path, { as, body: { role: 'buyer' } })).toMatchObject({ body: { role: 'buyer' } });
  const { changeId } = (await http.ask('DELETE', path, { as })).body as { changeId: string };
  expect(await http.ask('POST', `/api/bindings/history/${changeId}/undo`, { as, body: {} })).toMatchObject({
    status: 200,
    body: {},
  });
  const history = await http.ask('GET', `/api/bindings/history?contactId=${contact.id}`, { as });
  expect(history.body).toMatchObject({
    items: [
      { action: 'bound', role: 'buyer', canUndo: true },
      { action: 'unbound', canUndo: false },
      { action: 'role_changed', canUndo: false },
      { action: 'bound', role: 'user', canUndo: false },
    ],
  });
  const candidates = await http.ask('GET', `/api/bindings/candidates?contactId=${contact.id}&search=云帆`, { as });
  expect(candidates).toMatchObject({ status: 200, body: { items: [] } });
});

test('every role gets over every customer route what its scope shows, and 404 for the rest', async () => {
  const { deps } = world;
  const own = await makeDepartment(deps);
  const other = await makeDepartment(deps);
  const [me, mate, stranger] = [
    await makeMember(deps, { departments: [own] }),
    await makeMember(deps, { departments: [own] }),
    await makeMember(deps, { departments: [other] }),
  ];
  const owners = { mine: me, team: mate, elsewhere: stranger };
  const sees: Record<Role, (keyof typeof owners)[]> = {
    rep: ['mine'],
    manager: ['mine', 'team'],
    director: ['mine', 'team'],
    marketing: ['mine', 'team'],
    admin: ['mine', 'team', 'elsewhere'],
  };
  for (const [role, seen] of Object.entries(sees)) {
    await deps.db.member.update({ where: { id: me.id }, data: { role } });
    const as = await openSession(deps, me);
    for (const [whose, owner] of Object.entries(owners)) {
      const contact = await makeContact(deps, { followedBy: [owner] });
      const customer = await makeCustomer(deps, { owner, phone: '13800138000' });
      await deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
      const spare = await makeCustomer(deps, { owner });
      const calls: [string, string, unknown?][] = [
        ['GET', `/api/customers/${customer.id}`],
        ['PATCH', `/api/customers/${customer.id}`, { version: 1, grade: 'B' }],
        ['POST', `/api/customers/${customer.id}/phone/reveal`, {}],
        ['GET', `/api/customers/${customer.id}/history`],
        ['GET', `/api/customers/${customer.id}/notes`],
        ['POST', `/api/customers/${customer.id}/notes`, { text: '备注' }],
        ['GET', `/api/bindings/candidates?contactId=${contact.id}`],
        ['GET', `/api/bindings/history?contactId=${contact.id}`],
        ['PATCH', `/api/bindings/${contact.id}/${customer.id}`, { role: 'buyer' }],
        ['POST', '/api/bindings', { contactId: contact.id, customerId: spare.id }],
        ['DELETE', `/api/bindings/${contact.id}/${spare.id}`],
        [
          'POST',
          '/api/bindings/with-new-customer',
          { contactId: contact.id, customer: { kind: 'organisation', name: `新客户${contact.key}` } },
        ],
      ];
      const isSeen = (seen as string[]).includes(whose);
      for (const [method, path, body] of calls) {
        const { status, code } = await http.ask(method, path, { as, body });
        // Whoever sees the record and neither sells to the customer nor leads who does asks for the number first.
        const mustAsk = code === 'customer.reveal_needs_approval' && role === 'marketing' && whose === 'team';
        expect({ role, whose, method, path, isFound: status < 300 || mustAsk, status }).toMatchObject({
          isFound: isSeen,
          ...(isSeen ? {} : { status: 404 }),
        });
      }
      const listed = (await http.ask('GET', '/api/customers?limit=100', { as })).body as { items: { id: string }[] };
      expect(listed.items.some(({ id }) => id === customer.id)).toBe(isSeen);
      await deps.db.customer.deleteMany();
    }
  }
});
