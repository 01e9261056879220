import { describe, expect, test } from 'vitest';
import { createCustomer } from '#server/customer/create-customer.ts';
import { getCustomer, listChanges } from '#server/customer/customer-store.ts';
import { editCustomer } from '#server/customer/edit-customer.ts';
import { listCustomers } from '#server/customer/list-customers.ts';
import { revealPhone } from '#server/customer/reveal-phone.ts';
import { archiveField, saveField } from '#server/customer/save-field.ts';
import { viewCustomer } from '#server/customer/view-customer.ts';
import { viewChanges } from '#server/customer/view-change.ts';
import { callerOf, makeContact, makeCustomer, makeDepartment, makeMember } from '#tests/support/factories.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const refusal = (code: string, more: object = {}) => expect.objectContaining({ name: 'Refusal', code, ...more });
const query = { limit: 20 };

/** A team: a manager over a rep, and a rep of another department. */
async function makeTeam() {
  const { deps } = world;
  const sales = await makeDepartment(deps, { name: '销售一部' });
  const other = await makeDepartment(deps, { name: '销售二部' });
  const rep = await makeMember(deps, { name: '李雷', departments: [sales] });
  const manager = await makeMember(deps, { name: '韩梅', role: 'manager', departments: [sales] });
  const stranger = await makeMember(deps, { name: '外人', departments: [other] });
  return { rep, manager, stranger };
}

describe('a new customer', () => {
  test('belongs to who made it, keeps the phone encrypted and shows it masked', async () => {
    const { deps } = world;
    const { rep } = await makeTeam();
    const caller = await callerOf(deps, rep);
    const customer = await createCustomer(deps, caller, {
      kind: 'organisation',
      name: '上海云帆科技有限公司',
      phone: '138 0013 8000',
      regionCode: '310115',
      industryCode: 'I65',
    });
    expect(customer.phone).not.toContain('8000');
    expect(await viewCustomer(deps, customer)).toMatchObject({
      owner: { id: rep.id, name: '李雷' },
      stage: 'new',
      phone: '138****8000',
      regionName: '上海市浦东新区',
      industryName: '软件和信息技术服务业',
      version: 1,
    });
    const history = await viewChanges(deps, await listChanges(deps.db, customer.id));
    expect(history).toMatchObject([{ field: 'created', by: '李雷', after: '上海云帆科技有限公司' }]);
  });

  test('that exists already is refused, with the one that exists', async () => {
    const { deps } = world;
    const caller = await callerOf(deps, (await makeTeam()).rep);
    const first = await createCustomer(deps, caller, { kind: 'organisation', name: '云帆科技（上海）有限公司' });
    const again = createCustomer(deps, caller, { kind: 'organisation', name: '云帆科技(上海) 有限责任公司' });
    await expect(again).rejects.toEqual(
      refusal('customer.exists', { status: 409, detail: { id: first.id, name: '云帆科技（上海）有限公司' } }),
    );
  });

  test('of a colleague outside the scope is refused without telling which record it is', async () => {
    const { deps } = world;
    const { rep, stranger } = await makeTeam();
    await makeCustomer(deps, { name: '云帆科技有限公司', owner: stranger });
    const again = createCustomer(deps, await callerOf(deps, rep), { kind: 'organisation', name: '云帆科技有限公司' });
    await expect(again).rejects.toEqual(refusal('customer.exists', { detail: undefined }));
    await expect(again).rejects.toThrow('belongs to a colleague');
  });

  test('made by ten people at once is made once', async () => {
    const { deps } = world;
    const caller = await callerOf(deps, (await makeTeam()).rep);
    const made = await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        createCustomer(deps, caller, { kind: 'person', name: '王芳', phone: '13800138000' }),
      ),
    );
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(made.filter(({ status }) => status === 'rejected').map((each) => 'reason' in each && each.reason)).toEqual(
      Array.from({ length: 9 }, () => refusal('customer.exists')),
    );
    expect(await deps.db.customer.count()).toBe(1);
  });

  test('two persons of one name without a phone are two customers', async () => {
    const { deps } = world;
    const caller = await callerOf(deps, (await makeTeam()).rep);
    await createCustomer(deps, caller, { kind: 'person', name: '王芳' });
    await createCustomer(deps, caller, { kind: 'person', name: '王芳' });
    expect(await deps.db.customer.count()).toBe(2);
  });

  test('is given to members one can see and who still work here only', async () => {
    const { deps } = world;
    const { rep, manager, stranger } = await makeTeam();
    const admin = await callerOf(deps, await makeMember(deps, { role: 'admin' }));
    const gone = await makeMember(deps, { status: 'left' });
    const draft = { kind: 'organisation', name: '云帆科技' } as const;
    const outside = refusal('customer.owner_outside', { status: 422 });
    await expect(
      createCustomer(deps, await callerOf(deps, manager), { ...draft, ownerId: stranger.id }),
    ).rejects.toEqual(outside);
    await expect(createCustomer(deps, admin, { ...draft, ownerId: gone.id })).rejects.toEqual(outside);
    const given = await createCustomer(deps, await callerOf(deps, manager), { ...draft, ownerId: rep.id });
    expect(given.ownerId).toBe(rep.id);
  });
});

