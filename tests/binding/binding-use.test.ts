import { describe, expect, test } from 'vitest';
import type { Contact, Customer, Member } from '#prisma/client/client.ts';
import { bindContact, createAndBind } from '#server/binding/bind-contact.ts';
import { changeRole } from '#server/binding/change-role.ts';
import { findCandidates } from '#server/binding/find-candidates.ts';
import { proposeBinding } from '#server/binding/propose-binding.ts';
import { unbindContact } from '#server/binding/unbind-contact.ts';
import { undoBinding } from '#server/binding/undo-binding.ts';
import { viewBindings, viewHistory } from '#server/binding/view-binding.ts';
import { callerOf, makeContact, makeCustomer, makeFollow, makeMember } from '#tests/support/factories.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const refusal = (code: string, more: object = {}) => expect.objectContaining({ name: 'Refusal', code, ...more });

/** A rep who follows a contact and owns a customer. */
async function makePair() {
  const { deps } = world;
  const rep = await makeMember(deps, { name: '李雷' });
  const contact = await makeContact(deps, { name: '王芳', followedBy: [rep] });
  const customer = await makeCustomer(deps, { name: '上海云帆科技有限公司', owner: rep });
  const caller = await callerOf(deps, rep);
  return { rep, caller, contact, customer, pair: { contactId: contact.id, customerId: customer.id } };
}

const boundTo = async (contact: Contact) =>
  (await world.deps.db.binding.findMany({ where: { contactId: contact.id }, orderBy: { madeAt: 'asc' } })).map(
    ({ customerId, role, madeBy }) => ({ customerId, role, madeBy }),
  );

describe('a member binds', () => {
  test('a contact to a customer; the binding says by whom, what spoke for it, and is told and scored', async () => {
    const { deps, jobs } = world;
    const { caller, contact, customer, pair } = await makePair();
    await deps.db.follow.updateMany({ data: { remark: '云帆科技-王总' } });
    const told: unknown[] = [];
    const stop = deps.live.subscribe([`customer.${customer.id}`, `contact.${contact.id}`], (event) => told.push(event));
    await bindContact(deps, caller, { ...pair, role: 'decision_maker' });
    stop();
    expect(await viewBindings(deps, caller, contact.id)).toMatchObject([
      {
        customer: { id: customer.id, name: '上海云帆科技有限公司' },
        role: 'decision_maker',
        madeBy: '李雷',
        reasons: [{ rule: 'remark' }, { rule: 'same_follower' }, { rule: 'by_hand', points: 0 }],
      },
    ]);
    expect(told).toHaveLength(2);
    expect(jobs.waiting).toMatchObject([
      { name: 'score-contact', payload: { contactId: contact.id } },
      { name: 'note-source' },
    ]);
  });

  test('the same two once, however often they press', async () => {
    const { deps } = world;
    const { caller, contact, pair } = await makePair();
    const pressed = await Promise.allSettled(
      Array.from({ length: 8 }, () => bindContact(deps, caller, { ...pair, role: 'other' })),
    );
    expect(pressed.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(pressed.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))).toEqual(
      Array.from({ length: 7 }, () => refusal('binding.exists', { status: 409 })),
    );
    expect(await viewHistory(deps, caller, contact.id)).toHaveLength(1);
  });

  test('a contact to two customers, and a customer to two contacts', async () => {
    const { deps } = world;
    const { rep, caller, contact, customer, pair } = await makePair();
    const second = await makeCustomer(deps, { owner: rep });
    const colleague = await makeContact(deps, { followedBy: [rep] });
    await bindContact(deps, caller, { ...pair, role: 'buyer' });
    await bindContact(deps, caller, { contactId: contact.id, customerId: second.id, role: 'user' });
    await bindContact(deps, caller, { contactId: colleague.id, customerId: customer.id, role: 'influencer' });
    expect(await boundTo(contact)).toHaveLength(2);
    expect(await boundTo(colleague)).toHaveLength(1);
  });

  test('only contacts and customers they can see', async () => {
    const { deps } = world;
    const { caller, contact, customer } = await makePair();
    const other = await makePairOf(await makeMember(deps));
    await expect(
      bindContact(deps, caller, { contactId: other.contact.id, customerId: customer.id, role: 'other' }),
    ).rejects.toEqual(refusal('contact.unknown', { status: 404 }));
    await expect(
      bindContact(deps, caller, { contactId: contact.id, customerId: other.customer.id, role: 'other' }),
    ).rejects.toEqual(refusal('customer.unknown', { status: 404 }));
    expect(await deps.db.binding.count()).toBe(0);
  });

  test('a new customer with the contact, both or neither', async () => {
    const { deps } = world;
    const { caller, contact } = await makePair();
    const draft = { kind: 'organisation', name: '远航物流有限公司' } as const;
    const request = { contactId: contact.id, customer: draft, role: 'decision_maker' } as const;
    const id = await createAndBind(deps, caller, request);
    expect(await boundTo(contact)).toMatchObject([{ customerId: id, role: 'decision_maker' }]);
    await expect(createAndBind(deps, caller, request)).rejects.toEqual(
      refusal('customer.exists', { detail: { id, name: '远航物流有限公司' } }),
    );
    const stranger = await makeContact(deps);
    await expect(
      createAndBind(deps, caller, { ...request, contactId: stranger.id, customer: { ...draft, name: '宏图电子' } }),
    ).rejects.toEqual(refusal('contact.unknown'));
    expect(await deps.db.customer.count({ where: { name: '宏图电子' } })).toBe(0);
  });
});

