import { BytesAnswer, route, type Route } from '#server/base/http.ts';
import { Refusal } from '#server/base/refusal.ts';
import { listFiles, readFile } from './file-store.ts';
import { findWords, saveWords, viewWords } from './find-words.ts';
import { listMaterials } from './list-materials.ts';
import { materialApi } from './material-api.ts';
import { limitsOf } from './material.ts';
import { countFolders, getMaterial } from './material-store.ts';
import { archiveMaterial, createMaterial, editMaterial } from './save-material.ts';
import { uploadFile } from './upload-file.ts';
import { useMaterial } from './use-material.ts';
import { viewFile, viewMaterial, viewMaterials } from './view-material.ts';

export const materialRoutes: Route[] = [
  route(materialApi.list, async (deps, { query }) => {
    const { materials, nextAfter } = await listMaterials(deps, query);
    return { items: await viewMaterials(deps, materials), nextAfter };
  }),
  // Before the route of one material, whose id would take these words.
  route(materialApi.folders, (deps) => countFolders(deps.db)),
  route(materialApi.checkWords, async (deps, { body }) => ({ findings: await findWords(deps.db, body.text) })),
  route(materialApi.read, async (deps, { params }) => viewMaterial(deps, await getMaterial(deps.db, params.id))),
  route(materialApi.create, async (deps, { caller, body }) =>
    viewMaterial(deps, await createMaterial(deps, caller, body)),
  ),
  route(materialApi.edit, async (deps, { caller, params, body }) =>
    viewMaterial(deps, await editMaterial(deps, caller, params.id, body)),
  ),
  route(materialApi.archive, async (deps, { caller, params, body }) =>
    viewMaterial(deps, await archiveMaterial(deps, caller, params.id, body.archived)),
  ),
  route(materialApi.use, (deps, { caller, params, body }) => useMaterial(deps, caller, { ...params, ...body })),
  route(materialApi.upload, async (deps, { caller, query, ctx }) =>
    viewFile(await uploadFile(deps, caller, { ...query, request: ctx.req })),
  ),
  route(materialApi.file, async (deps, { params, ctx }) => {
    const { bytes, type, name } = (await readFile(deps.db, params.id)) ?? unknownFile();
    // The bytes of an id never change.
    ctx.set('Cache-Control', 'private, max-age=3600, immutable');
    return new BytesAnswer(bytes, type, name);
  }),
  route(materialApi.fileInfo, async (deps, { params }) =>
    viewFile((await listFiles(deps.db, [params.id])).get(params.id) ?? unknownFile()),
  ),
  route(materialApi.limits, async (deps) => limitsOf(deps.platforms.all)),
  route(materialApi.words, (deps) => viewWords(deps.db)),
  route(materialApi.saveWords, (deps, { caller, body }) => saveWords(deps, caller, body)),
];

function unknownFile(): never {
  throw new Refusal('material.file_unknown', 'There is no such file.', 404);
}
