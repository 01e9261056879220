import { ApiError } from '#miniapp/api/api-error.ts';
import { isMessageKey, language, t, type MessageKey } from '#miniapp/i18n/i18n.ts';

/** An error in words a rep can act on, in the reader's language. What the client's bridge says is for the helpdesk only. */
export function sentenceOf(error: unknown): { text: string; requestId: string | null } {
  if (!(error instanceof ApiError)) return { text: t('error.unknown'), requestId: null };
  return { text: textOf(error), requestId: error.requestId };
}

function textOf(error: ApiError): string {
  const known = `refused.${error.code}`;
  if (isMessageKey(known)) return (t as (key: MessageKey) => string)(known);
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
      return t('error.invalid');
    default:
      return byStatus(error);
  }
}

/** A refusal these pages have no words for: the server's own are English. */
function byStatus(error: ApiError): string {
  if (error.status >= 500) return t('error.internal');
  if (language.locale === 'en') return error.message;
  switch (error.status) {
    case 401:
      return t('error.session');
    case 403:
      return t('error.right');
    case 404:
      return t('error.gone');
    case 409:
      return t('error.conflict');
    case 429:
      return t('error.busy');
    default:
      return t('error.refused', { text: error.message });
  }
}
