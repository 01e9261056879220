import type { Deps } from '#server/base/deps.ts';
import { changeApproval } from './change-approval.ts';

/** What became of an approval's form, written down beside everything else. */
export async function noteForm(
  deps: Deps,
  approvalId: string,
  action: 'form_started' | 'form_failed',
  text: string | null,
): Promise<void> {
  await changeApproval(deps, approvalId, ({ revision }, at) => ({
    change: {},
    seats: [],
    history: [{ at, memberId: null, action, text, to: [], revision }],
  }));
}
