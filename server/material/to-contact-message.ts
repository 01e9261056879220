import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { ContactMessage, MessageAttachment } from '#server/platform/message.ts';
import type { Platform } from '#server/platform/platform.ts';
import { deleteMedia } from './file-store.ts';
import type { Variable } from './material-api.ts';
import { renderText, type ResolvedAttachment, type ResolvedContent } from './message-content.ts';
import { renewMedia } from './renew-media.ts';

/**
 * The message as a platform takes it: names put in, files uploaded where it has none that lasts. What a platform says to
 * an upload is thrown as it came; nothing of the message has left then.
 */
export async function toContactMessage(
  deps: Deps,
  platform: Platform,
  { text, attachments }: ResolvedContent,
  names: Partial<Record<Variable, string>>,
): Promise<ContactMessage> {
  const ready: MessageAttachment[] = [];
  for (const one of attachments) ready.push(await toAttachment(deps, platform, one));
  return { text: renderText(text, names).trim(), attachments: ready };
}

export async function toAttachment(
  deps: Deps,
  platform: Platform,
  { content }: ResolvedAttachment,
): Promise<MessageAttachment> {
  switch (content.kind) {
    case 'image':
    case 'video':
    case 'file':
      return { kind: content.kind, media: await renewMedia(deps, platform, content.fileId) };
    case 'link': {
      const { kind, title, description, url, pictureUrl } = content;
      return { kind, title, description, url, pictureUrl };
    }
    case 'app': {
      const { kind, title, appId, page, fileId } = content;
      return { kind, title, appId, page, picture: await renewMedia(deps, platform, fileId) };
    }
    case 'text':
      throw new Refusal('material.text_attached', 'A text is no attachment.', 422);
  }
}

/** The platform said it no longer has a file of these (`not_found`): next time they are uploaded anew. */
export async function forgetMedia(deps: Deps, platform: Platform, { attachments }: ResolvedContent): Promise<void> {
  await deleteMedia(
    deps.db,
    platform.name,
    attachments.flatMap(({ file }) => (file ? [file.id] : [])),
  );
}
