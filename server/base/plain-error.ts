/** What may be told of an error, in a log or a table. */
export interface PlainError {
  name: string;
  message: string;
  code: unknown;
  stack: string;
}

/**
 * Without what it was about: drivers and parsers repeat the values they were given in the message, and keep them in
 * fields of their own. What is left says what went wrong and where.
 */
export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: typeof error, code: undefined, stack: '' };
  const { name } = error;
  const message = messageOf(error);
  const frames = error.stack?.match(/^ {4}at .*$/gm) ?? [];
  return { name, message, code: codeOf(error), stack: [`${name}: ${message}`, ...frames].join('\n') };
}

/** Platforms say what they refuse, now and then with the number they were given. */
const mobile = /(?<!\d)1[3-9]\d{9}(?!\d)/g;

function messageOf(error: Error): string {
  // Prisma shows what it was given, line by line, and what is wrong with it in the last line.
  const isPrisma = error.name.startsWith('PrismaClient');
  const message = isPrisma ? (error.message.trim().split('\n').at(-1) ?? '') : error.message;
  const said = quotesData(error) ? message.replace(/["'][^]*["']/, '"…"') : message;
  return said.replaceAll(mobile, '…');
}

/** SQLSTATE class 22 is about a value, and a parser about a text; other messages quote names of our own. */
function quotesData(error: Error): boolean {
  return error instanceof SyntaxError || sqlStateOf(error)?.startsWith('22') === true;
}

function sqlStateOf(error: Error): string | undefined {
  const { meta } = error as { meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } } };
  const code = meta?.driverAdapterError?.cause?.originalCode ?? codeOf(error);
  return typeof code === 'string' ? code : undefined;
}

function codeOf(error: Error): unknown {
  return (error as { code?: unknown }).code;
}
