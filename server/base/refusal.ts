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
