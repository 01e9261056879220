import type { Translated } from '#miniapp/i18n/i18n.ts';

/** The frame of the sandbox: its bars, its windows, what is asked before it forgets. */
export const pageZh = {
  title: '知客沙箱',
  strip: '沙箱：不会联系任何真实账号',
  opening: '正在打开沙箱…',
  lost: '与沙箱的连接断开了，正在重连…',
  'failed.open': '沙箱没有回应。确认 npm start 还在运行，然后重试。',
  retry: '重试',
  close: '关闭',
  cancel: '取消',

  as: '身份',
  'as.cast': '常用',
  dark: '深色模式',
  language: 'English',
  width: '侧边栏宽度',
  reset: '重置数据',
  'reset.ask': '重置后，沙箱里的公司、客户和聊天回到最初；产品数据库里的记录不受影响。',
  'reset.do': '确认重置',
  'reset.done': '沙箱已重置',

  panes: '窗口',
  'pane.wecom': '企业微信',
  'pane.sidebar': '侧边栏',
  'pane.phone': '客户手机',
  'pane.dingtalk': '经理钉钉',
  phones: '手机',
} as const;

export const pageEn: Translated<typeof pageZh> = {
  title: 'Zhike sandbox',
  strip: 'Sandbox: no real account is ever contacted',
  opening: 'Opening the sandbox…',
  lost: 'The connection to the sandbox is lost; trying again…',
  'failed.open': 'The sandbox does not answer. Make sure npm start is still running, then retry.',
  retry: 'Retry',
  close: 'Close',
  cancel: 'Cancel',

  as: 'Play as',
  'as.cast': 'Main cast',
  dark: 'Dark mode',
  language: '中文',
  width: 'Sidebar width',
  reset: 'Reset data',
  'reset.ask':
    'The sandbox’s company, customers and chats go back to how they began; records in the product’s database stay.',
  'reset.do': 'Reset now',
  'reset.done': 'The sandbox was reset',

  panes: 'Windows',
  'pane.wecom': 'WeCom',
  'pane.sidebar': 'Sidebar',
  'pane.phone': 'Customer’s phone',
  'pane.dingtalk': 'DingTalk',
  phones: 'Phones',
};
