import type { Deps } from '#server/base/deps.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import { listCardSubjects } from './card-subject-store.ts';
import { faceOf } from './card-face.ts';

/** Somebody is asked whom no card reaches: a message with the link has to do. One for each seat and content. */
export async function tellWithoutCard(deps: Deps, approvalId: string, memberIds: readonly string[]): Promise<void> {
  const subjects = await listCardSubjects(deps.db, deps.cipher, approvalId);
  const notices = subjects
    .filter(({ memberId, seat, state }) => memberIds.includes(memberId) && state === 'pending' && seat.state === 'open')
    .map((subject) => {
      const { title, lines } = faceOf('', deps.config.PUBLIC_URL, subject);
      return {
        key: `approval-asked:${approvalId}:${subject.memberId}:${subject.level}:${subject.revision}`,
        memberId: subject.memberId,
        text: [title, ...lines.map(({ label, text }) => `${label}：${text}`)].join('\n'),
        path: `/inbox.html#/approvals/${approvalId}`,
      };
    });
  await insertNotices(deps.db, deps.cipher, notices, deps.now());
  await deps.jobs.addAll(
    'send-notice',
    notices.map(({ key }) => ({ payload: { key }, options: { key } })),
  );
}
