import { isApiError } from './api-error.ts';
import { makeKey } from './make-key.ts';

/**
 * Sends what must not be done twice: every try for the same `what` carries the same key until one is answered. Told that
 * the key was for something else, or that what it made is gone, the reader has seen it: the next try is a new request.
 */
export function makeOnce() {
  const keys = new Map<string, string>();
  return async <Answer>(ask: (requestKey: string) => Promise<Answer>, what = ''): Promise<Answer> => {
    const key = keys.get(what) ?? makeKey();
    keys.set(what, key);
    try {
      const answer = await ask(key);
      keys.delete(what);
      return answer;
    } catch (error) {
      if (isApiError(error, 404) || isKeyUsed(error)) keys.delete(what);
      throw error;
    }
  };
}

/** Something else was saved with the key before: no sign that anybody changed what is shown. */
export const isKeyUsed = (error: unknown): boolean => isApiError(error, 409) && error.code === 'request.key';