async function makePairOf(member: Member): Promise<{ contact: Contact; customer: Customer }> {
  const { deps } = world;
  return {
    contact: await makeContact(deps, { followedBy: [member] }),
    customer: await makeCustomer(deps, { owner: member }),
  };
}

describe('candidates', () => {
  test('are found by phone, company and remark, best first, with what speaks for each', async () => {
    const { deps } = world;
    const rep = await makeMember(deps, { name: '李雷' });
    const contact = await makeContact(deps, { corpName: '云帆科技' });
    await makeFollow(deps, contact, rep, { remark: '宏图电子王总', phones: ['138 0013 8000'] });
    const byPhone = await makeCustomer(deps, { name: '远航物流', phone: '+86 13800138000', owner: rep });
    const byCorp = await makeCustomer(deps, { name: '上海云帆科技股份有限公司', owner: rep });
    const byRemark = await makeCustomer(deps, { name: '深圳宏图电子有限公司', owner: rep });
    await makeCustomer(deps, { name: '无关的公司', owner: rep });
    const found = await findCandidates(deps, await callerOf(deps, rep), contact.id);
    expect(
      found.map(({ customer, points, reasons }) => [customer.id, points, reasons.map(({ rule }) => rule)]),
    ).toEqual([
      [byPhone.id, 60, ['phone', 'same_follower']],
      [byCorp.id, 35, ['corp_name_alike', 'same_follower']],
      [byRemark.id, 30, ['remark', 'same_follower']],
    ]);
  });

  test('are customers the caller can see and the contact is not bound to yet', async () => {
    const { deps } = world;
    const { caller, contact, pair } = await makePair();
    await deps.db.follow.updateMany({ data: { remarkCorpName: '云帆科技' } });
    await makeCustomer(deps, { name: '云帆科技股份有限公司', owner: await makeMember(deps) });
    const ids = async () => (await findCandidates(deps, caller, contact.id)).map(({ customer }) => customer.id);
    expect(await ids()).toEqual([pair.customerId]);
    await bindContact(deps, caller, { ...pair, role: 'other' });
    expect(await ids()).toEqual([]);
  });

  test('of a search are what it finds, whether anything speaks for them or not', async () => {
    const { deps } = world;
    const { caller, contact, customer } = await makePair();
    const found = await findCandidates(deps, caller, contact.id, '云帆');
    expect(found).toMatchObject([{ customer: { id: customer.id }, points: 10 }]);
    expect(await findCandidates(deps, caller, contact.id, '远航')).toEqual([]);
  });

  test('rest on what the caller’s own people wrote down, not on a colleague’s notes', async () => {
    const { deps } = world;
    const { contact } = await makePair();
    const colleague = await makeMember(deps);
    const notes = { remark: '远航物流王总，回扣三点', remarkCorpName: '远航物流' };
    await makeFollow(deps, contact, colleague, { ...notes, phones: ['13800138000'] });
    const rep = await makeMember(deps);
    await makeFollow(deps, contact, rep);
    await makeCustomer(deps, { name: '远航物流有限公司', owner: rep, phone: '13800138000' });
    expect(await findCandidates(deps, await callerOf(deps, rep), contact.id)).toEqual([]);
    const all = await findCandidates(deps, await callerOf(deps, await makeMember(deps, { role: 'admin' })), contact.id);
    expect(all).toMatchObject([{ reasons: [{ rule: 'phone' }, { rule: 'corp_name' }, { rule: 'remark' }, {}] }]);
    expect(JSON.stringify(all)).not.toContain('回扣');
  });

  test('of a contact outside the scope are not told', async () => {
    const { deps } = world;
    const { contact } = await makePair();
    const caller = await callerOf(deps, await makeMember(deps));
    await expect(findCandidates(deps, caller, contact.id)).rejects.toEqual(refusal('contact.unknown'));
  });
});

