import type { MaterialContent, MaterialView } from '#server/material/material-api.ts';
import { api } from '#miniapp/api/api.ts';
import { copyText, type Host, type HostMessage, type SendResult } from '#miniapp/host/host.ts';
import { t } from '#miniapp/i18n/i18n.ts';

export interface Names {
  member: string;
  contact: string;
}

export const fillNames = (text: string, { member, contact }: Names): string =>
  text.replace(/\{member\}/g, () => member).replace(/\{contact\}/g, () => contact);

/** What can stand on the clipboard instead; null: nothing of it can. */
export function copyOf(content: MaterialContent, names: Names): string | null {
  switch (content.kind) {
    case 'text':
      return fillNames(content.text, names);
    case 'link':
      return `${content.title}\n${content.url}`;
    default:
      return null;
  }
}

/** The cover of a mini program must be a public address, which ours are not. */
export const isSendable = ({ kind }: Pick<MaterialView, 'kind'>): boolean => kind !== 'app';

/** Sends one material into the open chat. Null: it left; else what to say of it. `cancelled` says nothing. */
export async function sendMaterial(
  host: Host,
  material: MaterialView,
  names: Names,
): Promise<string | 'cancelled' | null> {
  const { id, title: name } = material;
  const use = () => api.useMaterial({ params: { id }, body: { platform: host.platform } });
  const isFile = material.content.kind !== 'text' && material.content.kind !== 'link';
  // A file needs the key the platform keeps it by; of the others the use is counted once they have left.
  const used = isFile ? await use() : null;
  const message = messageOf(used?.content ?? material.content, used?.mediaKey ?? null, names);
  if (!message) return t('send.problem.noKey', { name });
  const result = await host.send(message).catch((): SendResult => 'failed');
  if (result === 'sent') {
    if (!isFile) use().catch(() => null);
    return null;
  }
  if (result === 'cancelled') return 'cancelled';
  if (result !== 'no_permission') return problem(result, name);
  const text = copyOf(material.content, names);
  return text !== null && (await copyText(text)) ? t('send.problem.copied', { name }) : problem(result, name);
}

function messageOf(content: MaterialContent, mediaKey: string | null, names: Names): HostMessage | null {
  switch (content.kind) {
    case 'text':
      return { kind: 'text', text: fillNames(content.text, names) };
    case 'link': {
      const { title, description, url, pictureUrl } = content;
      return { kind: 'link', title, description, url, pictureUrl };
    }
    case 'image':
    case 'video':
    case 'file':
      return mediaKey === null ? null : { kind: content.kind, mediaKey };
    case 'app':
      return null;
  }
  return content satisfies never;
}

function problem(result: 'no_permission' | 'no_context' | 'failed' | 'unknown', name: string): string {
  switch (result) {
    case 'no_permission':
      return t('send.problem.no_permission', { name });
    case 'no_context':
      return t('send.problem.no_context');
    case 'failed':
      return t('send.problem.failed', { name });
    case 'unknown':
      return t('send.problem.unknown', { name });
  }
  return result satisfies never;
}
