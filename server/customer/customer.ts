import { Refusal } from '#server/base/refusal.ts';
import type { Caller } from '#server/base/caller.ts';
import type { customerKinds, customerStages } from './customer-api.ts';
import { isIndustry } from './industry.ts';
import { isRegion, shortRegionNames } from './region.ts';

export type CustomerKind = (typeof customerKinds)[number];
export type CustomerStage = (typeof customerStages)[number];

/**
 * What two ways of writing one organisation's name have in common. 有限公司 and 有限责任公司 are one legal form, and the one
 * people leave out; a 股份有限公司, a branch and the place in brackets often tell two companies apart, so they stay.
 */
export function nameKey(name: string): string {
  const plain = plainName(name);
  const key = plain
    .replace(/股份有限公司$/, '股份')
    .replace(/有限(责任)?公司$/, '')
    .replace(/(companylimited|coltd|limited|ltd)$/, '');
  return key === '' ? plain : key;
}

/**
 * The part of an organisation's name by which people call it: 上海云帆科技集团股份有限公司 → 云帆科技. Says that two names are alike, never
 * that they are the same.
 */
export function nameCore(name: string): string {
  const withoutPlace = name.normalize('NFKC').replace(/\(([^)]*)\)/g, (all, inside: string) => {
    return shortRegionNames.has(inside.replace(/[省市]$/, '')) || inside === '中国' ? '' : all;
  });
  const key = nameKey(withoutPlace);
  const core = withoutLeadingPlace(key.replace(/(集团)?(股份)?$/, ''));
  return core.length >= 2 ? core : key;
}

/** What to look for in a remark or a company's name: the core of an organisation's name, the whole name of a person. */
export function calledName(kind: CustomerKind, name: string): string {
  return kind === 'organisation' ? nameCore(name) : plainName(name);
}

/** What makes two records the same customer; null when nothing does. */
export function sameAs(kind: CustomerKind, name: string, phoneHash: string | null): string | null {
  switch (kind) {
    case 'organisation':
      return `org:${nameKey(name)}`;
    case 'person':
      return phoneHash === null ? null : `person:${phoneHash}`;
    default:
      return kind satisfies never;
  }
}

/** A record may start anywhere, but a deal is won only after it was qualified, and nothing becomes new again. */
const moves: Record<CustomerStage, readonly CustomerStage[]> = {
  new: ['contacted', 'qualified', 'quoted', 'lost'],
  contacted: ['qualified', 'quoted', 'won', 'lost'],
  qualified: ['contacted', 'quoted', 'won', 'lost'],
  quoted: ['contacted', 'qualified', 'won', 'lost'],
  won: ['contacted', 'qualified', 'quoted'],
  lost: ['contacted', 'qualified', 'quoted'],
};

export function checkStageMove(from: CustomerStage, to: CustomerStage): void {
  if (from === to || moves[from].includes(to)) return;
  throw new Refusal('customer.stage', `From ${from} a customer can move to ${moves[from].join(', ')}.`, 422, {
    from,
    allowed: moves[from],
  });
}

export function checkCodes(codes: { regionCode?: string | null; industryCode?: string | null }): void {
  const { regionCode, industryCode } = codes;
  if (regionCode && !isRegion(regionCode))
    throw new Refusal('customer.region', `${regionCode} is no GB/T 2260 code. GET /api/regions lists them.`, 422);
  if (industryCode && !isIndustry(industryCode))
    throw new Refusal(
      'customer.industry',
      `${industryCode} is no GB/T 4754 code. GET /api/industries lists them.`,
      422,
    );
}

const mayAssign: ReadonlySet<Caller['role']> = new Set(['manager', 'director', 'admin']);

/** Only to someone in the caller's scope; by those who lead, or by the owner. */
export function checkNewOwner(caller: Caller, from: string | null, to: string | null): void {
  if (from === to) return;
  // To nobody means out of the sight of the team: not for the owner alone to say.
  if (!mayAssign.has(caller.role) && (from !== caller.memberId || to === null))
    throw new Refusal('customer.owner', 'Only the owner, a manager, a director or an admin may change the owner.', 403);
  if (to !== null && !caller.scope.all && !caller.scope.memberIds.includes(to))
    throw new Refusal('customer.owner_outside', 'The new owner must be a member you can see. Choose another.', 422);
}

export const customerUnknown = () =>
  new Refusal('customer.unknown', 'There is no such customer among those you can see.', 404);

/** A name without the signs, spaces and widths people write differently. */
export function plainName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}\p{S}]/gu, '');
}

function withoutLeadingPlace(name: string): string {
  // Longest first, and at most a province and a city: 浙江省杭州市云帆 → 云帆.
  for (let round = 0, rest = name; ; round++) {
    const place = [4, 3, 2].map((length) => rest.slice(0, length)).find((head) => shortRegionNames.has(head));
    const after = place ? rest.slice(place.length).replace(/^[省市]/, '') : rest;
    if (!place || after.length < 2 || round === 2) return rest;
    rest = after;
  }
}
