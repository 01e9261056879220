import { readCsv } from '#server/base/csv.ts';
import { normalisePhone } from '#server/base/phone.ts';
import { Refusal } from '#server/base/refusal.ts';

/** How a line says who is meant. */
export type MeantBy = 'id' | 'key' | 'phone' | 'name';
export interface Meant {
  /** Of the file, counted from 1. */
  line: number;
  said: string;
  /** A word may be a key of the platform, and else it is a name. */
  by: MeantBy[];
}

export const LIST_LINES_MAX = 10_000;
const SAID_MAX = 128;
const PHONE_DIGITS_MIN = 7;
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** What a column is called, by what is in it; the surest first. */
const headings: Record<MeantBy, string[]> = {
  id: ['联系人编号', '编号', 'id', 'contactid', 'contact id'],
  key: ['外部联系人id', 'external_userid', 'externaluserid', 'key'],
  phone: ['手机', '手机号', '手机号码', '电话', '电话号码', '联系电话', 'phone', 'mobile'],
  name: ['姓名', '名称', '联系人', '客户', '客户名称', '昵称', '备注', '备注名', 'name', 'contact', 'remark'],
};

/**
 * Whom a pasted text or a CSV file means, line by line. Where the first line names columns, the surest that is filled in
 * counts; else the first cell that is. Throws `contact_list.unreadable` and `contact_list.too_long`.
 */
export function meantIn(text: string): Meant[] {
  // Of what is copied from a spreadsheet the cells are apart by tabs.
  const records = readCsv(text.replace(/^\uFEFF/, '').replaceAll('\t', ','));
  if (records === null)
    throw new Refusal(
      'contact_list.unreadable',
      'A quotation mark is opened and never closed: close or remove it.',
      400,
      {
        path: 'text',
      },
    );
  const columns = columnsOf(records[0]?.cells ?? []);
  const lines = columns.length > 0 ? records.slice(1) : records;
  if (lines.length > LIST_LINES_MAX)
    throw new Refusal('contact_list.too_long', `A list is read from ${LIST_LINES_MAX} lines at most.`, 400, {
      path: 'text',
      most: LIST_LINES_MAX,
      is: lines.length,
    });
  return lines.flatMap(({ line, cells }) => {
    const named = columns.find(({ at }) => cells[at]);
    const said = (named ? cells[named.at] : columns.length > 0 ? '' : cells.find(Boolean)) ?? '';
    const cut = said.slice(0, SAID_MAX);
    return [{ line, said: cut, by: cut === '' ? [] : named ? [named.by] : waysOf(cut) }];
  });
}

function columnsOf(cells: readonly string[]): { at: number; by: MeantBy }[] {
  return (Object.keys(headings) as MeantBy[]).flatMap((by) => {
    const at = cells.findIndex((cell) => headings[by].includes(cell.trim().toLowerCase()));
    return at === -1 ? [] : [{ at, by }];
  });
}

function waysOf(said: string): MeantBy[] {
  if (uuid.test(said)) return ['id'];
  return isPhone(said) ? ['phone'] : ['key', 'name'];
}

function isPhone(said: string): boolean {
  return /^[+\d\s()-]+$/.test(said.normalize('NFKC')) && normalisePhone(said).length >= PHONE_DIGITS_MIN;
}

export const isId = (said: string): boolean => uuid.test(said);
