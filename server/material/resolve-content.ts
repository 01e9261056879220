import type { Db } from '#server/base/database.ts';
import type { Problem } from '#server/base/refusal.ts';
import type { Platform } from '#server/platform/platform.ts';
import { listFiles, type FileRow } from './file-store.ts';
import { type MaterialContent, type MessageContent, type Variable } from './material-api.ts';
import { listMaterialContents, type MaterialSource } from './material-store.ts';
import { variableProblems, type ResolvedContent } from './message-content.ts';

export interface Whereto {
  /** Whose limits it must keep; null checks none. */
  platform: Platform | null;
  /** Names known where it goes. */
  variables: readonly Variable[];
  /** Of the text as it is written, in UTF-8. */
  textBytesMax?: number;
}

/**
 * A message with its materials copied in, as it is frozen and hashed, and what is wrong with it. An attachment that is
 * wrong is not in `resolved`. Paths begin at the content: `attachments.2.materialId`.
 */
export async function resolveContent(
  db: Db,
  content: MessageContent,
  whereto: Whereto,
): Promise<{ resolved: ResolvedContent; problems: Problem[] }> {
  const problems = textProblems(content, whereto);
  const materials = await listMaterialContents(
    db,
    content.attachments.flatMap((one) => ('materialId' in one ? [one.materialId] : [])),
  );
  const found = content.attachments.map((one) =>
    'materialId' in one ? materialOf(materials, one.materialId) : { materialId: null, content: one.content },
  );
  const files = await listFiles(
    db,
    found.flatMap((one) => ('content' in one && 'fileId' in one.content ? [one.content.fileId] : [])),
  );

  const resolved: ResolvedContent = { text: content.text, attachments: [] };
  for (const [at, one] of found.entries()) {
    const path = `attachments.${at}`;
    if ('message' in one) {
      problems.push({ path: `${path}.materialId`, message: one.message });
      continue;
    }
    const file = ('fileId' in one.content ? files.get(one.content.fileId) : null) ?? null;
    const faults = [...fileFaults(one.content, file, whereto), ...lengthFaults(one.content, whereto)];
    const place = one.materialId ? `${path}.materialId` : `${path}.content`;
    problems.push(
      ...faults.map(({ field, message }) => ({ path: one.materialId ? place : `${place}.${field}`, message })),
    );
    if (faults.length === 0) resolved.attachments.push({ ...one, file });
  }
  return { resolved, problems };
}

/** What is wrong with one content; paths are its fields. */
export async function contentProblems(db: Db, content: MaterialContent, platform: Platform | null): Promise<Problem[]> {
  const files = await listFiles(db, 'fileId' in content ? [content.fileId] : []);
  const file = ('fileId' in content && files.get(content.fileId)) || null;
  const whereto = { platform, variables: [] };
  return [...fileFaults(content, file, whereto), ...lengthFaults(content, whereto)].map(({ field, message }) => ({
    path: field,
    message,
  }));
}

function textProblems(content: MessageContent, { variables, textBytesMax = Infinity }: Whereto): Problem[] {
  const problems = variableProblems(content.text, variables, 'text');
  if (content.text.trim() === '' && content.attachments.length === 0)
    problems.push({ path: 'text', message: 'There is nothing to say: write a text or attach something.' });
  if (Buffer.byteLength(content.text) > textBytesMax)
    problems.push({
      path: 'text',
      message: `A text has at most ${textBytesMax} bytes here; a Chinese character takes three.`,
    });
  return problems;
}

type Found = { materialId: string | null; content: MaterialContent } | { message: string };

function materialOf(materials: Map<string, MaterialSource>, materialId: string): Found {
  const material = materials.get(materialId);
  if (!material) return { message: 'There is no such material.' };
  if (material.archivedAt) return { message: `“${material.title}” is archived.` };
  return { materialId, content: material.content };
}

interface Fault {
  field: string;
  message: string;
}

/** What a content says of its file, and the platform of files of its kind. */
function fileFaults(content: MaterialContent, file: FileRow | null, { platform }: Whereto): Fault[] {
  const fault = (message: string) => [{ field: content.kind === 'text' ? 'kind' : 'fileId', message }];
  switch (content.kind) {
    case 'text':
      return fault('A text is no attachment: put it into the text.');
    case 'link':
      return [];
    case 'image':
    case 'video':
    case 'file':
    case 'app': {
      const kind = content.kind === 'app' ? 'image' : content.kind;
      if (!file) return fault('There is no such file: upload it again.');
      if (file.kind !== kind) return fault(`This file is of kind ${file.kind}; ${kind} is needed.`);
      if (!platform) return [];
      const limits = platform.media?.limits[kind];
      if (!limits) return fault('No files can be sent there.');
      if (file.size > limits.bytesMax) return fault(`A file of this kind has at most ${limits.bytesMax} bytes there.`);
      if (file.size < limits.bytesMin) return fault(`A file of this kind has at least ${limits.bytesMin} bytes there.`);
      if (limits.types.length > 0 && !limits.types.includes(file.type))
        return fault(`A file of this kind is one of ${limits.types.join(', ')} there.`);
      return [];
    }
  }
}

/** Platforms count in UTF-8 what the contract counts in characters. */
function lengthFaults(content: MaterialContent, { platform }: Whereto): Fault[] {
  const limits = platform?.groupSends?.limits;
  if (!limits) return [];
  const over = (field: string, text: string, bytesMax: number): Fault[] =>
    Buffer.byteLength(text) > bytesMax
      ? [{ field, message: `has at most ${bytesMax} bytes there; a Chinese character takes three.` }]
      : [];
  const { link, appTitleBytesMax } = limits;
  if (content.kind === 'app') return over('title', content.title, appTitleBytesMax);
  if (content.kind !== 'link') return [];
  return [
    ...over('title', content.title, link.titleBytesMax),
    ...over('description', content.description, link.descriptionBytesMax),
    ...over('url', content.url, link.urlBytesMax),
    ...over('pictureUrl', content.pictureUrl ?? '', link.urlBytesMax),
  ];
}
