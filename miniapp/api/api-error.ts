/** What an answer that is no answer looks like to a screen. `offline` and `timeout` never reached the server or came back. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly status: number;
  readonly requestId: string | null;
  readonly detail: Record<string, unknown>;

  constructor(
    code: string,
    message: string,
    status: number,
    requestId: string | null,
    detail: Record<string, unknown> = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.detail = detail;
  }
}

export const isApiError = (error: unknown, status?: number): error is ApiError =>
  error instanceof ApiError && (status === undefined || error.status === status);

/** Worth another try by itself: nothing was decided. */
export const isPassing = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 502);
