import type { FileView, MaterialContent, MaterialKind } from '#server/material/material-api.ts';
import { t } from '#miniapp/i18n/i18n.ts';

/** A content while it is filled in: every kind's fields, so that changing the kind loses nothing. */
export interface ContentDraft {
  kind: MaterialKind;
  text: string;
  file: FileView | null;
  fileId: string | null;
  title: string;
  description: string;
  url: string;
  pictureUrl: string;
  appId: string;
  page: string;
}

export function draftOf(
  content: MaterialContent | null,
  kind: MaterialKind,
  file: FileView | null = null,
): ContentDraft {
  const draft: ContentDraft = {
    kind,
    text: '',
    file,
    fileId: null,
    title: '',
    description: '',
    url: '',
    pictureUrl: '',
    appId: '',
    page: '',
  };
  return content
    ? Object.assign(draft, content, 'pictureUrl' in content && { pictureUrl: content.pictureUrl ?? '' })
    : draft;
}

export type ContentField = 'text' | 'file' | 'title' | 'url' | 'pictureUrl' | 'appId' | 'page';
export type ContentProblems = Partial<Record<ContentField, string>>;

const isWebUrl = (text: string): boolean => {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
};
const TITLE_MAX = { link: 64, app: 32 };

/** The content, or what is wrong with its fields. */
export function contentOf(draft: ContentDraft): { content: MaterialContent } | { problems: ContentProblems } {
  const problems: ContentProblems = {};
  const { kind, fileId } = draft;
  const trimmed = (field: 'text' | 'title' | 'url' | 'appId' | 'page'): string => {
    const text = draft[field].trim();
    if (text === '') problems[field] = t('field.needed');
    return text;
  };
  const title = (max: number): string => {
    const text = trimmed('title');
    if (text.length > max) problems.title = t('field.long', { max });
    return text;
  };
  const file = (): string => {
    if (fileId === null) problems.file = t('file.needed');
    return fileId ?? '';
  };
  const made = make();
  return Object.keys(problems).length > 0 ? { problems } : { content: made };

  function make(): MaterialContent {
    switch (kind) {
      case 'text':
        return { kind, text: trimmed('text') };
      case 'image':
      case 'video':
      case 'file':
        return { kind, fileId: file() };
      case 'link': {
        const url = trimmed('url');
        const pictureUrl = draft.pictureUrl.trim();
        if (url !== '' && !isWebUrl(url)) problems.url = t('field.urlWrong');
        if (pictureUrl !== '' && !isWebUrl(pictureUrl)) problems.pictureUrl = t('field.urlWrong');
        return {
          kind,
          title: title(TITLE_MAX.link),
          description: draft.description.trim(),
          url,
          pictureUrl: pictureUrl === '' ? null : pictureUrl,
        };
      }
      case 'app': {
        const appId = trimmed('appId');
        if (appId !== '' && !/^wx[0-9a-f]{16}$/.test(appId)) problems.appId = t('field.appIdWrong');
        return { kind, title: title(TITLE_MAX.app), appId, page: trimmed('page'), fileId: file() };
      }
    }
    return kind satisfies never;
  }
}
