import { foundAt, type Found } from './finding.ts';
import type { PlainText } from './plain-text.ts';

const province = '[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]';
const letter = '[A-HJ-NP-Z]';
const sign = '[A-HJ-NP-Z0-9]';
const dot = '[·•‧∙・.\\- ]{0,3}';
// GA 36: five signs after the letter; six for new energy, with its own letter first or last; four before 挂, 学, 警, 港, 澳, 领.
const plate = new RegExp(
  `${province}[·•. ]?${letter}${dot}(?:[A-HJ-K]${sign}\\d{4}|\\d{5}[A-HJ-K]|${sign}{4}[挂学警港澳领]|${sign}{5})(?![A-Z0-9])|使\\d{6}(?!\\d)`,
  'gi',
);

export function* findPlates(text: PlainText): Generator<Found> {
  for (const { 0: written, index } of text.plain.matchAll(plate))
    if ((written.match(/\d/g)?.length ?? 0) >= 2)
      yield foundAt(text, '车牌', index, written.length, written.replace(/[^\p{L}\d]/gu, '').toUpperCase());
}
