export interface Change {
  field: string;
  by: string | null;
  at: string | null;
  after: string;
}

/** What a 409 says has changed meanwhile: `detail.changes`, of which only what can be read is taken. */
export function changesIn(detail: Record<string, unknown>): Change[] {
  const { changes } = detail;
  if (!Array.isArray(changes)) return [];
  return (changes as unknown[]).flatMap((change) => {
    const { field, by, at, after } = (change ?? {}) as Record<string, unknown>;
    if (typeof field !== 'string') return [];
    return [{ field, by: text(by), at: text(at), after: shown(after) }];
  });
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function shown(value: unknown): string {
  if (value === null || value === undefined) return '—';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}
