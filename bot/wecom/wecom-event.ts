import { createHash } from 'node:crypto';
import type { PlatformEvent } from '#server/platform/event.ts';
import { textOf, type XmlNode } from './wecom-xml.ts';

/**
 * What a decrypted callback says, in the words of the port. Kinds that nothing here answers to are `unknown`, and so is
 * one that lacks what it should carry: it was signed by WeCom, so refusing it would only lose it.
 */
export function eventOf(message: XmlNode, receivedAt: Date): PlatformEvent {
  const occurred = { occurredAt: occurredAt(message, receivedAt) };
  const need = (field: string) => {
    const text = textOf(message, field);
    if (text === '') throw new Incomplete(field);
    return text;
  };
  try {
    return readers.get(keyOf(message))?.(message, need, occurred) ?? unknown(nameOf(message), occurred);
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error;
    return unknown(`${nameOf(message)} without ${error.field}`, occurred);
  }
}

interface Occurred {
  occurredAt: string;
}
type Need = (field: string) => string;
type Reader = (message: XmlNode, need: Need, occurred: Occurred) => PlatformEvent;

class Incomplete extends Error {
  readonly field: string;
  constructor(field: string) {
    super(`without ${field}`);
    this.field = field;
  }
}

const contactAdded =
  (half: boolean): Reader =>
  (message, need, occurred) => ({
    kind: 'contact_added',
    ...follow(need),
    half,
    ...optional('channel', textOf(message, 'State')),
    ...optional('welcomeCode', textOf(message, 'WelcomeCode')),
    ...occurred,
  });

const tagChanged =
  (action: 'created' | 'updated' | 'deleted'): Reader =>
  (message, need, occurred) => ({
    kind: 'tag_changed',
    action,
    key: need('Id'),
    isGroup: textOf(message, 'TagType') === 'tag_group',
    ...occurred,
  });

const departmentChanged: Reader = (_, need, occurred) => ({
  kind: 'department_changed',
  department: need('Id'),
  ...occurred,
});

const appUsed: Reader = (message, need, occurred) => ({
  kind: 'app_used',
  member: need('FromUserName'),
  action: need('Event').toLowerCase(),
  key: textOf(message, 'EventKey'),
  ...occurred,
});

const appMessage =
  (...textFields: string[]): Reader =>
  (message, need, occurred) => ({
    kind: 'app_message',
    member: need('FromUserName'),
    messageKey: need('MsgId'),
    type: need('MsgType'),
    text: textFields
      .map((field) => textOf(message, field))
      .filter(Boolean)
      .join('\n'),
    ...occurred,
  });

/** The code is another one with each press, and the only thing that tells two presses apart. */
const cardPressed: Reader = (message, need, occurred) => {
  const updateCode = need('ResponseCode');
  return {
    kind: 'card_pressed',
    card: need('TaskId'),
    member: need('FromUserName'),
    action: need('EventKey'),
    values: {},
    messageKey: createHash('sha256').update(updateCode).digest('hex').slice(0, 32),
    updateCode,
    ...occurred,
  };
};

