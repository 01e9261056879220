import { shanghaiTime } from '#server/base/shanghai.ts';
import { openSeats } from './seat.ts';
import type { Approval, HistoryEntry } from './approval.ts';

/** Where the whole of it is to be read. */
export const approvalPath = (id: string) => `/inbox.html#/approvals/${id}`;

/** Somebody to be told, and which words. */
export interface Told {
  memberId: string;
  /** `asked`: a card says the same, where one can be shown. */
  word: keyof typeof words;
}

/** Who is told of what was written down. Nobody is told what they did themselves. */
export function toldOf(approval: Approval, entry: HistoryEntry, opened: readonly string[], copies: string[]): Told[] {
  const { requesterId } = approval;
  const asked = () => openSeats(approval).map(({ memberId }) => memberId);
  const all = (word: Told['word'], memberIds: readonly string[]) =>
    [...new Set(memberIds)].filter((id) => id !== entry.memberId).map((memberId) => ({ memberId, word }));
  switch (entry.action) {
    case 'requested':
    case 'escalated':
    case 'transferred':
      return all('asked', opened);
    case 'approved':
      return approval.state === 'approved'
        ? all('approved', [requesterId, ...copies])
        : [...all('asked', opened), ...all('passed', [requesterId])];
    case 'rejected':
      return all('rejected', [requesterId, ...copies]);
    case 'expired':
      return all('expired', [requesterId]);
    case 'question_asked':
      return all('question', [requesterId]);
    case 'question_answered':
      return all('answered', asked());
    case 'reminded':
      return all('reminded', asked());
    case 'commented':
      return all('commented', [requesterId, ...asked()]);
    case 'form_failed':
      return all('form_failed', [requesterId]);
    case 'effect_failed':
      return all('effect_failed', [requesterId, ...(approval.decidedBy ? [approval.decidedBy] : [])]);
    case 'approved_by_rule':
    case 'withdrawn':
    case 'changed':
    case 'attachment_added':
    case 'attachment_viewed':
    case 'effect_done':
    case 'form_started':
      return [];
    default:
      return entry.action satisfies never;
  }
}

const words = {
  asked: { zh: '待你审批', en: 'For you to decide' },
  approved: { zh: '审批已通过', en: 'Approved' },
  passed: { zh: '审批通过一级，等待下一级', en: 'Approved on one level, waiting for the next' },
  rejected: { zh: '审批被拒绝', en: 'Rejected' },
  expired: { zh: '审批已过期', en: 'Expired undecided' },
  question: { zh: '审批人请你补充', en: 'You are asked for more' },
  answered: { zh: '申请人已补充，请重新看过', en: 'Answered: read it again' },
  reminded: { zh: '催办：待你审批', en: 'Reminder: for you to decide' },
  commented: { zh: '审批有新评论', en: 'A new comment' },
  form_failed: {
    zh: '审批表单没有发起成功，请撤回后联系管理员',
    en: 'The form could not be started: take it back and tell your admin',
  },
  effect_failed: { zh: '审批已通过，但没有生效', en: 'Approved, but it could not take effect' },
} as const;

/** In the language of whoever is told. */
export function approvalNotice(locale: string, word: Told['word'], approval: Approval, entry: HistoryEntry): string {
  const isEnglish = locale.startsWith('en');
  const line = (zh: string, en: string, text: string | null | undefined) =>
    text ? [isEnglish ? `${en}: ${text}` : `${zh}：${text}`] : [];
  const by = entry.memberId === null ? null : approval.names.get(entry.memberId);
  const saying = entry.action === 'requested' ? null : entry.text;
  const isAsking = ['asked', 'reminded', 'answered'].includes(word);
  const due = isAsking && approval.expiresAt ? shanghaiTime(approval.expiresAt) : null;
  return [
    `${words[word][isEnglish ? 'en' : 'zh']}${isEnglish ? ': ' : '：'}${approval.title}`,
    ...(isAsking ? line('申请人', 'Asked by', approval.names.get(approval.requesterId)) : []),
    ...(isAsking ? line('理由', 'Why', approval.reason) : []),
    ...(['approved', 'rejected', 'passed', 'question', 'commented'].includes(word) ? line('来自', 'From', by) : []),
    ...(word === 'asked' ? [] : line('说明', 'Note', saying)),
    ...line('截止', 'Until', due),
  ].join('\n');
}
