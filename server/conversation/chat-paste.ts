import { dateOf, dayOf, dayOn, instantOf, weekdayOf, type Day } from '#server/base/shanghai.ts';
import type { Sender } from './conversation.ts';

export interface PastedMessage {
  sender: Sender;
  at: Date;
  text: string;
  /** The time as it stands in the text; '' when none does. */
  stated: string;
}

/** Who may be named in the text. */
export interface PasteNames {
  contact: readonly string[];
  member: readonly string[];
}

interface Header {
  name: string;
  stated: string;
  rest: string;
}

interface Block {
  name: string | null;
  stated: string;
  /** A line of its own above that says only the day. */
  dayLine: string;
  lines: string[];
}

/**
 * Tells copied chat text apart. A message begins with a line such as
 * `陈女士 10:02`, `陈女士@微信 2026/3/1 10:02:11`, `[2026-03-01 10:02] 陈女士：您好`, `陈女士 10:02 您好`, `王磊：您好`
 * and goes on to the next such line. What the member did not say, the contact did; text without any such line is one
 * message of the contact. Times are Shanghai's; one without a day is the last that was.
 */
export function splitPaste(text: string, names: PasteNames, now: Date): PastedMessage[] {
  const lines = text.normalize('NFC').replace(/\r\n?/g, '\n').split('\n');
  const speakers = speakersIn(lines, names);
  const senderOf = senders(speakers, names);
  const blocks = blocksIn(lines, speakers).filter((block) => block.lines.join('').trim() !== '');
  return dated(
    blocks.map((block) => ({
      sender: senderOf(block.name),
      stated: [block.dayLine, block.stated].filter(Boolean).join(' '),
      at: instantStated(block.stated, block.dayLine, now),
      text: block.lines.join('\n').trim(),
    })),
    now,
  );
}

const ymd = String.raw`\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?`;
const md = String.raw`\d{1,2}[-/月]\d{1,2}日?`;
const day = String.raw`(?:${ymd}|${md}|今天|昨天|前天|(?:星期|周)[一二三四五六日天])`;
const clock = String.raw`(?:凌晨|早上|上午|中午|下午|晚上)?\s?\d{1,2}[:：]\d{2}(?:[:：]\d{2})?`;
const time = String.raw`(?:${day}\s*)?${clock}`;
const name = String.raw`[^\s:：\[\]][^:：\[\]]{0,39}?`;

const nameThenTime = new RegExp(`^(?<name>${name})[\\s ]+(?<stated>${time})(?:[:：]|\\s|$)(?<rest>.*)$`);
const timeThenName = new RegExp(`^\\[?(?<stated>${time})\\]?\\s+(?<name>${name})(?:[:：](?<rest>.*))?$`);
const nameOnly = new RegExp(`^(?<name>${name})[:：](?!//)(?<rest>.*)$`);
const dayOnly = new RegExp(`^[—\\-\\s]*(?<day>${day}(?:\\s*${clock})?)[—\\-\\s]*$`);
const sentence = /[，。！？；、,!?;]/;

function headerIn(line: string): Header | null {
  const found = [timeThenName, nameThenTime, nameOnly].map((form) => form.exec(line)?.groups).find(Boolean);
  if (!found?.['name'] || sentence.test(found['name'])) return null;
  return { name: bare(found['name']), stated: found['stated'] ?? '', rest: (found['rest'] ?? '').trim() };
}

/** 陈女士@微信, 陈女士（华东） and 陈女士 are one name. */
function bare(name: string): string {
  return name
    .normalize('NFKC')
    .trim()
    .replace(/[@＠][^@]*$/, '')
    .replace(/\([^)]*\)$/, '')
    .trim();
}

/**
 * Names that begin messages. A known one always does; a stranger's when nothing but a time stands beside it, or when it
 * does so more than once: `注意：明天交货` is no speaker.
 */
function speakersIn(lines: string[], names: PasteNames): Set<string> {
  const known = new Set([...names.contact, ...names.member, '我'].map(bare));
  const headers = lines.map(headerIn).filter((header) => header !== null);
  const times = Map.groupBy(headers, ({ name }) => name);
  const isSpeaker = (name: string, found: Header[]) =>
    known.has(name) || found.length > 1 || found.some(({ stated, rest }) => stated !== '' && rest === '');
  return new Set([...times].filter(([name, found]) => isSpeaker(name, found)).map(([name]) => name));
}

