import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { normalisePhone } from '#server/base/phone.ts';
import { isId, meantIn, type Meant, type MeantBy } from './list-file.ts';
import { listMeant } from './list-store.ts';
import type { UnmatchedLine } from './segment-api.ts';

interface Matched {
  lines: number;
  contactIds: string[];
  unmatched: UnmatchedLine[];
}

/** Whom the lines mean, once each, and which lines mean nobody or not one person alone. Nothing is saved. */
export async function matchList(deps: Deps, caller: Caller, { text }: { text: string }): Promise<Matched> {
  const meant = meantIn(text);
  const hashOf = (said: string) => deps.cipher.hash(normalisePhone(said));
  const saidAs = (by: MeantBy) => [...new Set(meant.filter((one) => one.by.includes(by)).map(({ said }) => said))];
  const found = await listMeant(deps.pool, caller.scope, {
    ids: saidAs('id').filter(isId),
    keys: saidAs('key'),
    names: saidAs('name'),
    phoneHashes: saidAs('phone').map(hashOf),
  });
  const contactsOf = ({ said, by }: Meant): ReadonlySet<string> =>
    by.map((way) => found.get(`${way} ${way === 'phone' ? hashOf(said) : said.toLowerCase()}`)).find(Boolean) ??
    new Set();
  const taken = new Set<string>();
  const unmatched: UnmatchedLine[] = [];
  for (const one of meant) {
    const contacts = contactsOf(one);
    const [only] = contacts;
    const why = whyNot(one, contacts.size, only !== undefined && taken.has(only));
    if (why) unmatched.push({ line: one.line, said: one.said, why, count: contacts.size });
    else if (only !== undefined) taken.add(only);
  }
  return { lines: meant.length, contactIds: [...taken], unmatched };
}

function whyNot({ said }: Meant, count: number, isTaken: boolean): UnmatchedLine['why'] | null {
  if (said === '') return 'empty';
  if (count === 0) return 'unknown';
  if (count > 1) return 'several';
  return isTaken ? 'twice' : null;
}
