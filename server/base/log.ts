import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';

export type Log = Logger;

/**
 * JSON lines with ids, codes and numbers. Names, phones, message texts and credentials never belong in one; what slips
 * into these well-known fields is cut here.
 */
export function makeLog(level: string, to?: DestinationStream): Log {
  const options: LoggerOptions = {
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
  };
  return to ? pino(options, to) : pino(options);
}

/** Message, code and stack only: errors of drivers carry the statement's parameters, which are customer data. */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name } = error;
  const message = messageOf(error);
  const frames = error.stack?.match(/^ {4}at .*$/gm) ?? [];
  return {
    name,
    message,
    code: (error as { code?: unknown }).code,
    stack: [`${name}: ${message}`, ...frames].join('\n'),
  };
}

/** Prisma shows what it was given, line by line, and what is wrong with it in the last line. */
function messageOf({ name, message }: Error): string {
  return name.startsWith('PrismaClient') ? (message.trim().split('\n').at(-1) ?? '') : message;
}
