import type { z } from 'zod';
import type { customerDraft } from './customer-api.ts';
import type { CustomField, CustomValue } from './custom-field.ts';
import { Refusal } from '#server/base/refusal.ts';
import { industryOf } from './industry.ts';
import { regionOf } from './region.ts';

type Column = Exclude<keyof z.infer<typeof customerDraft>, 'custom'>;

/** How people head the columns of their tables. */
const headings: Record<Column, readonly string[]> = {
  kind: ['类型', '客户类型', 'kind', 'type'],
  name: ['名称', '客户名称', '公司名称', '企业名称', '客户', '公司', '姓名', 'name'],
  phone: ['电话', '手机', '手机号', '联系电话', '电话号码', 'phone'],
  regionCode: ['地区', '所在地区', '区域', '城市', '省市', 'region'],
  industryCode: ['行业', '所属行业', 'industry'],
  grade: ['等级', '级别', '客户等级', 'grade'],
  stage: ['阶段', '客户阶段', '跟进阶段', 'stage'],
  source: ['来源', '客户来源', 'source'],
  ownerId: ['负责人', '所属销售', '跟进人', 'owner'],
  website: ['网址', '网站', '官网', 'website'],
  address: ['地址', '联系地址', 'address'],
};

const words: Partial<Record<Column, Record<string, string>>> = {
  kind: { 企业: 'organisation', 公司: 'organisation', 组织: 'organisation', 单位: 'organisation', 个人: 'person' },
  stage: {
    新客户: 'new',
    新增: 'new',
    已联系: 'contacted',
    跟进中: 'contacted',
    有意向: 'qualified',
    已确认需求: 'qualified',
    已报价: 'quoted',
    报价: 'quoted',
    已成交: 'won',
    成交: 'won',
    已流失: 'lost',
    流失: 'lost',
  },
};

export interface Table {
  /** What each column of the file stands for; null for those nobody knows. */
  columns: ({ column: Column } | { custom: CustomField } | null)[];
  unknownColumns: string[];
}

export function readHeading(cells: readonly string[], fields: readonly CustomField[]): Table {
  const columns = cells.map((cell) => meaningOf(cell.replace(/[\s*:：]/g, '').toLowerCase(), fields));
  if (!columns.some((each) => each && 'column' in each && each.column === 'name'))
    throw new Refusal('import.heading', 'The first line must name the columns, 名称 (name) among them.', 422);
  return { columns, unknownColumns: cells.filter((cell, i) => columns[i] === null && cell !== '') };
}

/** The draft a line asks for, not checked yet but for what only its spelling tells. Owners by their names. */
export function readLine(table: Table, cells: readonly string[], owners: ReadonlyMap<string, string[]>): object {
  const draft: Partial<Record<Column, string>> = {};
  const custom: Record<string, CustomValue> = {};
  for (const [i, meaning] of table.columns.entries()) {
    const cell = cells[i] ?? '';
    if (!meaning || cell === '') continue;
    if ('custom' in meaning) custom[meaning.custom.key] = customValue(meaning.custom, cell);
    else draft[meaning.column] = valueOf(meaning.column, cell, owners);
  }
  return { kind: 'organisation', ...draft, custom };
}

function meaningOf(heading: string, fields: readonly CustomField[]): Table['columns'][number] {
  const column = (Object.keys(headings) as Column[]).find((each) => headings[each].includes(heading));
  if (column) return { column };
  const custom = fields.find(({ key, label }) => key === heading || label.toLowerCase() === heading);
  return custom ? { custom } : null;
}

function valueOf(column: Column, cell: string, owners: ReadonlyMap<string, string[]>): string {
  switch (column) {
    case 'regionCode':
      return known(
        regionOf(cell),
        'customer.region',
        `${cell} is not one region. Write a GB/T 2260 code or the full name.`,
      );
    case 'industryCode':
      return known(
        industryOf(cell),
        'customer.industry',
        `${cell} is no industry. Write a GB/T 4754 code or its name.`,
      );
    case 'ownerId': {
      const named = owners.get(cell) ?? [];
      return known(
        named.length === 1 ? named[0] : null,
        'customer.owner_outside',
        named.length === 0 ? `You can see no member called ${cell}.` : `Several members are called ${cell}.`,
      );
    }
    case 'grade':
      return cell
        .normalize('NFKC')
        .toUpperCase()
        .replace(/[级类]$/, '');
    default:
      return words[column]?.[cell] ?? cell;
  }
}

function known(value: string | null | undefined, code: string, message: string): string {
  if (!value) throw new Refusal(code, message, 422);
  return value;
}

function customValue({ type }: CustomField, cell: string): CustomValue {
  const number = Number(cell.replaceAll(',', ''));
  if (type === 'number' && !Number.isNaN(number)) return number;
  // 2026/3/1, as spreadsheets write it.
  const date = /^(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})$/.exec(cell);
  if (type === 'date' && date) return [date[1], date[2]?.padStart(2, '0'), date[3]?.padStart(2, '0')].join('-');
  return cell;
}
