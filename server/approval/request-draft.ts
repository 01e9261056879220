import type { ApprovalContent, ApprovalKind } from './approval-api.ts';

/** What a room above hands in when one of its members asks for something. */
export interface RequestDraft<Kind extends ApprovalKind = ApprovalKind> {
  kind: Kind;
  content: ApprovalContent<Kind>;
  title: string;
  reason: string;
  /** In the unit of the kind (approval-api.ts). */
  measure: number;
  amountFen: number | null;
  customerId: string | null;
  contactId: string | null;
  subject: string | null;
  /** One request however often it is sent. */
  requestKey: string;
}
