import { ApiError } from '#miniapp/api/api-error.ts';
import { t } from '#miniapp/i18n/i18n.ts';

/** An error in words a rep can act on. What the server says is meant to be read; what the client's bridge says is not. */
export function sentenceOf(error: unknown): { text: string; requestId: string | null } {
  if (!(error instanceof ApiError)) return { text: t('error.unknown'), requestId: null };
  return { text: textOf(error), requestId: error.requestId };
}

function textOf(error: ApiError): string {
  switch (error.code) {
    case 'offline':
      return t('error.offline');
    case 'timeout':
      return t('error.timeout');
    case 'host.failed':
      return t('error.host');
    case 'answer.unreadable':
    case 'internal':
      return t('error.internal');
    case 'request.invalid':
      return t('error.invalid', { text: error.message });
    default:
      return byStatus(error);
  }
}

function byStatus(error: ApiError): string {
  switch (error.status) {
    case 401:
      return t('error.session');
    case 403:
      return t('error.right', { text: error.message });
    case 404:
      return t('error.gone');
    case 409:
      return t('error.conflict', { text: error.message });
    case 429:
      return t('error.busy');
    default:
      return error.status >= 500 ? t('error.internal') : error.message;
  }
}