describe('a rule binds by itself', () => {
  test('when the phone in the owner’s remark is the customer’s', async () => {
    const { deps, jobs } = world;
    const rep = await makeMember(deps);
    const contact = await makeContact(deps);
    await makeFollow(deps, contact, rep, { phones: ['13800138000'] });
    const { id } = await makeCustomer(deps, { owner: rep, phone: '13800138000' });
    await proposeBinding(deps, contact.id);
    await proposeBinding(deps, contact.id);
    expect(await boundTo(contact)).toEqual([{ customerId: id, role: 'other', madeBy: null }]);
    expect(await viewHistory(deps, await callerOf(deps, rep), contact.id)).toMatchObject([
      { action: 'bound', by: null, canUndo: true },
    ]);
    expect(jobs.waiting.map(({ name }) => name)).toEqual(['score-contact', 'note-source']);
  });

  test('when the same person is bound on another messenger, whoever owns the customer', async () => {
    const { deps } = world;
    const { customer } = await makePair();
    const known = await makeContact(deps, { unionKey: 'u1', platform: 'dingtalk' });
    await deps.db.binding.create({ data: { contactId: known.id, customerId: customer.id, reasons: [] } });
    const contact = await makeContact(deps, { unionKey: 'u1', followedBy: [await makeMember(deps)] });
    await proposeBinding(deps, contact.id);
    expect(await boundTo(contact)).toMatchObject([{ customerId: customer.id, madeBy: null }]);
  });

  test('not when two customers are certain', async () => {
    const { deps } = world;
    const rep = await makeMember(deps);
    const contact = await makeContact(deps);
    await makeFollow(deps, contact, rep, { phones: ['13800138000', '13900139000'] });
    await makeCustomer(deps, { owner: rep, phone: '13800138000' });
    await makeCustomer(deps, { owner: rep, phone: '13900139000' });
    await proposeBinding(deps, contact.id);
    expect(await boundTo(contact)).toEqual([]);
  });

  test('not on a name alone', async () => {
    const { deps } = world;
    const { contact } = await makePair();
    await deps.db.follow.updateMany({ data: { remarkCorpName: '上海云帆科技有限公司' } });
    await proposeBinding(deps, contact.id);
    expect(await boundTo(contact)).toEqual([]);
  });

  test('not by typing the phone of a colleague’s customer, which would open that record', async () => {
    const { deps } = world;
    const contact = await makeContact(deps);
    await makeFollow(deps, contact, await makeMember(deps), { phones: ['13800138000'] });
    await makeCustomer(deps, { owner: await makeMember(deps), phone: '13800138000' });
    await proposeBinding(deps, contact.id);
    expect(await boundTo(contact)).toEqual([]);
  });

  test('not again what a person took apart', async () => {
    const { deps } = world;
    const rep = await makeMember(deps);
    const contact = await makeContact(deps);
    await makeFollow(deps, contact, rep, { phones: ['13800138000'] });
    const { id } = await makeCustomer(deps, { owner: rep, phone: '13800138000' });
    await proposeBinding(deps, contact.id);
    await unbindContact(deps, await callerOf(deps, rep), { contactId: contact.id, customerId: id });
    await proposeBinding(deps, contact.id);
    expect(await boundTo(contact)).toEqual([]);
  });

  test('once, when two events of one contact are handled together', async () => {
    const { deps } = world;
    const rep = await makeMember(deps);
    const contact = await makeContact(deps);
    await makeFollow(deps, contact, rep, { phones: ['13800138000'] });
    await makeCustomer(deps, { owner: rep, phone: '13800138000' });
    await Promise.all(Array.from({ length: 5 }, () => proposeBinding(deps, contact.id)));
    expect(await boundTo(contact)).toHaveLength(1);
    expect(await deps.db.bindingChange.count()).toBe(1);
  });
});

