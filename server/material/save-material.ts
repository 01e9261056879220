import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once } from '#server/base/once.ts';
import { Refusal, RequestInvalid } from '#server/base/refusal.ts';
import { variables, type MaterialContent } from './material-api.ts';
import { insertMaterial, changeMaterial, getMaterial, type Material, type MaterialDraft } from './material-store.ts';
import { variableProblems } from './message-content.ts';
import { contentProblems } from './resolve-content.ts';

export async function createMaterial(
  deps: Deps,
  caller: Caller,
  { requestKey, ...draft }: MaterialDraft & { requestKey?: string | undefined },
): Promise<Material> {
  const asked = { memberId: caller.memberId, requestKey, deed: 'material.create', content: draft };
  return once(deps, asked, {
    async first(take) {
      await check(deps, draft.content);
      return deps.db.$transaction((tx) =>
        take(tx, async () => {
          const at = deps.now();
          const made = await insertMaterial(tx, plain(draft), { createdBy: caller.memberId, at });
          await note(tx, caller, made.id, 'material.created', draft);
          return made;
        }),
      );
    },
    again: (id) => getMaterial(deps.db, id),
  });
}

/** `version` is the one the caller saw. Messages frozen with the material keep what they had. */
export async function editMaterial(
  deps: Deps,
  caller: Caller,
  id: string,
  { version, ...draft }: MaterialDraft & { version: number },
): Promise<Material> {
  await check(deps, draft.content);
  return deps.db.$transaction(async (tx) => {
    const changed = await changeMaterial(tx, { id, version }, { ...plain(draft), updatedAt: deps.now() });
    if (changed) {
      await note(tx, caller, id, 'material.changed', draft);
      return changed;
    }
    await getMaterial(tx, id);
    throw new Refusal('material.stale', 'Somebody changed this material just now. Look at it and save again.', 409);
  });
}

/** Whoever edits it at the same moment does not keep it in use. */
export async function archiveMaterial(deps: Deps, caller: Caller, id: string, archived: boolean): Promise<Material> {
  const changed = await deps.db.$transaction(async (tx) => {
    const before = await getMaterial(tx, id);
    if ((before.archivedAt !== null) === archived) return before;
    const at = deps.now();
    const change = { archivedAt: archived ? at : null, updatedAt: at };
    const material = await changeMaterial(tx, { id, version: before.version }, change);
    if (material) await note(tx, caller, id, archived ? 'material.archived' : 'material.restored', before);
    return material;
  });
  return changed ?? archiveMaterial(deps, caller, id, archived);
}

/** Whatever platform it will go to. */
async function check(deps: Deps, content: MaterialContent): Promise<void> {
  if (content.kind === 'text') {
    const problems = variableProblems(content.text, variables, 'body.content.text');
    if (problems.length > 0) throw new RequestInvalid(problems);
    return;
  }
  const takers = deps.platforms.all.filter(({ media, groupSends }) => media ?? groupSends);
  for (const platform of takers.length > 0 ? takers : [null]) {
    const problems = await contentProblems(deps.db, content, platform);
    if (problems.length > 0)
      throw new RequestInvalid(problems.map(({ path, message }) => ({ path: `body.content.${path}`, message })));
  }
}

function plain(draft: MaterialDraft): MaterialDraft {
  return { ...draft, tags: [...new Set(draft.tags)] };
}

async function note(
  tx: Parameters<typeof recordAudit>[0],
  caller: Caller,
  id: string,
  action: string,
  { title }: { title: string },
): Promise<void> {
  await recordAudit(tx, { memberId: caller.memberId, action, subject: `material:${id}`, detail: { title } });
}
