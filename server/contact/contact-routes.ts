import { route, type Route } from '#server/base/http.ts';
import { contactApi, type TagView } from './contact-api.ts';
import { markTags } from './mark-tags.ts';
import { readOptOutWords, saveOptOutWords, setOptOut } from './opt-out.ts';
import { revealPhones } from './reveal-phones.ts';
import { saveRemark } from './save-remark.ts';
import { listTags, type Tag } from './tag-store.ts';
import { viewContact } from './view-contact.ts';

export const contactRoutes: Route[] = [
  route(contactApi.tags, async (deps, { query }) => {
    const { name } = deps.platforms.get(query.platform);
    return { groups: grouped(await listTags(deps.db, name)) };
  }),
  route(contactApi.markTags, async (deps, { caller, params, body }) =>
    viewContact(deps, caller, await markTags(deps, caller, params.id, body)),
  ),
  route(contactApi.saveRemark, async (deps, { caller, params, body }) =>
    viewContact(deps, caller, await saveRemark(deps, caller, params.id, body)),
  ),
  route(contactApi.revealPhones, async (deps, { caller, params }) => ({
    phones: await revealPhones(deps, caller, params.id),
  })),
  route(contactApi.optOut, (deps, { caller, params, body }) => setOptOut(deps, caller, params.id, body)),
  route(contactApi.optOutWords, (deps) => readOptOutWords(deps.db)),
  route(contactApi.saveOptOutWords, (deps, { caller, body }) => saveOptOutWords(deps, caller, body)),
];

function grouped(tags: Tag[]): { name: string; tags: TagView[] }[] {
  const groups = Map.groupBy(tags, ({ groupKey }) => groupKey);
  return [...groups.values()].map((members) => ({
    name: members[0]?.groupName ?? '',
    tags: members.map(({ id, name, groupName }) => ({ id, name, group: groupName })),
  }));
}
