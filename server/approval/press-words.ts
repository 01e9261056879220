import type { Refusal } from '#server/base/refusal.ts';
import { shanghaiTime } from '#server/base/shanghai.ts';

/** What somebody is told whose press on a card changed nothing. */
export function pressWords(locale: string, refusal: Refusal): string {
  const say = locale.startsWith('en') ? english : chinese;
  const detail = refusal.detail ?? {};
  const by = named(detail['by']);
  const at = typeof detail['at'] === 'string' ? shanghaiTime(new Date(detail['at'])) : '';
  switch (refusal.code) {
    case 'approval.already_decided':
      return say.decided(by ?? say.rule, at, detail['decision'] === 'rejected' ? say.rejected : say.approved);
    case 'approval.not_asked':
      return say.notAsked(listed(detail['asked']).join(say.and) || say.nobody);
    case 'approval.withdrawn':
      return say.withdrawn;
    case 'approval.expired':
      return say.expired;
    case 'approval.changed':
      return say.changed;
    case 'approval.own_request':
      return say.own;
    case 'approval.in_form':
      return say.inForm;
    default:
      return say.other;
  }
}

function named(person: unknown): string | null {
  const name = (person as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' && name !== '' ? name : null;
}

function listed(people: unknown): string[] {
  return Array.isArray(people) ? people.flatMap((person) => named(person) ?? []) : [];
}

const chinese = {
  decided: (by: string, at: string, how: string) => `这条审批已由${by}于 ${at} ${how}，你的操作没有生效。`,
  notAsked: (who: string) => `这条审批没有请你处理，当前处理人：${who}。你的操作没有生效。`,
  withdrawn: '申请人已撤回这条审批，无需处理。',
  expired: '这条审批已过期，无需处理。',
  changed: '申请内容在你看过之后有变化，请打开重新阅读后再决定。',
  own: '不能审批自己的申请，请由他人处理。',
  inForm: '这条审批在公司的审批表单里决定，请到表单中处理。',
  other: '这次操作没有生效，请打开审批查看。',
  rule: '系统规则',
  nobody: '无',
  and: '、',
  approved: '同意',
  rejected: '拒绝',
};

const english: typeof chinese = {
  decided: (by, at, how) => `This was already ${how} by ${by} at ${at}. Your press changed nothing.`,
  notAsked: (who) => `You are not asked about this. Asked now: ${who}. Your press changed nothing.`,
  withdrawn: 'Whoever asked took it back. Nothing is left to decide.',
  expired: 'The time to decide this is over.',
  changed: 'What is asked has changed since you read it. Open it, read it again and decide.',
  own: 'Nobody decides what they asked for themselves. Let somebody else decide.',
  inForm: 'This is decided on the company’s form in the messenger.',
  other: 'Your press changed nothing. Open the approval to see how it stands.',
  rule: 'a rule',
  nobody: 'nobody',
  and: ', ',
  approved: 'approved',
  rejected: 'rejected',
};