/** In a chat of two, whoever is not the contact is the member, where the contact is known by name. */
function senders(speakers: Set<string>, names: PasteNames): (name: string | null) => Sender {
  const contact = new Set(names.contact.map(bare));
  const member = new Set([...names.member, '我'].map(bare));
  const strangers = [...speakers].filter((name) => !contact.has(name) && !member.has(name));
  const contactSpeaks = [...speakers].some((name) => contact.has(name));
  const memberSpeaks = [...speakers].some((name) => member.has(name) && !contact.has(name));
  const alias = contactSpeaks && !memberSpeaks && strangers.length === 1 ? strangers[0] : undefined;
  return (name) => {
    if (name === null || contact.has(name)) return 'contact';
    return member.has(name) || name === alias ? 'member' : 'contact';
  };
}

function blocksIn(lines: string[], speakers: Set<string>): Block[] {
  const blocks: Block[] = [];
  let dayLine = '';
  let block: Block = { name: null, stated: '', dayLine, lines: [] };
  for (const line of lines) {
    const trimmed = line.trim();
    const day = dayOnly.exec(trimmed)?.groups?.['day'];
    const header = day ? null : headerIn(trimmed);
    if (day) dayLine = day;
    else if (header && speakers.has(header.name)) {
      blocks.push(block);
      block = { name: header.name, stated: header.stated, dayLine, lines: header.rest === '' ? [] : [header.rest] };
    } else {
      block.lines.push(line);
    }
  }
  return [...blocks, block];
}

/** Null when no time is stated. */
function instantStated(stated: string, dayLine: string, now: Date): Date | null {
  const today = dayOf(now);
  const minutes = minutesIn(stated) ?? minutesIn(dayLine);
  const days = daysIn(stated, today) ?? daysIn(dayLine, today);
  if (minutes === null) return null;
  const candidates = (days ?? [today, today - 1]).map((day) => instantOf(day, minutes));
  return candidates.find((at) => at <= now) ?? now;
}

/** Newest first, where the text leaves the year or the week open. */
function daysIn(text: string, today: Day): Day[] | null {
  const { year } = dateOf(today);
  const on = (...[year, month, date]: number[]) => dayOn({ year: year ?? 0, month: month ?? 0, date: date ?? 0 });
  const full = /(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})/.exec(text)?.slice(1).map(Number);
  if (full) return [on(...full)].filter((day) => day !== null);
  const short = /(?<!\d)(\d{1,2})[-/月](\d{1,2})/.exec(text)?.slice(1).map(Number);
  if (short) return [on(year, ...short), on(year - 1, ...short)].filter((day) => day !== null);
  const ago = ['今天', '昨天', '前天'].findIndex((word) => text.includes(word));
  if (ago >= 0) return [today - ago];
  const weekday = /(?:星期|周)([一二三四五六日天])/.exec(text)?.[1];
  if (!weekday) return null;
  const back = (weekdayOf(today) - ('一二三四五六日'.indexOf(weekday.replace('天', '日')) + 1) + 7) % 7;
  return [today - back, today - back - 7];
}

function minutesIn(text: string): number | null {
  const found = /(凌晨|早上|上午|中午|下午|晚上)?\s?(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?/.exec(text);
  if (!found) return null;
  const [, part, hourText, minute, second] = found;
  const said = Number(hourText);
  const hour = (part === '下午' || part === '晚上' || (part === '中午' && said < 11)) && said < 12 ? said + 12 : said;
  if (hour > 23 || Number(minute) > 59 || Number(second ?? 0) > 59) return null;
  return hour * 60 + Number(minute) + Number(second ?? 0) / 60;
}

/** Messages without a time follow the one before by a millisecond; those of one moment keep their order. */
function dated(messages: (Omit<PastedMessage, 'at'> & { at: Date | null })[], now: Date): PastedMessage[] {
  const firstDated = messages.findIndex(({ at }) => at !== null);
  const anchor = messages[firstDated]?.at?.getTime() ?? now.getTime();
  let last = anchor - (firstDated === -1 ? messages.length : firstDated) - 1;
  return messages.map((message) => {
    const stated = message.at?.getTime();
    const isLater = stated !== undefined && (stated > last || last - stated > 60_000);
    last = isLater ? stated : last + 1;
    return { ...message, at: new Date(last) };
  });
}
