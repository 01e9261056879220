import type { Contact, Customer, Follow } from '#prisma/client/client.ts';
import type { Caller, Scope } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { nameCore, plainName } from '#server/customer/customer.ts';
import { listCalledLike } from '#server/customer/customer-store.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { listCustomers } from '#server/customer/list-customers.ts';
import type { BindingCandidate } from './binding-api.ts';
import { getContactWithFollows, listPossible, listSamePerson } from './binding-store.ts';
import { byPoints, candidateOf, rankCandidates, type Evidence, type PossibleCustomer } from './rank-candidates.ts';

const SHOWN_MAX = 5;
const FOUND_MAX = 20;

/** Customers the contact may belong to, best first; with `search`, those it finds, whether anything speaks for them or not. */
export async function findCandidates(
  deps: Deps,
  caller: Caller,
  contactId: string,
  search = '',
): Promise<BindingCandidate[]> {
  const contact = withoutForeignNotes(await getContactWithFollows(deps.db, caller.scope, contactId), caller.scope);
  if (search === '') return (await rankFor(deps, caller.scope, contact)).slice(0, SHOWN_MAX);
  const { customers } = await listCustomers(deps, caller, { search, limit: FOUND_MAX });
  const unbound = await listPossible(deps.db, caller.scope, {
    ids: customers.map(({ id }) => id),
    phoneHashes: [],
    exceptBoundTo: contactId,
  });
  const possible = await possibleOf(deps, contact, unbound);
  return possible.map((customer) => candidateOf(evidenceOf(contact), customer)).toSorted(byPoints);
}

export async function rankFor(
  deps: Deps,
  scope: Scope,
  contact: Contact & { follows: Follow[] },
): Promise<BindingCandidate[]> {
  const evidence = evidenceOf(contact);
  const samePerson = await listSamePerson(deps.db, contact);
  const remarks = evidence.follows.flatMap(({ remark }) => (remark ? [plainName(remark)] : []));
  const cores = evidence.corpNames.map(nameCore).filter((core) => core.length >= 2);
  const alike = await listCalledLike(deps.db, scope, [...remarks, ...cores], cores);
  const customers = await listPossible(deps.db, scope, {
    ids: [...samePerson.keys(), ...alike],
    phoneHashes: evidence.follows.flatMap(({ phoneHashes }) => phoneHashes),
    exceptBoundTo: contact.id,
  });
  return rankCandidates(evidence, await possibleOf(deps, contact, customers, samePerson));
}

/** That a colleague outside the scope follows the contact is known to all who do; what the colleague wrote down is not. */
function withoutForeignNotes<Found extends { follows: Follow[] }>(contact: Found, scope: Scope): Found {
  const isOurs = ({ memberId }: Follow) => scope.all || scope.memberIds.includes(memberId);
  const bare = { remark: null, description: null, remarkCorpName: null, remarkPhones: null, phoneHashes: [] };
  return { ...contact, follows: contact.follows.map((follow) => (isOurs(follow) ? follow : { ...follow, ...bare })) };
}

function evidenceOf({ corpName, corpFullName, follows }: Contact & { follows: Follow[] }): Evidence {
  const named = [corpFullName, corpName, ...follows.map(({ remarkCorpName }) => remarkCorpName)];
  return { corpNames: [...new Set(named.filter((name) => name !== null && name !== ''))] as string[], follows };
}

async function possibleOf(
  deps: Deps,
  contact: Contact,
  customers: Customer[],
  samePerson?: Map<string, string[]>,
): Promise<PossibleCustomer[]> {
  const same = samePerson ?? (await listSamePerson(deps.db, contact));
  const names = await listMemberNames(
    deps.db,
    customers.map(({ ownerId }) => ownerId),
  );
  return customers.map(({ id, name, kind, nameCore: called, phoneHash, ownerId }) => ({
    id,
    name,
    kind,
    nameCore: called,
    phoneHash,
    owner: ownerId ? { id: ownerId, name: names.get(ownerId) ?? '' } : null,
    samePerson: same.get(id) ?? [],
  }));
}
