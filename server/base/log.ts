import { pino, type Logger } from 'pino';

export type Log = Logger;

/**
 * JSON lines with ids, codes and numbers. Names, phones, message texts and credentials never belong in one; what slips
 * into these well-known fields is cut here.
 */
export function makeLog(level: string): Log {
  return pino({
    level,
    base: null,
    redact: {
      paths: [
        '*.access_token',
        '*.secret',
        '*.token',
        '*.authorization',
        '*.cookie',
        '*.text',
        '*.phone',
        '*.mobile',
        'headers',
        '*.headers',
      ],
      censor: '…',
    },
    serializers: { err: plainError },
  });
}

/** Message, code and stack only: errors of drivers carry the statement's parameters, which are customer data. */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  return { name: error.name, message: error.message, code: (error as { code?: unknown }).code, stack: error.stack };
}