describe('an edit', () => {
  test('grows the version and says who changed what', async () => {
    const { deps } = world;
    const { rep } = await makeTeam();
    const caller = await callerOf(deps, rep);
    const { id } = await makeCustomer(deps, { name: '云帆科技', owner: rep, phone: '13800138000' });
    const saved = await editCustomer(deps, caller, id, {
      version: 1,
      name: '云帆科技有限公司',
      grade: 'A',
      phone: '13900139000',
      regionCode: '310115',
    });
    expect(saved).toMatchObject({ version: 2, grade: 'A', nameCore: '云帆科技' });
    const changes = await viewChanges(deps, await listChanges(deps.db, id));
    expect(changes.map(({ field, before, after, by }) => [field, before, after, by]).toReversed()).toEqual([
      ['name', '云帆科技', '云帆科技有限公司', '李雷'],
      ['regionCode', null, '上海市浦东新区', '李雷'],
      ['grade', null, 'A', '李雷'],
      ['phone', '138****8000', '139****9000', '李雷'],
    ]);
    expect(await revealPhone(deps, caller, id)).toBe('13900139000');
  });

  test('of a record that moved on is refused with what changed since, and by whom', async () => {
    const { deps } = world;
    const { rep, manager } = await makeTeam();
    const { id } = await makeCustomer(deps, { owner: rep });
    await editCustomer(deps, await callerOf(deps, manager), id, { version: 1, grade: 'B' });
    const late = editCustomer(deps, await callerOf(deps, rep), id, { version: 1, source: '展会' });
    await expect(late).rejects.toEqual(
      refusal('customer.stale', {
        status: 409,
        detail: {
          version: 2,
          changes: [expect.objectContaining({ field: 'grade', before: null, after: 'B', by: '韩梅', version: 2 })],
        },
      }),
    );
  });

  test('made by ten people at once on what they all saw is made by one', async () => {
    const { deps } = world;
    const { rep } = await makeTeam();
    const caller = await callerOf(deps, rep);
    const { id } = await makeCustomer(deps, { owner: rep });
    const edits = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => editCustomer(deps, caller, id, { version: 1, source: `渠道${i}` })),
    );
    expect(edits.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await getCustomer(deps.db, caller.scope, id)).toMatchObject({ version: 2 });
    expect(await listChanges(deps.db, id)).toHaveLength(1);
  });

  test('that changes nothing leaves version and history alone', async () => {
    const { deps } = world;
    const { rep } = await makeTeam();
    const { id, name } = await makeCustomer(deps, { owner: rep, phone: '13800138000' });
    const saved = await editCustomer(deps, await callerOf(deps, rep), id, {
      version: 1,
      name,
      phone: '+86 138 0013 8000',
    });
    expect(saved.version).toBe(1);
    expect(await listChanges(deps.db, id)).toEqual([]);
  });

  test('to the name of another customer is refused', async () => {
    const { deps } = world;
    const { rep } = await makeTeam();
    const one = await makeCustomer(deps, { name: '云帆科技有限公司', owner: rep });
    const two = await makeCustomer(deps, { name: '远航科技有限公司', owner: rep });
    const renamed = editCustomer(deps, await callerOf(deps, rep), two.id, { version: 1, name: '云帆科技' });
    await expect(renamed).rejects.toEqual(
      refusal('customer.exists', { detail: { id: one.id, name: '云帆科技有限公司' } }),
    );
  });

  test('tells the screens of the customer and of its contacts, and has the contacts scored anew', async () => {
    const { deps, jobs } = world;
    const { rep } = await makeTeam();
    const contact = await makeContact(deps, { followedBy: [rep] });
    const { id } = await makeCustomer(deps, { owner: rep });
    await deps.db.binding.create({ data: { contactId: contact.id, customerId: id, reasons: [] } });
    const told: unknown[] = [];
    const stop = deps.live.subscribe([`customer.${id}`, `contact.${contact.id}`], (event) => told.push(event));
    await editCustomer(deps, await callerOf(deps, rep), id, { version: 1, stage: 'quoted' });
    stop();
    expect(told).toHaveLength(2);
    expect(jobs.waiting).toMatchObject([{ name: 'score-contact', payload: { contactId: contact.id } }]);
  });
});

