/** What the manager's page says, beside zh-CN.ts. */
export const inboxZhCN = {
  'refused.host.dingtalk': '钉钉没有回应本页面，请关闭后重新打开。',
} as const;
