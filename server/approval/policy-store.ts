import type { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { approvalKinds, type ApprovalKind } from './approval-api.ts';
import { approvalPolicy, type ApprovalPolicy } from './policy-api.ts';
import { builtInPolicy } from './policy.ts';

export interface StoredPolicy {
  kind: ApprovalKind;
  policy: ApprovalPolicy;
  /** 0 while it is the built-in one. */
  version: number;
  updatedAt: Date | null;
}

export async function readPolicy(db: Db, kind: ApprovalKind): Promise<StoredPolicy> {
  const row = await db.approvalPolicy.findUnique({ where: { kind } });
  if (!row) return { kind, policy: builtInPolicy(kind), version: 0, updatedAt: null };
  return { kind, policy: approvalPolicy.parse(row.policy), version: row.version, updatedAt: row.updatedAt };
}

export async function listPolicies(db: Db): Promise<StoredPolicy[]> {
  const policies = [];
  for (const kind of approvalKinds) policies.push(await readPolicy(db, kind));
  return policies;
}

/** False when somebody saved it since `version` was read. */
export async function savePolicyRow(
  tx: Db,
  { kind, version }: { kind: ApprovalKind; version: number },
  policy: ApprovalPolicy,
  by: { memberId: string; at: Date },
): Promise<boolean> {
  const data = { policy: policy as Prisma.InputJsonObject, updatedAt: by.at, updatedBy: by.memberId };
  const { count } =
    version === 0
      ? await tx.approvalPolicy.createMany({ data: [{ kind, ...data }], skipDuplicates: true })
      : await tx.approvalPolicy.updateMany({
          where: { kind, version },
          data: { ...data, version: { increment: 1 } },
        });
  return count > 0;
}

/** Everybody a policy names. */
export function membersIn({ fallback, copies, bands }: ApprovalPolicy): string[] {
  const named = bands.flatMap(({ levels }) => levels.flatMap(({ who }) => (who.by === 'members' ? who.ids : [])));
  return [...fallback, ...copies, ...named];
}
