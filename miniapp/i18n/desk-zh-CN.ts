/** What the desk's newer screens say, beside zh-CN.ts and inbox-zh-CN.ts. */
export const deskZhCN = {
  'refused.handover.state': '这个交接已经变了。已显示最新状态。',
  'refused.handover.stale': '刚才有人改了这个交接，请看最新内容再决定。',
  'refused.handover.unknown': '找不到这个交接，或者它不在你的管理范围内。',
  'refused.handover.member': '交出人和接手人都要在你的部门内，接手人还要在职。',
  'refused.handover.giver_takes': '交出人不能同时是接手人，请另选一位。',
  'refused.handover.nothing': '现在没有可以交接的内容，请看原因并调整计划。',
  'refused.handover.nothing_to_retry': '没有需要重试的内容。',
  'refused.handover.item_unknown': '其中有的已不在这位成员名下，请重新加载。',
  'refused.handover.item_twice': '同一项不能交给两个人，请只选一位接手人。',
  'refused.handover.request_key': '这次提交与之前的冲突，请刷新后再试。',
} as const;
