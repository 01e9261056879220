import type { z } from 'zod';
import type { Customer } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { maskPhone } from '#server/base/phone.ts';
import type { customerView, CustomerView } from './customer-api.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { CustomValues } from './custom-field.ts';
import { industryName } from './industry.ts';
import { regionName } from './region.ts';

type Words = Pick<z.infer<typeof customerView>, 'kind' | 'grade' | 'stage'>;

/** What a screen shows of a customer the caller was found to see: the phone masked, codes with their names. */
export async function viewCustomer(deps: Deps, customer: Customer): Promise<CustomerView> {
  const names = await listMemberNames(deps.db, [customer.ownerId]);
  return viewOf(deps, customer, names);
}

export async function viewCustomers(deps: Deps, customers: readonly Customer[]): Promise<CustomerView[]> {
  const names = await listMemberNames(
    deps.db,
    customers.map(({ ownerId }) => ownerId),
  );
  return customers.map((customer) => viewOf(deps, customer, names));
}

function viewOf(deps: Deps, customer: Customer, memberNames: Map<string, string>): CustomerView {
  const { id, name, regionCode, industryCode, ownerId, phone } = customer;
  return {
    ...(customer as Words),
    id,
    name,
    regionCode,
    regionName: regionCode && regionName(regionCode),
    industryCode,
    industryName: industryCode && industryName(industryCode),
    source: customer.source,
    owner: ownerId ? { id: ownerId, name: memberNames.get(ownerId) ?? '' } : null,
    phone: phone && maskPhone(deps.cipher.decrypt(phone)),
    website: customer.website,
    address: customer.address,
    custom: customer.custom as CustomValues,
    version: customer.version,
    createdAt: customer.createdAt.toISOString(),
    updatedAt: customer.updatedAt.toISOString(),
  };
}