describe('what was done is taken back', () => {
  const lastChange = async (contactId: string) =>
    (await world.deps.db.bindingChange.findFirstOrThrow({ where: { contactId }, orderBy: { id: 'desc' } })).id;

  test('a binding is unbound', async () => {
    const { deps } = world;
    const { caller, contact, pair } = await makePair();
    await bindContact(deps, caller, { ...pair, role: 'buyer' });
    await undoBinding(deps, caller, await lastChange(contact.id));
    expect(await boundTo(contact)).toEqual([]);
  });

  test('an unbinding is bound again as it was', async () => {
    const { deps } = world;
    const { caller, contact, pair, rep } = await makePair();
    await bindContact(deps, caller, { ...pair, role: 'buyer' });
    const before = await viewBindings(deps, caller, contact.id);
    await undoBinding(deps, caller, await unbindContact(deps, caller, pair));
    expect(await boundTo(contact)).toEqual([{ customerId: pair.customerId, role: 'buyer', madeBy: rep.id }]);
    expect((await viewBindings(deps, caller, contact.id))[0]?.reasons).toEqual(before[0]?.reasons);
  });

  test('a role becomes the old one', async () => {
    const { deps } = world;
    const { caller, contact, pair } = await makePair();
    await bindContact(deps, caller, { ...pair, role: 'user' });
    await changeRole(deps, caller, { ...pair, role: 'decision_maker' });
    await undoBinding(deps, caller, await lastChange(contact.id));
    expect(await boundTo(contact)).toMatchObject([{ role: 'user' }]);
  });

  test('once only', async () => {
    const { deps } = world;
    const { caller, contact, pair } = await makePair();
    await bindContact(deps, caller, { ...pair, role: 'user' });
    const id = await lastChange(contact.id);
    const undone = await Promise.allSettled(Array.from({ length: 5 }, () => undoBinding(deps, caller, id)));
    expect(undone.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(undoBinding(deps, caller, id)).rejects.toEqual(refusal('binding.undone_already', { status: 409 }));
    expect(await boundTo(contact)).toEqual([]);
  });

  test('not when it was overtaken', async () => {
    const { deps } = world;
    const { caller, contact, pair } = await makePair();
    await bindContact(deps, caller, { ...pair, role: 'user' });
    const bound = await lastChange(contact.id);
    await changeRole(deps, caller, { ...pair, role: 'buyer' });
    await expect(undoBinding(deps, caller, bound)).rejects.toEqual(refusal('binding.overtaken', { status: 409 }));
    expect(await viewHistory(deps, caller, contact.id)).toMatchObject([
      { action: 'role_changed', role: 'buyer', canUndo: true, by: '李雷', customerName: '上海云帆科技有限公司' },
      { action: 'bound', role: 'user', canUndo: false },
    ]);
  });

  test('also when unbinding put the customer out of one’s own sight, and by nobody else', async () => {
    const { deps } = world;
    const follower = await makeMember(deps);
    const { contact, pair, caller: owner } = await makePair();
    await makeFollow(deps, contact, follower);
    await bindContact(deps, owner, { ...pair, role: 'user' });
    const caller = await callerOf(deps, follower);
    const id = await unbindContact(deps, caller, pair);
    const third = await makeMember(deps);
    await makeFollow(deps, contact, third);
    const outsider = await callerOf(deps, third);
    const stranger = await callerOf(deps, await makeMember(deps));
    for (const someone of [outsider, stranger])
      await expect(undoBinding(deps, someone, id)).rejects.toEqual(refusal('binding.change_unknown', { status: 404 }));
    expect(await viewHistory(deps, outsider, contact.id)).toEqual([]);
    await undoBinding(deps, caller, id);
    expect(await boundTo(contact)).toHaveLength(1);
  });

  test('a role change to the same role is no change', async () => {
    const { deps } = world;
    const { caller, contact, pair } = await makePair();
    await bindContact(deps, caller, { ...pair, role: 'user' });
    await changeRole(deps, caller, { ...pair, role: 'user' });
    expect(await viewHistory(deps, caller, contact.id)).toHaveLength(1);
  });

  test('what is not bound can be neither unbound nor given a role', async () => {
    const { deps } = world;
    const { caller, pair } = await makePair();
    const unknown = refusal('binding.unknown', { status: 404 });
    await expect(unbindContact(deps, caller, pair)).rejects.toEqual(unknown);
    await expect(changeRole(deps, caller, { ...pair, role: 'user' })).rejects.toEqual(unknown);
  });
});
