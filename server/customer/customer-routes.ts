import getRawBody from 'raw-body';
import type { CustomerNote } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { route, type Route } from '#server/base/http.ts';
import { addNote } from './add-note.ts';
import { createCustomer } from './create-customer.ts';
import { listFieldRows, type FieldRow } from './custom-field-store.ts';
import { customerApi, type CustomerFieldView } from './customer-api.ts';
import { getCustomer, listChanges, listNotes } from './customer-store.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { editCustomer } from './edit-customer.ts';
import { importCustomers } from './import-customers.ts';
import { searchIndustries } from './industry.ts';
import { listCustomers } from './list-customers.ts';
import { searchRegions } from './region.ts';
import { revealPhone } from './reveal-phone.ts';
import { archiveField, saveField } from './save-field.ts';
import { viewChanges } from './view-change.ts';
import { viewCustomer, viewCustomers } from './view-customer.ts';

export const customerRoutes: Route[] = [
  route(customerApi.list, async (deps, { caller, query }) => {
    const { customers, nextAfter } = await listCustomers(deps, caller, query);
    return { items: await viewCustomers(deps, customers), nextAfter };
  }),
  route(customerApi.import, async (deps, { caller, ctx }) =>
    importCustomers(deps, caller, await getRawBody(ctx.req, { limit: '4mb' })),
  ),
  route(customerApi.read, async (deps, { caller, params }) =>
    viewCustomer(deps, await getCustomer(deps.db, caller.scope, params.id)),
  ),
  route(customerApi.create, async (deps, { caller, body }) =>
    viewCustomer(deps, await createCustomer(deps, caller, body)),
  ),
  route(customerApi.edit, async (deps, { caller, params, body }) =>
    viewCustomer(deps, await editCustomer(deps, caller, params.id, body)),
  ),
  route(customerApi.revealPhone, async (deps, { caller, params }) => ({
    phone: await revealPhone(deps, caller, params.id),
  })),
  route(customerApi.history, async (deps, { caller, params }) => {
    const customer = await getCustomer(deps.db, caller.scope, params.id);
    return { items: await viewChanges(deps, await listChanges(deps.db, customer.id)) };
  }),
  route(customerApi.notes, async (deps, { caller, params }) => {
    const customer = await getCustomer(deps.db, caller.scope, params.id);
    return { items: await viewNotes(deps, await listNotes(deps.db, customer.id)) };
  }),
  route(customerApi.addNote, async (deps, { caller, params, body }) => {
    const note = await addNote(deps, caller, { customerId: params.id, ...body });
    return viewNote(note, caller.name);
  }),
  route(customerApi.fields, async (deps) => ({ items: (await listFieldRows(deps.db)).map(viewField) })),
  route(customerApi.saveField, async (deps, { caller, params, body }) =>
    viewField(await saveField(deps, caller, { ...body, key: params.key })),
  ),
  route(customerApi.archiveField, async (deps, { caller, params }) => {
    await archiveField(deps, caller, params.key);
    return {};
  }),
  route(customerApi.regions, async (_deps, { query }) => ({ items: searchRegions(query.search ?? '') })),
  route(customerApi.industries, async (_deps, { query }) => ({ items: searchIndustries(query.search ?? '') })),
];

const viewField = (row: FieldRow): CustomerFieldView => ({ ...row, type: row.type as CustomerFieldView['type'] });

async function viewNotes(deps: Deps, notes: CustomerNote[]) {
  const names = await listMemberNames(
    deps.db,
    notes.map(({ authorId }) => authorId),
  );
  return notes.map((note) => viewNote(note, names.get(note.authorId) ?? ''));
}

const viewNote = ({ id, authorId, text, at }: CustomerNote, authorName: string) => ({
  id,
  author: { id: authorId, name: authorName },
  text,
  at: at.toISOString(),
});
