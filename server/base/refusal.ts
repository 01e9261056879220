/**
 * "No", said so that the caller can understand it and act. Everything else that is thrown is a bug.
 * `code` is stable (`approval.already_decided`); `message` says what to do; `detail` is what the screen needs beside it.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly status: number;
  readonly detail: Record<string, unknown> | undefined;

  constructor(
    code: string,
    message: string,
    status: 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 503,
    detail?: Record<string, unknown>,
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.detail = detail;
  }
}

/** Where in what was sent something is wrong (`body.attachments.2`), and what. */
export interface Problem {
  path: string;
  message: string;
}

export class RequestInvalid extends Refusal {
  constructor(problems: readonly Problem[]) {
    const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    super('request.invalid', `Correct these and send again: ${said}`, 400, { problems });
  }
}
