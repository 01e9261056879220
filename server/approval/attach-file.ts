import { randomUUID } from 'node:crypto';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once } from '#server/base/once.ts';
import { Refusal } from '#server/base/refusal.ts';
import { attach, viewAttachment } from './approval-talk.ts';
import type { Approval } from './approval.ts';
import { countAttachmentsOf, findAttachment, insertAttachment } from './attachment-store.ts';
import { changeApproval, changeApprovalIn, tellOfChange } from './change-approval.ts';
import { getVisible } from './get-visible.ts';

const BYTES_MAX = 700 * 1024;
const ATTACHMENTS_MAX = 10;

/** Nothing a browser would run. */
const types =
  /^(application\/(pdf|msword|vnd\.ms-(excel|powerpoint)|vnd\.openxmlformats-officedocument\.[a-z.]+)|image\/(png|jpeg|gif|webp)|text\/(plain|csv))$/;

/** A file that goes with it. The requester's is part of what is asked: it must be read again. */
export async function attachFile(
  deps: Deps,
  caller: Caller,
  { requestKey, ...file }: { id: string; name: string; type: string; base64: string; requestKey?: string | undefined },
): Promise<Approval> {
  const { id: approvalId, name, type, base64 } = file;
  const { memberId } = caller;
  await getVisible(deps, caller, approvalId);
  if (!types.test(type)) throw wrongType();
  const bytes = Buffer.from(base64, 'base64').length;
  if (bytes === 0 || bytes > BYTES_MAX) throw tooLarge();
  const asked = { memberId, requestKey, deed: 'approval.attach', content: file };
  return once(deps, asked, {
    async first(take) {
      const { changed } = await deps.db.$transaction((tx) =>
        take(tx, async () => {
          const id = randomUUID();
          const changed = await changeApprovalIn(tx, deps, approvalId, (approval, now) =>
            attach(approval, memberId, { id, name }, now),
          );
          if ((await countAttachmentsOf(tx, approvalId)) >= ATTACHMENTS_MAX) throw tooMany();
          const row = { id, approvalId, name, type, bytes, base64, addedBy: memberId, at: deps.now() };
          await insertAttachment(tx, deps.cipher, row);
          return { id, changed };
        }),
      );
      await tellOfChange(deps, changed);
      return changed.approval;
    },
    again: async () => getVisible(deps, caller, approvalId),
  });
}

/** The file leaves only when the history says who looked at it. */
export async function readAttachment(
  deps: Deps,
  caller: Caller,
  { id: approvalId, attachmentId }: { id: string; attachmentId: string },
): Promise<{ name: string; type: string; base64: string }> {
  await getVisible(deps, caller, approvalId);
  const file = await findAttachment(deps.db, deps.cipher, { approvalId, id: attachmentId });
  if (!file) throw new Refusal('approval.attachment_unknown', 'There is no such file with this approval.', 404);
  await changeApproval(deps, approvalId, (approval, now) => viewAttachment(approval, caller.memberId, file, now));
  return { name: file.name, type: file.type, base64: file.base64 };
}

const wrongType = () =>
  new Refusal('approval.attachment_type', 'Only PDF, pictures, text and office documents go with it.', 422, {
    field: 'type',
  });
const tooLarge = () =>
  new Refusal('approval.attachment_size', 'The file must hold something, and 700 KB at most.', 413, {
    field: 'base64',
  });
const tooMany = () =>
  new Refusal('approval.attachments_max', `${ATTACHMENTS_MAX} files at most go with an approval.`, 422);
