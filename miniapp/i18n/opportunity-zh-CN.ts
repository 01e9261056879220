/** What the tab of opportunities says; it comes with the tab. */
export const opportunityZhCN = {
  'refused.opportunity.unknown': '找不到这个商机，可能已被删除，或不在你的可见范围。',
  'refused.opportunity.stale': '有人刚改过这个商机。',
  'refused.opportunity.gate': '进入这个阶段前，还有信息没填。',
  'refused.opportunity.same_stage': '已经在这个阶段了。',
  'refused.opportunity.closed': '这个商机已经结束，请先重新打开。',
  'refused.opportunity.reopen': '输单由负责人或上级重新打开，赢单由经理、总监或管理员重新打开。',
  'refused.opportunity.outcome': '请写明赢单或输单的原因。',
  'refused.opportunity.no_exception': '赢单必须有金额，不能例外。',
} as const;
