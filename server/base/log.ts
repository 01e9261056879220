import { pino, type DestinationStream, type LoggerOptions } from 'pino';
import { plainError } from './plain-error.ts';

/**
 * All that a line says beside its words: ids, codes and numbers. Names, phones, texts, addresses with codes in them and
 * credentials never belong in one, so there is no field for them.
 */
const fields = [
  'requestId',
  'method',
  'route',
  'status',
  'ms',
  'job',
  'platform',
  'attempts',
  'event',
  'kind',
  'state',
  'useCase',
  'reason',
  'sourceId',
  'from',
  'to',
  'count',
  'port',
] as const;

export type LogAbout = { err?: unknown } & { [Field in (typeof fields)[number]]?: string | number | undefined };
type Say = (about: LogAbout, what: string) => void;
export interface Log {
  debug: Say;
  info: Say;
  warn: Say;
  error: Say;
}

const known: ReadonlySet<string> = new Set(['err', ...fields]);

export function makeLog(level: string, to?: DestinationStream): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    // The type says the same, but not to everyone: what is spread into a line is not checked.
    formatters: { log: (about) => Object.fromEntries(Object.entries(about).filter(([field]) => known.has(field))) },
    serializers: { err: plainError },
  };
  return to ? pino(options, to) : pino(options);
}
