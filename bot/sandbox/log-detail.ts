const credential = /(token|ticket|secret|signature)$|^((welcome|response)_?)?code$/i;
const textMax = 600;
const listMax = 5;
const detailMax = 8000;

/** What was said, for a person to look at: credentials are hidden, long texts and lists cut. */
export function detailOf(said: Record<string, unknown>): string {
  return JSON.stringify(said, (key, value: unknown) => {
    if (credential.test(key)) return '***';
    if (typeof value === 'string' && value.length > textMax) return `${value.slice(0, textMax)}…`;
    if (Array.isArray(value) && value.length > listMax) {
      return [...(value as unknown[]).slice(0, listMax), `… ${value.length - listMax} more`];
    }
    return value;
  }).slice(0, detailMax);
}

export const hideWelcomeCode = (xml: string): string =>
  xml.replace(/(<(?:Welcome|Response)Code><!\[CDATA\[)[^\]]*/, (_, before: string) => `${before}***`);