describe('who sees a customer', () => {
  test('its owner, those above, and who follows a contact bound to it; nobody else', async () => {
    const { deps } = world;
    const { rep, manager, stranger } = await makeTeam();
    const follower = await makeMember(deps, { name: '同事' });
    const contact = await makeContact(deps, { followedBy: [follower] });
    const { id } = await makeCustomer(deps, { owner: rep });
    await deps.db.binding.create({ data: { contactId: contact.id, customerId: id, reasons: [] } });
    for (const member of [rep, manager, follower]) {
      const caller = await callerOf(deps, member);
      expect((await getCustomer(deps.db, caller.scope, id)).id).toBe(id);
      expect((await listCustomers(deps, caller, query)).customers.map((each) => each.id)).toEqual([id]);
    }
    const outside = await callerOf(deps, stranger);
    const unknown = refusal('customer.unknown', { status: 404 });
    await expect(getCustomer(deps.db, outside.scope, id)).rejects.toEqual(unknown);
    await expect(editCustomer(deps, outside, id, { version: 1, grade: 'A' })).rejects.toEqual(unknown);
    await expect(revealPhone(deps, outside, id)).rejects.toEqual(unknown);
    expect((await listCustomers(deps, outside, query)).customers).toEqual([]);
  });

  test('not who has removed the contact', async () => {
    const { deps } = world;
    const { rep } = await makeTeam();
    const former = await makeMember(deps);
    const contact = await makeContact(deps);
    await deps.db.follow.create({
      data: { contactId: contact.id, memberId: former.id, state: 'removed_by_member', changedAt: deps.now() },
    });
    const { id } = await makeCustomer(deps, { owner: rep });
    await deps.db.binding.create({ data: { contactId: contact.id, customerId: id, reasons: [] } });
    const { scope } = await callerOf(deps, former);
    await expect(getCustomer(deps.db, scope, id)).rejects.toEqual(refusal('customer.unknown'));
  });

  test('every reading of a phone is in the audit log, without the phone', async () => {
    const { deps } = world;
    const { rep } = await makeTeam();
    const { id } = await makeCustomer(deps, { owner: rep, phone: '13800138000' });
    expect(await revealPhone(deps, await callerOf(deps, rep), id)).toBe('13800138000');
    const entries = await deps.db.auditEntry.findMany();
    expect(entries).toMatchObject([
      { memberId: rep.id, action: 'customer.phone.read', subject: `customer:${id}`, detail: {} },
    ]);
  });
});

