import { onScopeDispose, reactive } from 'vue';
import { isApiError } from '#miniapp/api/api-error.ts';
import { uploadDocument, type Upload } from '#miniapp/api/upload.ts';
import { problemOf } from './knowledge-words.ts';

export interface Sending {
  key: number;
  name: string;
  percent: number;
  /** Not sent, and why. */
  problem: string | null;
  error: unknown;
}

/** Files on their way, one after the other; what went wrong with one stays until it is waved aside. */
export function useUploads(done: (title: string) => void) {
  const all = reactive<Sending[]>([]);
  const waiting: { file: File; documentId: string | null; sending: Sending }[] = [];
  let current: { key: number; upload: Upload<unknown> } | null = null;
  let keys = 0;

  function add(files: Iterable<File>, documentId: string | null = null): void {
    for (const file of files) {
      const problem = problemOf(file);
      const sending = reactive<Sending>({ key: (keys += 1), name: file.name, percent: 0, problem, error: undefined });
      all.push(sending);
      if (problem === null) waiting.push({ file, documentId, sending });
    }
    void next();
  }

  async function next(): Promise<void> {
    if (current) return;
    const one = waiting.shift();
    if (!one) return;
    const { sending } = one;
    const upload = uploadDocument(one.file, one.documentId, (percent) => (sending.percent = percent));
    current = { key: sending.key, upload };
    try {
      const { title } = await upload.done;
      drop(sending.key);
      done(title);
    } catch (error) {
      if (isApiError(error) && error.code === 'cancelled') drop(sending.key);
      else sending.error = error;
    }
    current = null;
    void next();
  }

  function drop(key: number): void {
    const at = all.findIndex((sending) => sending.key === key);
    if (at >= 0) all.splice(at, 1);
  }

  /** Stops one under way, takes back one that waits, or waves one aside that failed. */
  function stop(key: number): void {
    if (current?.key === key) return current.upload.cancel();
    const at = waiting.findIndex(({ sending }) => sending.key === key);
    if (at >= 0) waiting.splice(at, 1);
    drop(key);
  }

  onScopeDispose(() => {
    waiting.length = 0;
    current?.upload.cancel();
  });
  return { all, add, stop };
}
