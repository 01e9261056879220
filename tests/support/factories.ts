import { createHash, randomUUID } from 'node:crypto';
import type { Contact, Customer, Department, Follow, Material, MaterialFile, Member } from '#prisma/client/client.ts';
import type { Caller, Role } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { saveSetting } from '#server/base/setting.ts';
import { normalisePhone } from '#server/base/phone.ts';
import type { MaterialContent } from '#server/material/material-api.ts';
import { findCaller } from '#server/member/find-caller.ts';
import { calledName, sameAs, type CustomerKind } from '#server/customer/customer.ts';
import { newSessionToken } from '#server/member/session.ts';

let made = 0;
/** Keys and names that no two things share. */
const next = () => ++made;

export async function makeDepartment(
  deps: Deps,
  given: { name?: string; key?: string; platform?: string; parent?: Department } = {},
): Promise<Department> {
  const n = next();
  return deps.db.department.create({
    data: {
      platform: given.platform ?? given.parent?.platform ?? 'wecom',
      key: given.key ?? `${1000 + n}`,
      name: given.name ?? `部门${n}`,
      parentKey: given.parent?.key ?? null,
    },
  });
}

/** An active rep with one account, unless said otherwise. */
export async function makeMember(
  deps: Deps,
  given: {
    name?: string;
    role?: Role;
    status?: 'active' | 'left';
    platform?: string;
    key?: string;
    departments?: Department[];
  } = {},
): Promise<Member> {
  const n = next();
  return deps.db.member.create({
    data: {
      name: given.name ?? `成员${n}`,
      role: given.role ?? 'rep',
      status: given.status ?? 'active',
      leftAt: given.status === 'left' ? deps.now() : null,
      identities: { create: { platform: given.platform ?? 'wecom', key: given.key ?? `member-${n}` } },
      departments: { create: (given.departments ?? []).map(({ id }) => ({ departmentId: id })) },
    },
  });
}

/** Opens a session as a login would, and answers with its cookie value. */
export async function openSession(deps: Deps, member: Member, platform = 'wecom'): Promise<string> {
  const { token, tokenHash } = newSessionToken();
  const expiresAt = new Date(deps.now().getTime() + 24 * 3600 * 1000);
  await deps.db.session.create({ data: { tokenHash, memberId: member.id, platform, expiresAt } });
  return token;
}

/** The member as the caller of a use case, with the scope the product gives them now. */
export async function callerOf(deps: Deps, member: Member, platform = 'wecom'): Promise<Caller> {
  const caller = await findCaller(deps, await openSession(deps, member, platform));
  if (!caller) throw new Error(`${member.name} may not log in: ${member.status}`);
  return caller;
}

export async function makeContact(
  deps: Deps,
  given: Partial<Omit<Contact, 'id'>> & { followedBy?: Member[] } = {},
): Promise<Contact> {
  const n = next();
  const { followedBy = [], ...columns } = given;
  const contact = await deps.db.contact.create({
    data: { platform: 'wecom', key: `contact-${n}`, name: `联系人${n}`, syncedAt: deps.now(), ...columns },
  });
  for (const member of followedBy) await makeFollow(deps, contact, member);
  return contact;
}

/** `phones` in full: they are stored as the product stores them. */
export async function makeFollow(
  deps: Deps,
  contact: Contact,
  member: Member,
  given: Partial<Omit<Follow, 'id' | 'contactId' | 'memberId' | 'remarkPhones' | 'phoneHashes'>> & {
    phones?: string[];
  } = {},
): Promise<Follow> {
  const { phones = [], ...columns } = given;
  return deps.db.follow.create({
    data: {
      contactId: contact.id,
      memberId: member.id,
      state: 'active',
      addedAt: deps.now(),
      changedAt: deps.now(),
      remarkPhones: phones.length > 0 ? deps.cipher.encrypt(JSON.stringify(phones)) : null,
      phoneHashes: phones.map((phone) => deps.cipher.hash(normalisePhone(phone))),
      ...columns,
    },
  });
}

/** The company's choice to welcome whoever adds a member. */
export async function welcomeContacts(deps: Deps, text = '{contact}您好，我是{member}'): Promise<void> {
  await saveSetting(deps.db, 'welcome', { enabled: true, text }, null);
}

/** An organisation without an owner, unless said otherwise; `phone` is stored as the product stores it. */
export async function makeCustomer(
  deps: Deps,
  given: Partial<Omit<Customer, 'id' | 'phone' | 'phoneHash' | 'custom'>> & { owner?: Member; phone?: string } = {},
): Promise<Customer> {
  const { owner, phone, ...columns } = given;
  const name = given.name ?? `客户${next()}有限公司`;
  const kind = (given.kind ?? 'organisation') as CustomerKind;
  const phoneHash = phone ? deps.cipher.hash(normalisePhone(phone)) : null;
  return deps.db.customer.create({
    data: {
      kind,
      name,
      nameCore: calledName(kind, name),
      sameAs: sameAs(kind, name, phoneHash),
      ownerId: owner?.id ?? null,
      phone: phone ? deps.cipher.encrypt(phone) : null,
      phoneHash,
      createdAt: deps.now(),
      updatedAt: deps.now(),
      ...columns,
    },
  });
}

/** A file as if it had been uploaded. */
export async function makeFile(
  deps: Deps,
  given: { kind?: 'image' | 'video' | 'file'; name?: string; type?: string; bytes?: Buffer; by?: Member } = {},
): Promise<MaterialFile> {
  const { kind = 'image', type = 'image/png', bytes = Buffer.from(`picture ${next()}`), name = '图.png' } = given;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const createdBy = given.by?.id ?? randomUUID();
  const file = { kind, name, type, size: bytes.length, sha256, bytes: new Uint8Array(bytes), createdBy };
  return deps.db.materialFile.create({ data: file });
}

/** A text, unless its content is said. */
export async function makeMaterial(
  deps: Deps,
  given: { title?: string; folder?: string; tags?: string[]; content?: MaterialContent; archivedAt?: Date | null } = {},
): Promise<Material> {
  const { title = `素材${next()}`, content = { kind: 'text', text: '您好' }, ...columns } = given;
  const fileId = 'fileId' in content ? content.fileId : null;
  const at = { createdAt: deps.now(), updatedAt: deps.now() };
  return deps.db.material.create({
    data: { kind: content.kind, title, content, fileId, createdBy: randomUUID(), tags: [], ...at, ...columns },
  });
}