describe('the list', () => {
  test('gives every customer once, page by page, last changed first', async () => {
    const { deps, clock } = world;
    const { rep } = await makeTeam();
    const caller = await callerOf(deps, rep);
    const made: string[] = [];
    for (let i = 0; i < 25; i++) {
      // Some share their moment: the id decides then.
      if (i % 3 === 0) clock.advance(1);
      made.push((await makeCustomer(deps, { owner: rep })).id);
    }
    const seen: { id: string; updatedAt: Date }[] = [];
    let after: string | undefined;
    do {
      const page = await listCustomers(deps, caller, { limit: 4, after });
      seen.push(...page.customers);
      after = page.nextAfter ?? undefined;
    } while (after);
    expect(seen.map(({ id }) => id).toSorted()).toEqual(made.toSorted());
    const times = seen.map(({ updatedAt }) => updatedAt.getTime());
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  test('is narrowed by name, whole phone, stage, grade and owner', async () => {
    const { deps } = world;
    const { rep, manager } = await makeTeam();
    const caller = await callerOf(deps, manager);
    const wanted = await makeCustomer(deps, {
      name: '100%云帆_科技',
      owner: rep,
      phone: '13800138000',
      stage: 'won',
      grade: 'A',
    });
    await makeCustomer(deps, { name: '100X云帆A科技', owner: manager });
    const found = async (narrowed: object) =>
      (await listCustomers(deps, caller, { ...query, ...narrowed })).customers.map(({ id }) => id);
    expect(await found({})).toHaveLength(2);
    for (const narrowed of [
      { search: '100%' },
      { search: '云帆_' },
      { search: '138-0013-8000' },
      { stage: 'won' },
      { grade: 'A' },
      { ownerId: rep.id },
    ])
      expect(await found(narrowed)).toEqual([wanted.id]);
    expect(await found({ search: '8000' })).toEqual([]);
  });

  test('refuses a cursor it did not give', async () => {
    const caller = await callerOf(world.deps, (await makeTeam()).rep);
    await expect(listCustomers(world.deps, caller, { ...query, after: 'nonsense' })).rejects.toEqual(
      refusal('customer.cursor', { status: 400 }),
    );
  });
});

describe('a field of the company’s own', () => {
  const seats = { key: 'seats', label: '坐席数', labelEn: null, type: 'number', options: [], required: true, order: 1 };

  test('is checked, kept, and shown in the history', async () => {
    const { deps } = world;
    const caller = await callerOf(deps, await makeMember(deps, { role: 'admin' }));
    await saveField(deps, caller, seats);
    const draft = { kind: 'organisation', name: '云帆科技' } as const;
    await expect(createCustomer(deps, caller, draft)).rejects.toThrow('坐席数 is required');
    const { id } = await createCustomer(deps, caller, { ...draft, custom: { seats: 20 } });
    const saved = await editCustomer(deps, caller, id, { version: 1, custom: { seats: 50 } });
    expect(saved.custom).toEqual({ seats: 50 });
    expect((await listChanges(deps.db, id, 1))[0]).toMatchObject({ field: 'custom.seats', before: 20, after: 50 });
  });

  test('keeps its type once customers carry values of it, and its values once it is out of use', async () => {
    const { deps } = world;
    const caller = await callerOf(deps, await makeMember(deps, { role: 'admin' }));
    await saveField(deps, caller, seats);
    await saveField(deps, caller, { ...seats, type: 'text' });
    await saveField(deps, caller, seats);
    const { id } = await createCustomer(deps, caller, { kind: 'person', name: '王芳', custom: { seats: 1 } });
    await expect(saveField(deps, caller, { ...seats, type: 'text' })).rejects.toEqual(
      refusal('customer_field.type', { status: 409 }),
    );
    await archiveField(deps, caller, 'seats');
    await expect(archiveField(deps, caller, 'seats')).rejects.toEqual(refusal('customer_field.unknown'));
    const { custom } = await editCustomer(deps, caller, id, { version: 1, grade: 'C' });
    expect(custom).toEqual({ seats: 1 });
  });

  test('that is a choice needs options, and only a choice has them', async () => {
    const { deps } = world;
    const caller = await callerOf(deps, await makeMember(deps, { role: 'admin' }));
    const options = refusal('customer_field.options', { status: 422 });
    await expect(saveField(deps, caller, { ...seats, type: 'choice' })).rejects.toEqual(options);
    await expect(saveField(deps, caller, { ...seats, options: ['一'] })).rejects.toEqual(options);
  });
});
