import type { ChannelDraft, ChannelView } from '#server/channel/channel-api.ts';
import type { MessageContent } from '#server/material/material-api.ts';
import { isAllDay, localInput, weekdays, type Hours } from './channel-words.ts';

export interface ShiftDraft extends Hours {
  key: number;
  memberIds: string[];
}
export interface WelcomeDraft {
  key: number;
  isAlways: boolean;
  hours: Hours;
  content: MessageContent;
}
/** A channel while it is filled in. */
export interface Draft {
  name: string;
  kind: ChannelView['kind'];
  source: string;
  skipVerify: boolean;
  /** Of a day and time field. */
  expires: string;
  /** By shifts; else the first shift's members at all times. */
  isPlanned: boolean;
  shifts: ShiftDraft[];
  spareIds: string[];
  dailyMax: number | '';
  tagIds: string[];
  welcomes: WelcomeDraft[];
}

let lastKey = 0;
const nextKey = (): number => (lastKey += 1);
export const always = (): Hours => ({ days: [...weekdays], from: '00:00', to: '00:00' });
const workdays = (): Hours => ({ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' });
const isAlways = (hours: Hours): boolean => hours.days.length === weekdays.length && isAllDay(hours);

export const newShift = (memberIds: string[] = [], hours = workdays()): ShiftDraft => ({
  key: nextKey(),
  memberIds,
  ...hours,
});
export const newWelcome = (isFirst: boolean): WelcomeDraft => ({
  key: nextKey(),
  isAlways: isFirst,
  hours: workdays(),
  content: { text: '', attachments: [] },
});

export const newDraft = (): Draft => ({
  name: '',
  kind: 'code',
  source: '',
  skipVerify: true,
  expires: '',
  isPlanned: false,
  shifts: [newShift([], always())],
  spareIds: [],
  dailyMax: '',
  tagIds: [],
  welcomes: [],
});

export function draftOf(channel: ChannelView): Draft {
  const { name, kind, source, skipVerify, expiresAt, duty, dailyMax, tagIds, welcomes } = channel;
  const [first] = duty.shifts;
  return {
    name,
    kind,
    source: source ?? '',
    skipVerify,
    expires: expiresAt ? localInput(expiresAt) : '',
    isPlanned: duty.shifts.length > 1 || (first !== undefined && !isAlways(first)),
    shifts: duty.shifts.map(({ memberIds, ...hours }) => newShift([...memberIds], { ...hours, days: [...hours.days] })),
    spareIds: [...duty.spareIds],
    dailyMax: dailyMax ?? '',
    tagIds: [...tagIds],
    welcomes: welcomes.map(({ hours, content }) => ({
      key: nextKey(),
      isAlways: hours === null,
      hours: hours ?? workdays(),
      content: { text: content.text, attachments: [...content.attachments] },
    })),
  };
}

/** A plan begins with the hours people work, not with all of them. */
export function beginPlan({ shifts }: Draft): void {
  const [only] = shifts;
  if (shifts.length === 1 && only && isAlways(only)) Object.assign(only, workdays());
}

export const shiftsOf = ({ isPlanned, shifts }: Draft): ShiftDraft[] => {
  const [first] = shifts;
  return isPlanned || !first ? shifts : [{ ...first, ...always() }];
};

export const bodyOf = (draft: Draft): ChannelDraft => ({
  name: draft.name.trim(),
  kind: draft.kind,
  source: draft.source.trim() || null,
  skipVerify: draft.skipVerify,
  duty: {
    shifts: shiftsOf(draft).map(({ days, from, to, memberIds }) => ({ days, from, to, memberIds })),
    spareIds: draft.spareIds,
  },
  dailyMax: draft.dailyMax === '' ? null : draft.dailyMax,
  tagIds: draft.tagIds,
  welcomes: draft.welcomes.map(({ isAlways: anyTime, hours, content }) => ({ hours: anyTime ? null : hours, content })),
  expiresAt: draft.expires === '' ? null : new Date(draft.expires).toISOString(),
});

/** What was typed, without what only tells the lines apart. */
export const traceOf = (draft: Draft): string => JSON.stringify(bodyOf({ ...draft, expires: '' })) + draft.expires;

export const isWrongMax = ({ dailyMax }: Draft): boolean =>
  dailyMax !== '' && (!Number.isInteger(dailyMax) || dailyMax < 1 || dailyMax > 1000);
export const isPast = ({ expires }: Draft): boolean => expires !== '' && new Date(expires) <= new Date();
export const isEmpty = ({ content }: WelcomeDraft): boolean =>
  content.text.trim() === '' && content.attachments.length === 0;

/** Whether anything has to be mended before it can be saved; the fields say what. */
export const isWrongDraft = (draft: Draft): boolean =>
  draft.name.trim() === '' ||
  isWrongMax(draft) ||
  isPast(draft) ||
  shiftsOf(draft).some(({ days, memberIds }) => days.length === 0 || memberIds.length === 0) ||
  draft.welcomes.some((one) => isEmpty(one) || (!one.isAlways && one.hours.days.length === 0));
