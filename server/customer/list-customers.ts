import type { Customer } from '#prisma/client/client.ts';
import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { readCursor, writeCursor } from '#server/base/page-cursor.ts';
import { normalisePhone } from '#server/base/phone.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { customerApi } from './customer-api.ts';
import { listCustomers as listRows, type PagePoint } from './customer-store.ts';

export type CustomerQuery = z.infer<NonNullable<typeof customerApi.list.query>>;

/** A page of the caller's customers, last changed first, and where the next one begins. */
export async function listCustomers(
  deps: Deps,
  caller: Caller,
  query: CustomerQuery,
): Promise<{ customers: Customer[]; nextAfter: string | null }> {
  const { search, stage, grade, ownerId, limit } = query;
  const found = await listRows(
    deps.db,
    caller.scope,
    { search: search ? { text: search, phoneHash: phoneHashOf(deps, search) } : undefined, stage, grade, ownerId },
    { after: query.after ? pointIn(query.after) : null, limit: limit + 1 },
  );
  const customers = found.slice(0, limit);
  const last = customers.at(-1);
  return {
    customers,
    nextAfter: found.length > limit && last ? writeCursor({ at: last.updatedAt, id: last.id }) : null,
  };
}

/** A phone is found by the whole number only: parts of it cannot be compared without reading it. */
function phoneHashOf(deps: Deps, search: string): string | null {
  const phone = normalisePhone(search);
  return phone.length >= 7 && /^[+\d\s()-]+$/.test(search.normalize('NFKC')) ? deps.cipher.hash(phone) : null;
}

function pointIn(cursor: string): PagePoint {
  const end = readCursor(cursor);
  if (!end) throw new Refusal('customer.cursor', 'Pass `after` as the last page gave it, or leave it out.', 400);
  return { updatedAt: end.at, id: end.id };
}