/** By what `keyOf` makes of MsgType, Event and ChangeType. */
const readers = new Map<string, Reader>(
  Object.entries<Reader>({
    // D92130 customers
    'change_external_contact.add_external_contact': contactAdded(false),
    'change_external_contact.add_half_external_contact': contactAdded(true),
    'change_external_contact.edit_external_contact': (_, need, occurred) => ({
      kind: 'contact_edited',
      ...follow(need),
      ...occurred,
    }),
    'change_external_contact.del_external_contact': (message, need, occurred) => ({
      kind: 'contact_removed',
      ...follow(need),
      by: 'member',
      transferred: textOf(message, 'Source') === 'DELETE_BY_TRANSFER',
      ...occurred,
    }),
    'change_external_contact.del_follow_user': (_, need, occurred) => ({
      kind: 'contact_removed',
      ...follow(need),
      by: 'contact',
      transferred: false,
      ...occurred,
    }),
    'change_external_contact.transfer_fail': (message, need, occurred) => ({
      kind: 'contact_transfer_failed',
      ...follow(need),
      reason: textOf(message, 'FailReason'),
      ...occurred,
    }),
    'change_external_contact.msg_audit_approved': (message, need, occurred) => ({
      kind: 'contact_consented',
      ...follow(need),
      ...optional('welcomeCode', textOf(message, 'WelcomeCode')),
      ...occurred,
    }),

    // D92130 customer groups
    'change_external_chat.create': (_, need, occurred) => ({
      kind: 'group_created',
      group: need('ChatId'),
      ...occurred,
    }),
    'change_external_chat.update': (message, need, occurred) => ({
      kind: 'group_changed',
      group: need('ChatId'),
      change: textOf(message, 'UpdateDetail'),
      ...occurred,
    }),
    'change_external_chat.dismiss': (_, need, occurred) => ({
      kind: 'group_dismissed',
      group: need('ChatId'),
      ...occurred,
    }),

    // D92130 corp tags
    'change_external_tag.create': tagChanged('created'),
    'change_external_tag.update': tagChanged('updated'),
    'change_external_tag.delete': tagChanged('deleted'),
    // Id: the group whose tags changed places; empty when all groups did.
    'change_external_tag.shuffle': (message, _, occurred) => ({
      kind: 'tag_changed',
      action: 'reordered',
      key: textOf(message, 'Id'),
      isGroup: true,
      ...occurred,
    }),

    // D90970 the address book
    'change_contact.create_user': (_, need, occurred) => ({
      kind: 'member_joined',
      member: need('UserID'),
      ...occurred,
    }),
    'change_contact.update_user': (message, need, occurred) => ({
      kind: 'member_changed',
      member: need('UserID'),
      ...optional('newKey', textOf(message, 'NewUserID')),
      ...occurred,
    }),
    'change_contact.delete_user': (_, need, occurred) => ({ kind: 'member_left', member: need('UserID'), ...occurred }),
    'change_contact.create_party': departmentChanged,
    'change_contact.update_party': departmentChanged,
    'change_contact.delete_party': (_, need, occurred) => ({
      kind: 'department_removed',
      department: need('Id'),
      ...occurred,
    }),
    'change_contact.update_tag': (_, need, occurred) => ({
      kind: 'member_tag_changed',
      key: need('TagId'),
      ...occurred,
    }),

    // D95039: coalesced, about every 15 s
    msgaudit_notify: (_, __, occurred) => ({ kind: 'archive_ready', ...occurred }),

    // D90240 a member and the app
    subscribe: appUsed,
    unsubscribe: appUsed,
    enter_agent: appUsed,
    location: appUsed,
    click: appUsed,
    view: appUsed,
    view_miniprogram: appUsed,
    scancode_push: appUsed,
    scancode_waitmsg: appUsed,
    pic_sysphoto: appUsed,
    pic_photo_or_album: appUsed,
    pic_weixin: appUsed,
    location_select: appUsed,

    // D90240 a member and a card of the app
    template_card_event: cardPressed,
    template_card_menu_event: cardPressed,

    // D90239 what a member writes to the app
    'message.text': appMessage('Content'),
    'message.image': appMessage(),
    'message.voice': appMessage(),
    'message.video': appMessage(),
    'message.location': appMessage('Label'),
    'message.link': appMessage('Title', 'Description', 'Url'),
  }),
);

/** One event, LOCATION, is spelled in capitals. */
function keyOf(message: XmlNode): string {
  return nameOf(message).toLowerCase();
}

function nameOf(message: XmlNode): string {
  const type = textOf(message, 'MsgType');
  const event = textOf(message, 'Event');
  const parts = type === 'event' || event !== '' ? [event, textOf(message, 'ChangeType')] : ['message', type];
  return parts.filter(Boolean).join('.').slice(0, 100) || 'nameless';
}

function occurredAt(message: XmlNode, receivedAt: Date): string {
  const seconds = textOf(message, 'CreateTime').trim();
  return (/^\d{1,11}$/.test(seconds) ? new Date(Number(seconds) * 1000) : receivedAt).toISOString();
}

function follow(need: Need): { contact: string; member: string } {
  return { contact: need('ExternalUserID'), member: need('UserID') };
}

function optional<Name extends string>(name: Name, value: string): { [Key in Name]?: string } {
  return value === '' ? {} : ({ [name]: value } as { [Key in Name]?: string });
}

function unknown(name: string, occurred: Occurred): PlatformEvent {
  return { kind: 'unknown', name, ...occurred };
}
