import type { ApprovalKind, approvalStates, risks } from './approval-api.ts';

export interface Words {
  kinds: Record<ApprovalKind, string>;
  states: Record<Exclude<(typeof approvalStates)[number], 'pending'>, string>;
  risks: Record<(typeof risks)[number], string>;
  /** How much is asked for; null where the amount says it. */
  measures: Record<ApprovalKind, { label: string; unit: string } | null>;
  who: string;
  customer: string;
  amount: string;
  why: string;
  when: string;
  asked: string;
  says: string;
  approve: string;
  reject: string;
  look: string;
  passedOn: string;
  yours: string;
  closed: string;
  colon: string;
}

export const chinese: Words = {
  kinds: {
    discount: '折扣审批',
    contract_terms: '合同条款审批',
    customer_transfer: '客户交接审批',
    stage_exception: '阶段例外审批',
    sensitive_reveal: '查看敏感信息审批',
    broadcast: '群发审批',
  },
  states: { approved: '已同意', rejected: '已拒绝', withdrawn: '已撤回', expired: '已过期' },
  risks: { low: '', medium: '请核对后再决定', high: '高风险：请打开查看后再决定' },
  measures: {
    discount: { label: '折扣', unit: ' %' },
    contract_terms: null,
    customer_transfer: { label: '交接数量', unit: ' 位' },
    stage_exception: null,
    sensitive_reveal: { label: '有效时长', unit: ' 小时' },
    broadcast: { label: '触达人数', unit: ' 人' },
  },
  who: '申请人',
  customer: '客户',
  amount: '金额',
  why: '原因',
  when: '时间',
  asked: '待补充',
  says: '内容',
  approve: '同意',
  reject: '拒绝',
  look: '查看',
  passedOn: '已转交他人处理',
  yours: '你已同意，等待其他人',
  closed: '已无需你处理',
  colon: '：',
};

export const english: Words = {
  kinds: {
    discount: 'Discount',
    contract_terms: 'Contract terms',
    customer_transfer: 'Hand-over',
    stage_exception: 'Stage exception',
    sensitive_reveal: 'Reveal a sensitive field',
    broadcast: 'Broadcast',
  },
  states: { approved: 'Approved', rejected: 'Rejected', withdrawn: 'Withdrawn', expired: 'Expired' },
  risks: { low: '', medium: 'Check before you decide', high: 'High risk: open and read before you decide' },
  measures: {
    discount: { label: 'Discount', unit: ' %' },
    contract_terms: null,
    customer_transfer: { label: 'How many', unit: '' },
    stage_exception: null,
    sensitive_reveal: { label: 'For', unit: ' h' },
    broadcast: { label: 'People', unit: '' },
  },
  who: 'Asked by',
  customer: 'Customer',
  amount: 'Amount',
  why: 'Why',
  when: 'Asked',
  asked: 'Waits for',
  says: 'Text',
  approve: 'Approve',
  reject: 'Reject',
  look: 'Open',
  passedOn: 'Passed on to somebody else',
  yours: 'You approved; others are still asked',
  closed: 'Nothing left for you to do',
  colon: ': ',
};
