import type { DocumentView } from '#server/knowledge/knowledge-api.ts';
import type { FileLimits, FileView, fileKinds } from '#server/material/material-api.ts';
import { api } from './api.ts';
import { ApiError } from './api-error.ts';
import { addressOf, answerIn } from './call.ts';

export type FileKind = (typeof fileKinds)[number];

/** A file on its way to the server. */
export interface Upload<Answer = FileView> {
  done: Promise<Answer>;
  cancel(): void;
}

export const uploadFile = (kind: FileKind, file: File, tell: (percent: number) => void): Upload =>
  send(addressOf(api.uploadMaterial.path, { query: { kind, name: file.name } }), file, tell);

/** As a new document, or as the next version of one. */
export const uploadDocument = (
  file: File,
  documentId: string | null,
  tell: (percent: number) => void,
): Upload<DocumentView> => {
  const query = { name: file.name, ...(documentId ? { id: documentId } : {}) };
  return send(addressOf(api.uploadDocument.path, { query }), file, tell);
};

/** By XMLHttpRequest: fetch does not say how far it is. */
function send<Answer>(address: string, file: File, tell: (percent: number) => void): Upload<Answer> {
  const request = new XMLHttpRequest();
  const sentAt = performance.now();
  const done = new Promise<Answer>((resolve, reject) => {
    const fail = (code: string, said: string) => reject(new ApiError(code, said, 0, null));
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) tell(Math.round((event.loaded / event.total) * 100));
    });
    request.addEventListener('error', () => fail('offline', 'The server could not be reached.'));
    request.addEventListener('abort', () => fail('cancelled', 'Taken back.'));
    request.addEventListener('load', () => {
      const { status, responseText } = request;
      const ok = status >= 200 && status < 300;
      const requestId = request.getResponseHeader('X-Request-Id');
      try {
        resolve(answerIn({ sentAt, ok, status, requestId, text: responseText }) as Answer);
      } catch (error) {
        reject(error);
      }
    });
    request.open('POST', address);
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}

export type FileProblem = { what: 'empty' } | { what: 'size'; bytesMax: number } | { what: 'type'; types: string[] };

/** Why a file cannot be taken, as far as it can be seen before it is sent. */
export function problemOf(kind: FileKind, file: File, limits: FileLimits | undefined): FileProblem | null {
  if (file.size === 0) return { what: 'empty' };
  const limit = limits?.[kind];
  if (!limit) return null;
  if (limit.types.length > 0 && !limit.types.includes(file.type)) return { what: 'type', types: limit.types };
  return file.size > limit.bytesMax ? { what: 'size', bytesMax: limit.bytesMax } : null;
}
