import type { Translated } from '#miniapp/i18n/i18n.ts';

/** The stories and the tour. */
export const storyZh = {
  stories: '故事',
  'story.1': '① 新客户询价',
  'story.2': '② 报价超权限待审批',
  'story.3': '③ 群发待审批',
  'story.4': '④ AI 不可用',
  'story.5': '⑤ 离线',
  'story.6': '⑥ 从错误入口打开',
  'story.7': '⑦ 限流 45009',
  'story.about': '故事说明',
  'hint.1':
    '周女士添加{member}并询价：侧边栏认出她，写出带出处的摘要、评分和下一步。点「替我演一遍」，或自己在两边打字。',
  'hint.2':
    '{member}想给的折扣超出权限：在侧边栏「商机」里提交，或点「替我演一遍」；经理在右边的钉钉卡片上同意或拒绝。',
  'hint.3':
    '市场部给一群客户发邀请：点「替我演一遍」提交审批，经理在右边的钉钉卡片上同意；员工在企业微信「群发助手」里确认，结果回到管理后台。',
  'hint.4': '模型回答 503。侧边栏留住上一次的摘要和评分，注明时间，其余功能照常。',
  'hint.5': '侧边栏断网：已读到的资料留在屏幕上，发送停用，联网后恢复。',
  'hint.6': '页面从工作台打开，旁边没有聊天：它应说明从哪里打开，而不是空白。',
  'hint.7': '客户联系接口接下来 5 次回答 45009：队列放慢，什么都不丢。日志里看得到。',
  'story.play': '替我演一遍',
  'story.playing': '正在演…',
  'story.stop': '停下',
  'story.asked': '已提交审批：经理会收到卡片',
  'story.broadcasting': '市场部正在圈人群、写内容、预检…',
  'story.broadcastAsked': '群发已提交审批：经理同意后，员工在「群发助手」里确认',
  'story.broadcastOn': '群发已建好，在管理后台里看它走到哪一步',

  tour: '导览',
  'tour.name': '导览，第 {n} 步，共 6 步',
  'tour.next': '下一步',
  'tour.back': '上一步',
  'tour.skip': '跳过',
  'tour.end': '开始玩',
  'tour.1.title': '员工的企业微信',
  'tour.1': '左边是员工的电脑。选一位联系人，在下方以员工或客户的身份打字。',
  'tour.2.title': '真正的侧边栏',
  'tour.2':
    '这里运行的就是产品本身的页面，经过真实的登录、签名和 JS-SDK。换一位联系人，它会像在企业微信里一样重新打开。',
  'tour.3.title': '客户的手机',
  'tour.3': '同一段聊天在客户眼里的样子。可以添加、删除员工，同意或拒绝会话存档。',
  'tour.4.title': '经理的钉钉',
  'tour.4':
    '员工提交的折扣、合同条款会变成这里的审批卡片：点「同意」，员工的侧边栏随即更新；点标题打开审批页。可以换一位经理来扮演。',
  'tour.5.title': '七个故事',
  'tour.5': '每个故事摆好一个场面。点「替我演一遍」可以看它自己发生。',
  'tour.6.title': '线路与故障',
  'tour.6':
    '每次接口调用、回调和桥调用都在这里。「故障注入」让平台限流、变慢、丢回调，或让模型出错；「钉钉故障」让卡片迟到、断线、两位经理同时点。',
} as const;

export const storyEn: Translated<typeof storyZh> = {
  stories: 'Stories',
  'story.1': '① New customer asks',
  'story.2': '② Discount to approve',
  'story.3': '③ Broadcast to approve',
  'story.4': '④ AI is down',
  'story.5': '⑤ Offline',
  'story.6': '⑥ Wrong entry',
  'story.7': '⑦ Limit 45009',
  'story.about': 'About the story',
  'hint.1':
    'Ms Zhou adds {member} and asks for a price: the sidebar knows her, sums up with sources, scores, and says the next step. Press “Play it for me”, or type on both sides yourself.',
  'hint.2':
    'The discount is beyond what {member} may grant: ask under “Deals” in the sidebar, or let it be played; the manager decides on the card in DingTalk.',
  'hint.3':
    'Marketing invites a group of customers: let it be played, agree on the manager’s DingTalk card; the reps confirm in WeCom’s group-send assistant, and the results come to the desk.',
  'hint.4':
    'The model answers 503. The sidebar keeps its last summary and score with their age; all else goes on working.',
  'hint.5': 'The sidebar has no network: what was read stays on screen, sending is off, and all is back once it is.',
  'hint.6': 'The page is opened from the workbench, beside no chat: it should say where to open it, not stay blank.',
  'hint.7': 'The next 5 customer-contact calls answer 45009: the queue slows down and loses nothing. See the log.',
  'story.play': 'Play it for me',
  'story.playing': 'Playing…',
  'story.stop': 'Stop',
  'story.asked': 'Asked: the manager gets a card',
  'story.broadcasting': 'Marketing chooses people, writes and checks…',
  'story.broadcastAsked': 'Asked: once the manager agrees, reps confirm in their group-send assistant',
  'story.broadcastOn': 'The broadcast is made; the desk shows how far it is',

  tour: 'Tour',
  'tour.name': 'Tour, step {n} of 6',
  'tour.next': 'Next',
  'tour.back': 'Back',
  'tour.skip': 'Skip',
  'tour.end': 'Start playing',
  'tour.1.title': 'The rep’s WeCom',
  'tour.1': 'On the left is the rep’s desktop. Choose a contact and type below, as the rep or as the customer.',
  'tour.2.title': 'The real sidebar',
  'tour.2':
    'This is the product’s own page, through the real login, signatures and JS-SDK. Choose another contact and it opens anew, as in WeCom.',
  'tour.3.title': 'The customer’s phone',
  'tour.3': 'The same chat in the customer’s eyes. Add or delete the rep, agree to the archive or refuse it.',
  'tour.4.title': 'The manager’s DingTalk',
  'tour.4':
    'A discount or contract terms the rep asks for become a card here: agree, and the rep’s sidebar follows at once; tap the title to open the page. Another manager can be played too.',
  'tour.5.title': 'Seven stories',
  'tour.5': 'Each story sets a scene. “Play it for me” lets it happen by itself.',
  'tour.6.title': 'Wires and faults',
  'tour.6':
    'Every API call, callback and bridge call is here. “Faults” limits, slows down or loses callbacks and lets the model err; “DingTalk faults” lets taps come late, cuts the line, or has two managers press at once.',
};
