import type { PlatformEvent } from '#server/platform/event.ts';
import type { CallbackEvent } from '#server/platform/callback.ts';

/** What DingTalk tells, before anything of it is understood. */
export interface Told {
  /** EventType, or what this build calls a message of another channel. */
  name: string;
  fields: Fields;
  /** DingTalk's own id of it; '' for what has none. */
  eventId: string;
  at: Date;
}

export type Fields = Record<string, unknown>;

/** Of whom a todo is told, by unionId: a userid where it is known. */
export type UserOf = (unionId: string) => string | null;

/**
 * What it means, in the words of the port. Some events name several people: each of them is an event of its own. Kinds
 * that nothing here answers to are `unknown`, and so is one that lacks what it should carry: it was signed by DingTalk, so
 * refusing it would only lose it.
 *
 * What makes two deliveries the same is `body`: DingTalk's id of the event, with its kind and whom it is about. An event
 * without an id is its own text (`identity`), which both kinds of delivery repeat as it was.
 */
export function eventsOf(told: Told, identity: string, userOf: UserOf): CallbackEvent[] {
  const occurred = { occurredAt: told.at.toISOString() };
  const read = readers.get(told.name);
  const events = read?.(told.fields, occurred, userOf) ?? [];
  const known = events.length > 0 ? events : [unknown(read ? `${told.name} incomplete` : told.name, occurred)];
  const same = told.eventId ? `event ${told.eventId}` : identity;
  return known.map((event, at) => {
    const about = known.length > 1 ? `\n${at} ${'member' in event ? event.member : ''}` : '';
    return { event, body: Buffer.from(`${told.name}\n${same}${about}`) };
  });
}

interface Occurred {
  occurredAt: string;
}
/** [] when what it should carry is not there. */
type Reader = (fields: Fields, occurred: Occurred, userOf: UserOf) => PlatformEvent[];

const memberEvents =
  (kind: 'member_joined' | 'member_changed' | 'member_left'): Reader =>
  (fields, occurred) =>
    textsOf(fields, 'userId').map((member) => ({ kind, member, ...occurred }));

/** The tree is read as a whole whatever department changed: once is enough. */
const departmentEvent =
  (kind: 'department_changed' | 'department_removed'): Reader =>
  (fields, occurred) =>
    textsOf(fields, 'deptId')
      .slice(0, 1)
      .map((department) => ({ kind, department, ...occurred }));

const formChanged: Reader = (fields, occurred) =>
  textsOf(fields, 'processInstanceId').map((form) => ({ kind: 'form_changed', form, ...occurred }));

const todoChanged: Reader = (fields, occurred, userOf) =>
  textsOf(fields, 'taskId').map((todo) => ({
    kind: 'todo_changed',
    todo,
    members: textsOf(fields, 'unionIdList').flatMap((unionId) => userOf(unionId) ?? []),
    ...occurred,
  }));

/** K04, by EventType. */
const readers = new Map<string, Reader>(
  Object.entries<Reader>({
    user_add_org: memberEvents('member_joined'),
    user_modify_org: memberEvents('member_changed'),
    user_active_org: memberEvents('member_changed'),
    user_leave_org: memberEvents('member_left'),
    org_dept_create: departmentEvent('department_changed'),
    org_dept_modify: departmentEvent('department_changed'),
    org_dept_remove: departmentEvent('department_removed'),
    bpms_instance_change: formChanged,
    bpms_task_change: formChanged,
    todo_task_create: todoChanged,
    todo_task_update: todoChanged,
    todo_task_delete: todoChanged,
  }),
);

/** K02@0714. A robot's message that names no member comes from outside the company. */
export function robotEvent(fields: Fields, identity: string, receivedAt: Date): CallbackEvent {
  const occurred = { occurredAt: timeOf(fields, ['createAt'], receivedAt).toISOString() };
  const [member, messageKey, type] = [
    textOf(fields, 'senderStaffId'),
    textOf(fields, 'msgId'),
    textOf(fields, 'msgtype'),
  ];
  const body = Buffer.from(`robot\n${messageKey || identity}`);
  if (!member || !messageKey) return { event: unknown('robot message incomplete', occurred), body };
  // In a group the text begins where the @ was taken out.
  const text = textOf(recordOf(fields['text']), 'content', messageLengthMax).trim();
  return { event: { kind: 'app_message', member, messageKey, type: type || 'text', text, ...occurred }, body };
}

const messageLengthMax = 20_000;

/** K02@0786, K05@0007. `messageKey` is what tells this press from the next one. */
export function cardEvent(
  fields: Fields,
  about: { identity: string; messageKey: string; receivedAt: Date },
): CallbackEvent {
  const occurred = { occurredAt: about.receivedAt.toISOString() };
  const body = Buffer.from(`card\n${about.identity}`);
  const [card, member] = [textOf(fields, 'outTrackId'), textOf(fields, 'userId')];
  const pressed = recordOf(parsed(fields['content'])['cardPrivateData']);
  const params = recordOf(pressed['params']);
  const action = textOf(params, 'action') || textsOf(pressed, 'actionIds')[0] || '';
  if (!card || !member || !action) return { event: unknown('card press incomplete', occurred), body };
  const values = Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => name !== 'action')
      .slice(0, paramsMax)
      .map(([name, value]) => [storable(name).slice(0, 100), valueOf(value)]),
  );
  return {
    event: { kind: 'card_pressed', card, member, action, values, messageKey: about.messageKey, ...occurred },
    body,
  };
}

const paramsMax = 50;
const valueLengthMax = 4000;

function valueOf(value: unknown): string {
  return storable(jsonText(value).slice(0, valueLengthMax));
}

function jsonText(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    // Nested deeper than the stack.
    return '';
  }
}

/** Some bodies write UserId and TimeStamp, some userId and timestamp: names differ in case only. */
function fieldOf(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  const lower = name.toLowerCase();
  const other = Object.keys(fields).find((key) => key.toLowerCase() === lower);
  return other === undefined ? undefined : fields[other];
}

/** A key, unless said: no id of DingTalk's is longer. */
export function textOf(fields: Fields, name: string, lengthMax = 200): string {
  const value = fieldOf(fields, name);
  return typeof value === 'string' || typeof value === 'number' ? storable(String(value).slice(0, lengthMax)) : '';
}

/** A list, or one alone. */
function textsOf(fields: Fields, name: string): string[] {
  const value = fieldOf(fields, name);
  const list: unknown[] = Array.isArray(value) ? value.slice(0, listLengthMax) : [value];
  const texts = list.map((one) => textOf({ one }, 'one')).filter(Boolean);
  return [...new Set(texts)];
}

const listLengthMax = 1000;

/** Milliseconds, as a number or as text, under the first of these names. */
export function timeOf(fields: Fields, names: string[], receivedAt: Date): Date {
  for (const name of names) {
    const text = textOf(fields, name);
    if (/^\d{12,14}$/.test(text)) return new Date(Number(text));
  }
  return receivedAt;
}

export function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** What is JSON within JSON; {} when it is not. */
export function parsed(value: unknown): Fields {
  if (typeof value !== 'string') return recordOf(value);
  try {
    return recordOf(JSON.parse(value));
  } catch {
    return {};
  }
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

function unknown(name: string, occurred: Occurred): PlatformEvent {
  return { kind: 'unknown', name: storable(name).slice(0, 100) || 'nameless', ...occurred };
}
