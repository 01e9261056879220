import type { ChannelView, Duty } from '#server/channel/channel-api.ts';
import { channelEn } from '#miniapp/i18n/channel-en.ts';
import { channelZhCN } from '#miniapp/i18n/channel-zh-CN.ts';
import { learnWords, t, type MessageKey } from '#miniapp/i18n/i18n.ts';

learnWords({ 'zh-CN': channelZhCN, en: channelEn });

export type Hours = Omit<Duty['shifts'][number], 'memberIds'>;
/** Whose contacts come in by codes. */
export const PLATFORM = 'wecom';
export const weekdays = [1, 2, 3, 4, 5, 6, 7] as const;
const plain = t as (key: MessageKey) => string;

const dayKeys: Record<number, MessageKey> = {
  1: 'hours.day.1',
  2: 'hours.day.2',
  3: 'hours.day.3',
  4: 'hours.day.4',
  5: 'hours.day.5',
  6: 'hours.day.6',
  7: 'hours.day.7',
};
export const dayWord = (day: number): string => plain(dayKeys[day] ?? 'hours.every');

const stateKeys: Record<ChannelView['shown']['state'], MessageKey> = {
  owed: 'channel.state.owed',
  sending: 'channel.state.sending',
  shown: 'channel.state.shown',
  failed: 'channel.state.failed',
};
export const shownWord = (state: ChannelView['shown']['state']): string => plain(stateKeys[state]);
export const kindWord = (kind: ChannelView['kind']): string =>
  t(kind === 'code' ? 'channel.kind.code' : 'channel.kind.link');

export const isAllDay = ({ from, to }: Hours): boolean => from === '00:00' && to === '00:00';

/** `周一、周二 09:00–18:00`, `每天 全天`. */
export function hoursWord(hours: Hours): string {
  const sorted = [...hours.days].sort((one, other) => one - other);
  const days = sorted.length === weekdays.length ? t('hours.every') : sorted.map(dayWord).join(t('list.comma'));
  return isAllDay(hours) ? t('hours.spanAll', { days }) : t('hours.span', { days, from: hours.from, to: hours.to });
}

const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
const DAY = 24 * 60;

/** Whether every minute of the week is somebody's. One that ends no later than it begins goes over midnight. */
export function coversWeek(shifts: readonly Hours[]): boolean {
  const covered = new Uint8Array(7 * DAY);
  for (const { days, from, to } of shifts) {
    const start = minutes(from);
    const length = minutes(to) > start ? minutes(to) - start : DAY - start + minutes(to);
    for (const day of days) {
      for (let at = 0; at < length; at += 1) covered[((day - 1) * DAY + start + at) % covered.length] = 1;
    }
  }
  return covered.every((one) => one === 1);
}

export const pictureUrl = ({ id, version }: Pick<ChannelView, 'id' | 'version'>): string =>
  `/api/channels/${encodeURIComponent(id)}/picture?v=${version}`;

export const percentOf = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((100 * part) / whole));

/** Of a day and time field, in the reader's zone. */
export function localInput(iso: string): string {
  const at = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
