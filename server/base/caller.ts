/** 销售专员, 区域经理, 事业部总监, 市场, 管理员 */
export const roles = ['rep', 'manager', 'director', 'marketing', 'admin'] as const;
export type Role = (typeof roles)[number];

/**
 * Whose customers a caller may see: everyone's, or those of the members listed. Every store query that returns
 * customer data takes one; it is worked out per request, so a member who changes department sees the change at once.
 */
export type Scope = { all: true } | { all: false; memberIds: readonly string[] };

/** Who asks. */
export interface Caller {
  memberId: string;
  name: string;
  role: Role;
  /** The platform the session was opened on. */
  platform: string;
  scope: Scope;
}
