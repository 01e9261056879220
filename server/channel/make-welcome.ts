import { setTimeout as sleep } from 'node:timers/promises';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { variables, type MessageContent, type Variable } from '#server/material/material-api.ts';
import type { ResolvedContent } from '#server/material/message-content.ts';
import { resolveContent } from '#server/material/resolve-content.ts';
import { toAttachment } from '#server/material/to-contact-message.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ContactMessage, MessageAttachment } from '#server/platform/message.ts';
import type { Platform } from '#server/platform/platform.ts';
import { companyWelcome } from './choose-welcome.ts';
import { welcomeText } from './welcome.ts';

export interface ReadyWelcome {
  message: ContactMessage;
  /** What of the content is in it. */
  sent: ResolvedContent;
  /** What is not, and why. */
  leftOut: string[];
}

/** A code is good for 20 s, and most of them are the platform's: an upload that takes longer goes on for the next contact. */
const UPLOADS_MS_MAX = 3000;

/**
 * The welcome as it can leave now. An attachment that is archived, was lost or is not uploaded in time is left out, for a
 * welcome without its picture is better than none; when nothing is left, the company's words go instead. Null when there
 * is nothing to say at all.
 */
export async function makeWelcome(
  deps: Deps,
  platform: Platform,
  content: MessageContent,
  namesIn: (text: string) => Promise<Record<Variable, string>>,
): Promise<ReadyWelcome | null> {
  const { welcomeBytesMax } = platform.capabilities;
  const render = async (text: string) => welcomeText(text, await namesIn(text), welcomeBytesMax);
  const text = await render(content.text);
  if (content.attachments.length === 0)
    return text === '' ? null : { message: { text, attachments: [] }, sent: { text, attachments: [] }, leftOut: [] };

  const { resolved, problems } = await resolveContent(deps.db, content, { platform, variables });
  const leftOut = problems.map(({ path, message }) => `${path}: ${message}`);
  const patience = new AbortController();
  const late = sleep(UPLOADS_MS_MAX, 'not uploaded in time', { signal: patience.signal, ref: false }).catch(() => '');
  const made = await Promise.all(
    resolved.attachments.map((one) => Promise.race([toAttachment(deps, platform, one).catch(whyNot), late])),
  );
  patience.abort();

  const attachments: MessageAttachment[] = [];
  const sent: ResolvedContent = { text: content.text, attachments: [] };
  for (const [at, one] of resolved.attachments.entries()) {
    const ready = made[at];
    if (typeof ready === 'object') {
      attachments.push(ready);
      sent.attachments.push(one);
    } else leftOut.push(`${one.file?.name ?? one.content.kind}: ${ready}`);
  }
  if (text !== '' || attachments.length > 0) return { message: { text, attachments }, sent, leftOut };
  const company = await companyWelcome(deps);
  const spoken = await render(company?.text ?? '');
  return spoken === ''
    ? null
    : { message: { text: spoken, attachments: [] }, sent: { text: spoken, attachments: [] }, leftOut };
}

/** Whatever it is, it is not for the contact to wait for. */
function whyNot(error: unknown): string {
  if (error instanceof PlatformError) return [error.call, error.kind, error.code].filter(Boolean).join(' ');
  return error instanceof Refusal ? error.code : 'failed on our side';
}
