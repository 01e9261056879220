import { setTimeout as sleep } from 'node:timers/promises';
import type { Member, World } from './stage.ts';

const RETRY_MS = 1000;
const TRIES = 120;
/** The platforms' names in the product's own API. */
const PLATFORM = 'wecom';
const SECOND_PLATFORM = 'dingtalk';

interface Where {
  productUrl: string;
  publicUrl: string;
  /** Platforms the company does not use. */
  without: readonly string[];
}

/**
 * What the company's admin does on the first day, through the product's own pages' API: lets the model read the chats,
 * switches the welcome on, lets broadcasts leave at any hour and imports the customer list. Nothing here is known to the product in advance; a person could click the same.
 */
export async function liveFirstDay(world: World, at: Where, signal: AbortSignal): Promise<void> {
  await persist(signal, async () => {
    const admin = await logInAs(adminOf(world), at);
    await allowTheModel(admin);
    await switchTheWelcomeOn(admin);
    await allowBroadcasts(admin);
  });
  // Before the list of customers: of two members called alike, none is the owner of anything.
  await joinAccounts(world, at, signal);
  await persist(signal, async () => importCustomers(await logInAs(adminOf(world), at), world));
}

/**
 * Who has the same mobile on both platforms is one member by itself. Where WeCom tells the app no mobiles, nothing certain
 * says so, and the admin does, name by name.
 */
export async function joinAccounts(world: World, at: Where, signal: AbortSignal): Promise<void> {
  if (at.without.includes(SECOND_PLATFORM)) return;
  await persist(signal, async () => {
    const admin = await logInAs(adminOf(world), at);
    const accounts = await accountsOf(admin);
    for (const user of Object.values(world.dingtalk.users)) {
      const account = accounts.find((one) => one.key === user.userid);
      if (!user.active || user.member === null || account?.others.some((one) => one.platform === PLATFORM)) continue;
      const [match, ...more] = account?.matches ?? [];
      if (match?.because !== 'name' || more.length > 0)
        throw new Error(`The product cannot tell yet who ${user.userid} is.`);
      const body = { platform: SECOND_PLATFORM, key: user.userid, memberId: match.member.id };
      await admin('POST', '/api/member-accounts/join', json(body));
    }
  });
}

interface Account {
  key: string;
  others: { platform: string }[];
  matches: { member: { id: string }; because: string }[];
}

async function accountsOf(admin: Ask): Promise<Account[]> {
  const found: Account[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page = `platform=${SECOND_PLATFORM}&limit=100${after && `&after=${encodeURIComponent(after)}`}`;
    const answer = await admin('GET', `/api/member-accounts?${page}`);
    const { items, nextAfter } = answer as { items: Account[]; nextAfter: string | null };
    found.push(...items);
    after = nextAfter;
  }
  return found;
}

/** The product is still starting, or has not read the company's members yet: once more, a moment later. */
async function persist(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (let left = TRIES; left > 0 && !signal.aborted; left -= 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (left === 1) throw error;
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

/** The admin presses “read everything anew”, after the sandbox put other people in the place of those before. */
export async function readAnew(world: World, at: { productUrl: string; publicUrl: string }): Promise<void> {
  const admin = await logInAs(adminOf(world), at);
  for (const kind of ['tags', 'contacts', 'reconcile']) {
    await admin('POST', '/api/sync-runs', json({ platform: PLATFORM, kind }));
  }
}

type Ask = (method: string, path: string, body?: { type: string; text: string }) => Promise<Record<string, unknown>>;

async function logInAs(
  member: Member,
  { productUrl, publicUrl }: { productUrl: string; publicUrl: string },
): Promise<Ask> {
  const cookies = new Map<string, string>();
  const send = async (method: string, url: string, body?: { type: string; text: string }) => {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        Origin: publicUrl,
        Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body ? { 'Content-Type': body.type } : {}),
      },
      ...(body ? { body: body.text } : {}),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return response;
  };
  const ask: Ask = async (method, path, body) => {
    const response = await send(method, `${productUrl}${path}`, body);
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}.`);
    return (await response.json()) as Record<string, unknown>;
  };

  const { url } = await ask('GET', `/api/login?platform=${PLATFORM}&page=/desk.html`);
  cookies.set('sandbox_member', member.userid);
  const back = await send('GET', String(url));
  const answer = new URL(back.headers.get('location') ?? '', publicUrl).searchParams;
  const login = { platform: PLATFORM, code: answer.get('code'), state: answer.get('state') };
  await ask('POST', '/api/login', json(login));
  return ask;
}

const json = (value: unknown) => ({ type: 'application/json', text: JSON.stringify(value) });

function adminOf(world: World): Member {
  const admin = Object.values(world.members).find((member) => member.position.includes('管理员'));
  if (!admin) throw new Error('The sandbox company has no admin.');
  return admin;
}

/** With the words the product proposes. */
async function switchTheWelcomeOn(ask: Ask): Promise<void> {
  const { text } = await ask('GET', '/api/settings/welcome');
  await ask('PUT', '/api/settings/welcome', json({ enabled: true, text }));
}

/** The stories are played at night too, and more than once a day. */
async function allowBroadcasts(ask: Ask): Promise<void> {
  const rules = await ask('GET', '/api/settings/broadcast-rules');
  await ask('PUT', '/api/settings/broadcast-rules', json({ ...rules, perDay: 5, fatigue: null, quiet: null }));
}

async function allowTheModel(ask: Ask): Promise<void> {
  const { items } = (await ask('GET', '/api/chat-sources')) as { items: { id: string }[] };
  if (items.length === 0) throw new Error('The product has no chat source yet.');
  for (const { id } of items)
    await ask('PATCH', `/api/chat-sources/${encodeURIComponent(id)}`, json({ modelAllowed: true }));
}

async function importCustomers(ask: Ask, world: World): Promise<void> {
  const table = { type: 'text/csv; charset=utf-8', text: customerTable(world) };
  const { refused } = await ask('POST', '/api/customers/import', table);
  // Owners the product has not read yet. Lines that were taken in before are left as they are.
  if (refused !== 0) throw new Error(`The product refused ${String(refused)} lines of the customer list.`);
}

/** About half of the companies people in the contact list work for, as the company's old spreadsheet would have them. */
function customerTable(world: World): string {
  const rows = new Map<string, string>();
  for (const [number, follow] of Object.values(world.follows).entries()) {
    const owner = world.members[follow.member];
    // The story's contact has a record without a phone: nothing certain, so a person decides on the binding.
    const isStory = follow.contact === world.demo.contact;
    const name = isStory ? `杭州${follow.remarkCorpName}有限公司` : follow.remarkCorpName;
    if (!owner || !follow.remarkCorpName || rows.has(name) || (!isStory && number % 2 === 1)) continue;
    const phone = isStory ? '' : (follow.remarkPhones[0] ?? '');
    rows.set(name, [name, '企业', phone, owner.name, 'ABC'[number % 3], '已联系'].join(','));
  }
  return ['名称,类型,电话,负责人,等级,阶段', ...rows.values()].join('\n');
}
