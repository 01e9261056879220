import type { Contact, Customer, Member } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import { decideApproval } from '#server/approval/decide-approval.ts';
import { createHandover } from '#server/handover/create-handover.ts';
import type { Handover, ItemKind } from '#server/handover/handover.ts';
import { itemKinds, type PlanRule } from '#server/handover/handover-api.ts';
import { findHandover, listItems } from '#server/handover/handover-store.ts';
import { submitHandover } from '#server/handover/submit-handover.ts';
import { callerOf, makeContact, makeCustomer, makeDepartment, makeMember } from '#tests/support/factories.ts';
import type { FakePlatform } from '#tests/support/fake-platform.ts';
import type { World } from '#tests/support/world.ts';

export interface Company {
  director: Member;
  manager: Member;
  giver: Member;
  taker: Member;
  second: Member;
  /** Of another department. */
  stranger: Member;
}

/** A director above a manager above three reps, all with an account on the platform, and a rep of another department. */
export async function makeCompany({ deps }: World, platform: FakePlatform): Promise<Company> {
  const all = await makeDepartment(deps, { name: '销售' });
  const east = await makeDepartment(deps, { name: '华东', parent: all });
  const south = await makeDepartment(deps, { name: '华南', parent: all });
  const people = {
    director: await makeMember(deps, { name: '赵总监', role: 'director', key: 'director', departments: [all] }),
    manager: await makeMember(deps, { name: '李经理', role: 'manager', key: 'manager', departments: [east] }),
    giver: await makeMember(deps, { name: '王磊', key: 'giver', departments: [east] }),
    taker: await makeMember(deps, { name: '陈晨', key: 'taker', departments: [east] }),
    second: await makeMember(deps, { name: '周舟', key: 'second', departments: [east] }),
    stranger: await makeMember(deps, { name: '吴越', key: 'stranger', departments: [south] }),
  };
  for (const leader of [people.director, people.manager]) {
    await deps.db.departmentMember.updateMany({ where: { memberId: leader.id }, data: { isLeader: true } });
  }
  for (const key of Object.keys(people)) platform.addMember(key);
  return people;
}

/** A contact of this member, here and on the platform. */
export async function makeOwnContact(
  { deps }: World,
  platform: FakePlatform,
  owner: Member,
  given: { key: string; name?: string; customer?: Customer },
): Promise<Contact> {
  const { key: memberKey } = await deps.db.memberIdentity.findFirstOrThrow({ where: { memberId: owner.id } });
  const { customer, ...about } = given;
  const contact = await makeContact(deps, { ...about, platform: 'wecom', followedBy: [owner] });
  platform.addContact(contact.key, { follows: [memberKey] });
  if (customer) await deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
  return contact;
}

export interface Estate {
  customer: Customer;
  contacts: Contact[];
  opportunityId: string;
  taskId: string;
}

/** One customer with two contacts, an open sale and a task, and a contact who is nobody's customer yet. */
export async function endow(world: World, platform: FakePlatform, owner: Member): Promise<Estate> {
  const { deps } = world;
  const customer = await makeCustomer(deps, { owner, name: '杭州云帆物流有限公司' });
  const contacts = [
    await makeOwnContact(world, platform, owner, { key: 'chen', name: '陈女士', customer }),
    await makeOwnContact(world, platform, owner, { key: 'liu', name: '刘先生', customer }),
    await makeOwnContact(world, platform, owner, { key: 'sun', name: '孙女士' }),
  ];
  const sale = await deps.db.opportunity.create({
    data: {
      customerId: customer.id,
      ownerId: owner.id,
      title: deps.cipher.encrypt('50 人版'),
      createdBy: owner.id,
      createdAt: deps.now(),
    },
  });
  const task = await deps.db.task.create({
    data: { title: deps.cipher.encrypt('发报价'), state: 'open', customerId: customer.id, assigneeId: owner.id },
  });
  return { customer, contacts, opportunityId: sale.id, taskId: task.id };
}

let keys = 0;
const nextKey = () => `00000000-0000-4000-8000-${String((keys += 1)).padStart(12, '0')}`;

export interface Plan {
  from: Member;
  rule: PlanRule;
  kinds?: ItemKind[];
  by?: Member;
  message?: string;
}

export async function draft(
  world: World,
  company: Company,
  plan: Plan,
): Promise<{ handover: Handover; caller: Caller }> {
  const caller = await callerOf(world.deps, plan.by ?? company.manager);
  const handover = await createHandover(world.deps, caller, {
    fromMemberId: plan.from.id,
    rule: plan.rule,
    kinds: plan.kinds ?? [...itemKinds],
    reason: '岗位调整',
    message: plan.message ?? '',
    requestKey: nextKey(),
  });
  return { handover, caller };
}

/** Planned by the manager, approved by the director, and set going; nothing has run yet. */
export async function approved(world: World, company: Company, plan: Plan): Promise<string> {
  const { handover, caller } = await draft(world, company, plan);
  const { approvalId } = await submitHandover(world.deps, caller, { id: handover.id, version: handover.version });
  await decideApproval(
    world.deps,
    { memberId: company.director.id, via: 'page' },
    { id: approvalId ?? '', revision: 1, decision: 'approve' },
  );
  await runJobs(world, ['apply-effect']);
  return handover.id;
}

/** Runs what waits, of these kinds; the rest is put aside. */
export async function runJobs(world: World, names: string[]): Promise<void> {
  for (;;) {
    const next = world.jobs.waiting.findIndex(({ name }) => names.includes(name));
    if (next === -1) return;
    const [job] = world.jobs.waiting.splice(next, 1);
    if (job) world.jobs.waiting.unshift(job);
    await world.jobs.runNext();
  }
}

/** A round now, as the sweep would set it going. */
export async function runRound(world: World): Promise<void> {
  await world.deps.jobs.add('sweep-handovers', {});
  await runJobs(world, ['sweep-handovers', 'run-handover', 'send-notice']);
}

export async function statesOf(world: World, handoverId: string): Promise<Record<string, string>> {
  const items = await listItems(world.deps.db, handoverId, {});
  return Object.fromEntries(
    items.map(({ kind, subjectId, state, reason }) => [`${kind}:${subjectId}`, reason ? `${state} ${reason}` : state]),
  );
}

export async function stored(world: World, handoverId: string): Promise<Handover> {
  const handover = await findHandover(world.deps.db, handoverId);
  if (!handover) throw new Error('There is no such hand-over.');
  return handover;
}
