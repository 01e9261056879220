import { hash } from 'node:crypto';
import type { ResolvedContent } from '#server/material/message-content.ts';
import type { VariantKey } from './broadcast-api.ts';

/** What is sent, with the materials as they were when it was frozen: what becomes of a material later changes nothing. */
export interface FrozenContent {
  variants: FrozenVariant[];
}

export interface FrozenVariant extends ResolvedContent {
  key: VariantKey;
  /** In percent. */
  share: number;
}

const sha256 = (text: string) => hash('sha256', text, 'hex');

export function contentHashOf(content: FrozenContent): string {
  return sha256(canonical(content));
}

/** Of the platform's keys of those a delivery goes to. */
export function contactHashOf(contactKeys: readonly string[]): string {
  return sha256(bytewise(contactKeys).join('\n'));
}

export interface DeliveryLine {
  memberKey: string;
  variant: string;
  batch: number;
  contactHash: string;
}

/** Of who gets it from whom. */
export function recipientHashOf(deliveries: readonly DeliveryLine[]): string {
  const lines = deliveries.map(({ memberKey, variant, batch, contactHash }) =>
    [memberKey, variant, batch, contactHash].join('\t'),
  );
  return sha256(bytewise(lines).join('\n'));
}

/** As a database with the collation "C" sorts them. */
function bytewise(texts: readonly string[]): string[] {
  return texts
    .map((text) => Buffer.from(text))
    .sort(Buffer.compare)
    .map(String);
}

/** JSON whose keys are sorted, so that two writings of one value are the same text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
