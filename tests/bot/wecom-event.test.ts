import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventOf } from '#bot/wecom/wecom-event.ts';
import { readXml } from '#bot/wecom/wecom-xml.ts';
import { platformEvent, type PlatformEvent } from '#server/platform/event.ts';

const folder = new URL('../fixtures/wecom/callback/', import.meta.url);
const received = new Date('2026-11-22T00:00:00Z');
const eventIn = (name: string) => eventOf(readXml(readFileSync(new URL(`${name}.xml`, folder), 'utf8')), received);

const contact = 'wmTestExternal0001';
const member = 'zhangsan';
type Told = PlatformEvent extends infer Event
  ? Event extends PlatformEvent
    ? Omit<Event, 'occurredAt'>
    : never
  : never;

const recorded: Record<string, Told> = {
  'add-external-contact': { kind: 'contact_added', contact, member, half: false, channel: 'ch_1', welcomeCode: 'WC_1' },
  'add-external-contact-bare': { kind: 'contact_added', contact, member, half: false },
  'add-half-external-contact': {
    kind: 'contact_added',
    contact,
    member,
    half: true,
    channel: 'ch_1',
    welcomeCode: 'WC_2',
  },
  'edit-external-contact': { kind: 'contact_edited', contact, member },
  'del-external-contact': { kind: 'contact_removed', contact, member, by: 'member', transferred: true },
  'del-external-contact-by-hand': { kind: 'contact_removed', contact, member, by: 'member', transferred: false },
  'del-follow-user': { kind: 'contact_removed', contact, member, by: 'contact', transferred: false },
  'transfer-fail': { kind: 'contact_transfer_failed', contact, member, reason: 'customer_refused' },
  'msg-audit-approved': { kind: 'contact_consented', contact, member, welcomeCode: 'WC_3' },
  'chat-create': { kind: 'group_created', group: 'wrTestGroup0001' },
  'chat-update': { kind: 'group_changed', group: 'wrTestGroup0001', change: 'add_member' },
  'chat-dismiss': { kind: 'group_dismissed', group: 'wrTestGroup0001' },
  'tag-create': { kind: 'tag_changed', action: 'created', key: 'etTestTag0001', isGroup: false },
  'tag-update': { kind: 'tag_changed', action: 'updated', key: 'etTestTag0001', isGroup: false },
  'tag-delete': { kind: 'tag_changed', action: 'deleted', key: 'etTestGroup0001', isGroup: true },
  'tag-shuffle': { kind: 'tag_changed', action: 'reordered', key: 'etTestGroup0001', isGroup: true },
  'tag-shuffle-all': { kind: 'tag_changed', action: 'reordered', key: '', isGroup: true },
  'create-user': { kind: 'member_joined', member: 'lisi' },
  'update-user': { kind: 'member_changed', member: 'lisi', newKey: 'lisi001' },
  'update-user-same-id': { kind: 'member_changed', member: 'lisi' },
  'delete-user': { kind: 'member_left', member: 'lisi' },
  'create-party': { kind: 'department_changed', department: '2' },
  'update-party': { kind: 'department_changed', department: '2' },
  'delete-party': { kind: 'department_removed', department: '2' },
  'update-tag': { kind: 'member_tag_changed', key: '1' },
  'msgaudit-notify': { kind: 'archive_ready' },
  subscribe: { kind: 'app_used', member, action: 'subscribe', key: '' },
  unsubscribe: { kind: 'app_used', member, action: 'unsubscribe', key: '' },
  'enter-agent': { kind: 'app_used', member, action: 'enter_agent', key: '' },
  click: { kind: 'app_used', member, action: 'click', key: 'overdue_tasks' },
  view: { kind: 'app_used', member, action: 'view', key: 'https://crm.example.com/inbox' },
  'scancode-push': { kind: 'app_used', member, action: 'scancode_push', key: 'scan' },
  'location-event': { kind: 'app_used', member, action: 'location', key: '' },
  'message-text': {
    kind: 'app_message',
    member,
    messageKey: '4561255354251345929',
    type: 'text',
    text: '今天的待办 <b>&amp; 报价</b>',
  },
  'message-image': { kind: 'app_message', member, messageKey: '4561255354251345930', type: 'image', text: '' },
  'message-location': {
    kind: 'app_message',
    member,
    messageKey: '4561255354251345931',
    type: 'location',
    text: '上海市黄浦区人民大道',
  },
  'message-link': {
    kind: 'app_message',
    member,
    messageKey: '4561255354251345932',
    type: 'link',
    text: '方案\n第二版\nhttps://example.com/plan',
  },
  'template-card-event': {
    kind: 'card_pressed',
    card: 'task_1',
    member,
    action: 'approve',
    values: {},
    messageKey: createHash('sha256').update('RC_1').digest('hex').slice(0, 32),
    updateCode: 'RC_1',
  },
  'template-card-menu-event': {
    kind: 'card_pressed',
    card: 'task_1',
    member,
    action: 'later',
    values: {},
    messageKey: createHash('sha256').update('RC_2').digest('hex').slice(0, 32),
    updateCode: 'RC_2',
  },
  'customer-start-chat': { kind: 'unknown', name: 'customer_acquisition.customer_start_chat' },
  'kf-msg-or-event': { kind: 'unknown', name: 'kf_msg_or_event' },
};

test.each(Object.keys(recorded))('the recorded callback "%s" is told in the words of the port', (name) => {
  const event = eventIn(name);
  expect(event).toEqual({ ...recorded[name], occurredAt: '2023-11-14T22:13:20.000Z' });
  expect(platformEvent.parse(event)).toEqual(event);
});

test('every recorded callback has an expectation', () => {
  const names = readdirSync(folder).map((file) => file.replace('.xml', ''));
  expect(names.toSorted()).toEqual(Object.keys(recorded).toSorted());
});

test.each([
  ['<xml><MsgType>event</MsgType><Event>constructor</Event></xml>', 'constructor'],
  ['<xml><MsgType>event</MsgType><Event>__proto__</Event></xml>', '__proto__'],
  ['<xml><MsgType>hologram</MsgType></xml>', 'message.hologram'],
  ['<xml><Other>1</Other></xml>', 'message'],
  [
    '<xml><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>a</UserID></xml>',
    'change_external_contact.add_external_contact without ExternalUserID',
  ],
  ['<xml><Event>subscribe</Event></xml>', 'subscribe without FromUserName'],
])('what this version cannot use is kept as unknown with its name: %s', (xml, name) => {
  expect(eventOf(readXml(xml), received)).toEqual({ kind: 'unknown', name, occurredAt: received.toISOString() });
});
