import type { Department, Member } from '#prisma/client/client.ts';
import type { Role } from '#server/base/caller.ts';
import type { RequestDraft } from '#server/approval/request-draft.ts';
import { makeCustomer, makeDepartment, makeMember } from '#tests/support/factories.ts';
import type { World } from '#tests/support/world.ts';

export interface Company {
  /** In `sales`, under `leader`, under `director` of the whole. */
  rep: Member;
  leader: Member;
  director: Member;
  admin: Member;
  /** In another department. */
  stranger: Member;
  sales: Department;
  head: Department;
}

/** The sale that discounts are asked for. */
const SALE = '00000000-0000-4000-8000-000000000001';

/** A rep with a sale, their leader, a director above, an admin and a stranger. */
export async function makeCompany({ deps }: World): Promise<Company> {
  const head = await makeDepartment(deps, { name: '公司' });
  const sales = await makeDepartment(deps, { name: '销售部', parent: head });
  const other = await makeDepartment(deps, { name: '客服部', parent: head });
  const make = (name: string, role: Role, departments: Department[]) => makeMember(deps, { name, role, departments });
  const company = {
    rep: await make('小周', 'rep', [sales]),
    leader: await make('李经理', 'manager', [sales]),
    director: await make('赵总监', 'director', [head]),
    admin: await make('管理员', 'admin', []),
    stranger: await make('小陈', 'rep', [other]),
  };
  for (const [member, department] of [
    [company.leader, sales],
    [company.director, head],
  ] as const) {
    await deps.db.departmentMember.updateMany({
      where: { memberId: member.id, departmentId: department.id },
      data: { isLeader: true },
    });
  }
  const customer = await makeCustomer(deps, { owner: company.rep });
  const sale = { id: SALE, customerId: customer.id, ownerId: company.rep.id, createdBy: company.rep.id };
  await deps.db.opportunity.create({ data: { ...sale, title: deps.cipher.encrypt('50 人版'), amountFen: 1_280_000n } });
  return { ...company, sales, head };
}

let asked = 0;

/** 15 % off, which the line leader decides on the card. */
export function discountDraft(percent = 15, given: Partial<RequestDraft<'discount'>> = {}): RequestDraft<'discount'> {
  asked += 1;
  return {
    kind: 'discount',
    content: {
      opportunityId: SALE,
      discountBp: Math.round(percent * 100),
      discountBpBefore: 0,
    },
    title: `华星 50 人版折扣 ${percent}%`,
    reason: '客户预算有限，本周可签',
    measure: percent,
    amountFen: 1_280_000,
    customerId: null,
    contactId: null,
    subject: `opportunity:${SALE}`,
    requestKey: `request-${asked}`,
    ...given,
  };
}
