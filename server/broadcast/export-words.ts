import type { ExclusionReason } from './broadcast-api.ts';
import type { FailureReason, ResultView } from './results-api.ts';

export interface ExportWords {
  memberColumns: readonly string[];
  recipientColumns: readonly string[];
  states: Record<ResultView['members'][number]['state'], string>;
  parts: Record<string, string>;
  recipientStates: Record<string, string>;
  reasons: Record<string, string>;
}

/** What stands in an exported table, in the member's language. */
export function words(locale: string): ExportWords {
  return locale.startsWith('en') ? english : chinese;
}

const chinese: ExportWords & { reasons: Record<ExclusionReason | FailureReason, string> } = {
  memberColumns: ['成员', '应发人数', '状态', '已送达', '未送达', '已回复', '已成交', '最近提醒'],
  recipientColumns: [
    '联系人',
    '客户',
    '发送成员',
    '分组',
    '排除原因',
    '版本',
    '状态',
    '未送达原因',
    '送达时间',
    '回复时间',
    '成交金额（元）',
  ],
  states: {
    planned: '待发送',
    unsure: '核对中',
    waiting: '待确认',
    part: '部分确认',
    confirmed: '已确认',
    cancelled: '已取消',
    failed: '未发出',
  },
  parts: { target: '目标', hold_out: '对照组', excluded: '已排除' },
  recipientStates: { planned: '待发送', asked: '待确认', delivered: '已送达', failed: '未送达', dropped: '发送前退出' },
  reasons: {
    opted_out: '已退订',
    removed_us: '已删除成员',
    no_sender: '没有可发送的成员',
    sender_unready: '发送成员不可用',
    person_opted_out: '同一人已退订',
    duplicate_person: '同一人重复',
    overlapping: '与其他群发重叠',
    cap_day: '超出每日上限',
    cap_week: '超出每周上限',
    cap_month: '超出每月上限',
    fatigue: '超出疲劳上限',
    quiet_hours: '免打扰时段',
    unsendable: '平台未接收',
    not_connected: '不是好友',
    over_quota: '超出平台上限',
    not_confirmed: '成员未确认',
    cancelled: '已取消',
    refused: '平台拒绝',
    unanswered: '平台未答复',
  },
};

const english: typeof chinese = {
  memberColumns: ['Member', 'To send', 'State', 'Delivered', 'Not delivered', 'Replied', 'Deals', 'Last reminder'],
  recipientColumns: [
    'Contact',
    'Customer',
    'Sent by',
    'Group',
    'Left out because',
    'Variant',
    'State',
    'Not delivered because',
    'Delivered at',
    'Replied at',
    'Deals (yuan)',
  ],
  states: {
    planned: 'Planned',
    unsure: 'Being looked for',
    waiting: 'Waiting for confirmation',
    part: 'Partly confirmed',
    confirmed: 'Confirmed',
    cancelled: 'Cancelled',
    failed: 'Not sent',
  },
  parts: { target: 'Target', hold_out: 'Hold-out', excluded: 'Left out' },
  recipientStates: {
    planned: 'Planned',
    asked: 'Waiting for confirmation',
    delivered: 'Delivered',
    failed: 'Not delivered',
    dropped: 'Left out before sending',
  },
  reasons: {
    opted_out: 'Unsubscribed',
    removed_us: 'Removed the members',
    no_sender: 'Nobody can send it',
    sender_unready: 'The member cannot send',
    person_opted_out: 'Same person opted out',
    duplicate_person: 'Same person twice',
    overlapping: 'Another broadcast overlaps',
    cap_day: 'Daily cap',
    cap_week: 'Weekly cap',
    cap_month: 'Monthly cap',
    fatigue: 'Too many broadcasts',
    quiet_hours: 'Quiet hours',
    unsendable: 'Not taken by the platform',
    not_connected: 'Not connected',
    over_quota: 'Over the platform’s quota',
    not_confirmed: 'Not confirmed by the member',
    cancelled: 'Cancelled',
    refused: 'Refused by the platform',
    unanswered: 'No answer from the platform',
  },
};
