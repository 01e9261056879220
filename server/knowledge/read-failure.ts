const readFailures = [
  'knowledge.empty',
  'knowledge.no_text',
  'knowledge.encrypted',
  'knowledge.wrong_extension',
  'knowledge.not_text',
  'knowledge.damaged',
  'knowledge.too_large_inside',
  'knowledge.too_long',
  'knowledge.too_slow',
] as const;
export type ReadFailureCode = (typeof readFailures)[number];

/** The file is what it is: reading it again brings the same. */
export class ReadFailure extends Error {
  override readonly name = 'ReadFailure';
  readonly code: ReadFailureCode;

  constructor(code: ReadFailureCode) {
    super(`The document cannot be read: ${code}`);
    this.code = code;
  }
}
