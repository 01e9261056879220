/** Where a page ended of a list that goes by a time, and by ids among those of one time. */
export interface PageEnd {
  at: Date;
  id: string;
}

export const writeCursor = ({ at, id }: PageEnd): string =>
  Buffer.from(`${at.getTime().toString(36)}.${id}`).toString('base64url');

/** Null for what was never handed out. Nine digits reach far enough, and not beyond what PostgreSQL can write. */
export function readCursor(cursor: string): PageEnd | null {
  const [, at, id] =
    /^([0-9a-z]{1,9})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
      Buffer.from(cursor, 'base64url').toString(),
    ) ?? [];
  return at && id ? { at: new Date(Number.parseInt(at, 36)), id } : null;
}
