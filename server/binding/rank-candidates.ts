import { nameCore, nameKey, plainName } from '#server/customer/customer.ts';
import type { BindingCandidate } from './binding-api.ts';
import type { BindingReason } from './binding.ts';

/** What is known of a contact that can tell which customer it belongs to. */
export interface Evidence {
  /** Companies the platform or the followers name. */
  corpNames: readonly string[];
  follows: readonly { memberId: string; remark: string | null; phoneHashes: readonly string[] }[];
}

export interface PossibleCustomer {
  id: string;
  name: string;
  kind: string;
  /** As `calledName` says it. */
  nameCore: string;
  phoneHash: string | null;
  owner: { id: string; name: string } | null;
  /** Names of other contacts who are the same person and are bound to this customer. */
  samePerson: readonly string[];
}

const points = {
  union_key: 60,
  phone: 50,
  corp_name: { same: 35, called: 25, alike: 15 },
  remark: 20,
  same_follower: 10,
};

/** Best first. A customer for whom nothing speaks but a shared follower is no candidate. */
export function rankCandidates(evidence: Evidence, customers: readonly PossibleCustomer[]): BindingCandidate[] {
  return customers
    .map((customer) => candidateOf(evidence, customer))
    .filter(({ reasons }) => reasons.some(({ rule }) => rule !== 'same_follower'))
    .toSorted(byPoints);
}

export function candidateOf(evidence: Evidence, customer: PossibleCustomer): BindingCandidate {
  const { id, name, kind, owner } = customer;
  const reasons = [
    samePerson(customer),
    samePhone(evidence, customer),
    likeCorpName(evidence, customer),
    inRemark(evidence, customer),
    sameFollower(evidence, customer),
  ].filter((reason) => reason !== null);
  return {
    customer: { id, name, kind, ownerName: owner?.name ?? null },
    points: reasons.reduce((sum, reason) => sum + reason.points, 0),
    reasons,
  };
}

export function byPoints(a: BindingCandidate, b: BindingCandidate): number {
  return b.points - a.points || compare(a.customer.name, b.customer.name) || compare(a.customer.id, b.customer.id);
}

/** What leaves no doubt: the platform knows the person, or the number is the same. */
export const isCertain = ({ reasons }: BindingCandidate): boolean =>
  reasons.some(({ rule }) => rule === 'union_key' || rule === 'phone');

function samePerson({ samePerson: contacts }: PossibleCustomer): BindingReason | null {
  const [first] = contacts;
  if (first === undefined) return null;
  return { rule: 'union_key', name: first, points: points.union_key };
}

function samePhone({ follows }: Evidence, { phoneHash }: PossibleCustomer): BindingReason | null {
  if (phoneHash === null || !follows.some(({ phoneHashes }) => phoneHashes.includes(phoneHash))) return null;
  return { rule: 'phone', name: null, points: points.phone };
}

function likeCorpName({ corpNames }: Evidence, customer: PossibleCustomer): BindingReason | null {
  if (customer.kind !== 'organisation') return null;
  const alike = corpNames
    .map((corpName) => ({ corpName, likeness: likenessOf(corpName, customer) }))
    .filter(({ likeness }) => likeness !== null)
    .toSorted((a, b) => points.corp_name[b.likeness ?? 'alike'] - points.corp_name[a.likeness ?? 'alike']);
  const [best] = alike;
  if (!best?.likeness) return null;
  const rule = best.likeness === 'same' ? 'corp_name' : 'corp_name_alike';
  return { rule, name: best.corpName, points: points.corp_name[best.likeness] };
}

function likenessOf(corpName: string, customer: PossibleCustomer): keyof typeof points.corp_name | null {
  if (nameKey(corpName) === '') return null;
  if (nameKey(corpName) === nameKey(customer.name)) return 'same';
  const core = nameCore(corpName);
  if (core === customer.nameCore) return 'called';
  const [shorter, longer] = [core, customer.nameCore].toSorted((a, b) => a.length - b.length);
  if (shorter === undefined || longer === undefined || shorter.length < 3) return null;
  return longer.includes(shorter) || shareOfPairs(shorter, longer) >= 0.75 ? 'alike' : null;
}

function inRemark({ follows }: Evidence, customer: PossibleCustomer): BindingReason | null {
  if (customer.nameCore.length < 2) return null;
  const found = follows.some(({ remark }) => remark !== null && plainName(remark).includes(customer.nameCore));
  // The remark itself is one member's; the reason is kept with the binding, for all who see it.
  return found ? { rule: 'remark', name: customer.nameCore, points: points.remark } : null;
}

function sameFollower({ follows }: Evidence, { owner }: PossibleCustomer): BindingReason | null {
  if (!owner || !follows.some(({ memberId }) => memberId === owner.id)) return null;
  return { rule: 'same_follower', name: owner.name, points: points.same_follower };
}

/** Dice's coefficient over pairs of neighbouring characters: 1 when all are shared. */
function shareOfPairs(a: string, b: string): number {
  const pairs = (text: string) => Array.from({ length: text.length - 1 }, (_, i) => text.slice(i, i + 2));
  const left = pairs(b);
  const shared = pairs(a).filter((pair) => {
    const at = left.indexOf(pair);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return (2 * shared.length) / (a.length + b.length - 2);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
