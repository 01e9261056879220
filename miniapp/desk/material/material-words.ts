import type { FileView, MaterialContent, MaterialKind } from '#server/material/material-api.ts';
import { learnWords, t, type MessageKey } from '#miniapp/i18n/i18n.ts';
import { materialEn } from '#miniapp/i18n/material-en.ts';
import { materialZhCN } from '#miniapp/i18n/material-zh-CN.ts';

learnWords({ 'zh-CN': materialZhCN, en: materialEn });

export const kinds = ['text', 'image', 'video', 'file', 'link', 'app'] as const satisfies readonly MaterialKind[];
export const ATTACHMENTS_MAX = 9;
const plain = t as (key: MessageKey) => string;

const kindKeys: Record<MaterialKind, MessageKey> = {
  text: 'material.kind.text',
  image: 'material.kind.image',
  video: 'material.kind.video',
  file: 'material.kind.file',
  link: 'material.kind.link',
  app: 'material.kind.app',
};
export const kindWord = (kind: MaterialKind): string => plain(kindKeys[kind]);

export function sizeWord(bytes: number): string {
  if (bytes < 1024) return t('material.bytes', { n: bytes });
  if (bytes < 1024 * 1024) return t('material.kib', { n: Math.round(bytes / 1024) });
  return t('material.mib', { n: Math.round((bytes / 1024 / 1024) * 10) / 10 });
}

/** image/jpeg → JPEG: what a marketer calls a type. */
export const typeWords = (types: readonly string[]): string =>
  types.map((type) => type.split('/').pop()?.toUpperCase() ?? type).join(t('list.comma'));

/** What a content without a title of its own is called. */
export function titleOf(content: MaterialContent, file: FileView | null | undefined): string {
  switch (content.kind) {
    case 'text':
      return content.text.length > 40 ? `${content.text.slice(0, 40)}…` : content.text;
    case 'image':
    case 'video':
    case 'file':
      return file?.name ?? kindWord(content.kind);
    case 'link':
    case 'app':
      return content.title;
  }
  return content satisfies never;
}

export const fileUrl = (fileId: string): string => `/api/material-files/${encodeURIComponent(fileId)}`;

const encoder = new TextEncoder();
export const bytesOf = (text: string): number => encoder.encode(text).length;
