import { foundAt, type Found } from './finding.ts';
import type { PlainText } from './plain-text.ts';

const word = '[\\u4e00-\\u9fa5A-Za-z0-9]';
/** Of the name of a place: not of what is said about it. */
const placeWord = '(?:(?![我你您他她要的有在到了请给是寄送第])[\\u4e00-\\u9fa5A-Za-z0-9])';
const number = '(?:\\d{1,5}(?:-\\d{1,4})?|[零一二三四五六七八九十百千]{1,7})';
const unit = '(?:号院|号楼|楼|栋|幢|座|室|层|单元|门|房|号|户|区|期|塔|街|弄|F(?![A-Za-z]))';

const code =
  '(?:[A-Z]{1,2}-?\\d{1,4}|\\d{1,4}[A-Z]?|[A-Z](?= ?[座栋幢区塔楼])|[东南西北一二三四五六七八九十]{1,2}(?=单元|[座栋幢层楼期区]))(?:-[A-Z]?\\d{0,4})*';
/** What may follow a house number: buildings, floors, rooms, each with its word; a bare room right after one of them. */
const part = ` ?${placeWord}{0,12}? ?${code} ?${unit}`;
const room =
  ' ?(?!20\\d\\d[-年/.])(?:[A-Z]{1,2}\\d{1,4}[A-Z]?|\\d{1,4}[A-Z]|\\d{3,5}|\\d{1,4}(?=-))(?:-[A-Z]?\\d{1,4})*(?![\\d.A-Za-z])(?! ?[台元块个件套万人份点折年月日])';
const place = ` ?${placeWord}{0,12}?(?:大厦|广场|中心|花园|公寓|小区|大楼|空间|科技园|产业园|创意园|金融港|科技城|校区|南校|北校|写字楼|商贸城|国际|苑|君座|天地|总部)`;
const tail = `(?:${part}|${room}|${place}){0,6}(?:[东南西北][区门])?`;

const road = `${word}{1,14}?(?:大道|大街|国道|省道|路|街坊|街|道|巷|胡同|弄|里|线)(?:[\\u4e00-\\u9fa5]{1,4}段|[东西南北中]{1,2}(?:侧|路)?|延长线|辅路|[一二三四五六七八九十\\d]{1,3}(?:段|街|路|巷|弄))?(?:中段|东段|西段|北侧|南侧)?`;
const onRoad = `${road} ?${number}(?: ?(?:号院|号楼|号|弄|號|栋|幢|座|支弄)|(?= ?[\\u4e00-\\u9fa5]{2,10}(?:大厦|广场|中心|SOHO)))${tail}`;
const named =
  '(?:小区|花园|花苑|公寓|大厦|广场|中心|家园|家苑|新村|国际|名苑|雅苑|君座|苑|园|城|湾|府|庄|镇|居|里|庭|墅|轩|阁|郡|谷)';
const inEstate = `${word}{1,14}?${named}(?:[一二三四五六七八九十\\d]{1,2}期|[A-Z]?[东南西北]?[一二三四五六七八九十]?区)?(?:(?: ?[A-Z]?\\d{1,3}| ?[一二三四五六七八九十]{1,2}| ?[A-Z](?= ?[座栋幢])) ?(?:号楼|栋|幢|座|号院|街)${tail}| ?\\d{1,3}-\\d{1,2}-\\d{3,4})`;
const inVillage = `${word}{2,12}?(?:街道|[镇乡县区市])${word}{1,10}?(?:社区|[村屯组队湾庄寨])(?:[\\u4e00-\\u9fa5]{1,5}[组队屯])? ?\\d{1,4} ?(?:号(?![楼院])|组)`;
/** A building without the name of the place: its room tells it from 3栋的设备. */
const inBuilding =
  '(?<![\\d.])\\d{1,3}(?:栋|幢|号楼) ?(?:[\\d一二三四五六七八九十]{1,2} ?单元 ?\\d{2,4}|\\d{3,4})(?:室|房|号)?';
const core = new RegExp(`${inVillage}|${onRoad}|${inEstate}|${inBuilding}`, 'g');
/** 工业园区 7 号楼的设备: a building somebody speaks of, with no room in it. */
const isBareBuilding = /^[^\d]* \d{1,3} ?(?:号楼|栋|幢|座)$/;
const wordsBefore = /[\u4e00-\u9fa5]{0,30}$/;

export function* findAddresses(text: PlainText): Generator<Found> {
  if (!/\d|[一二三四五六七八九十百千零]|[A-Z]座/.test(text.plain)) return;
  for (const { 0: written, index } of text.plain.matchAll(core)) {
    if (isBareBuilding.test(written)) continue;
    const before = wordsBefore.exec(text.plain.slice(Math.max(0, index - 30), index))?.[0] ?? '';
    const address = (before + written).slice(leadOf(before + written, before.length));
    yield foundAt(text, '地址', index + written.length - address.length, address.length, address.replaceAll(' ', ''));
  }
}

// The words people put before an address; a place is never called so.
const leads =
  /地址|住址|快递|送货|发货|收货|收件|装机|提货点?|我家|家住|公司|工厂|仓库|我们|你们|他们|他家|旁边|对面|靠近|就是|在|到|给|寄|送|发往|发(?![展祥])|是|改|请|去|放|于(?![洪都])|的|那(?![曲坡])|住|说|要|跟|让|叫|妈|爸/g;
const regions =
  /(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门)(?![东南西北中]?[一二三四]?(?:路|街|大道|大街))/;
const admin =
  /(?:[\u4e00-\u9fa5]{2,8}?(?:特别行政区|自治区|自治州|经济开发区|开发区|工业园区|工业基地|工业区|高新区|街道|[省市区县州盟旗镇乡])){1,6}$/;

/** Where the address begins in what was found and the words before it. */
function leadOf(all: string, coreAt: number): number {
  // The first words of the core itself may still be spoken ones: 公司在建国路88号.
  const head = all.slice(0, coreAt + 12);
  let at = 0;
  for (const lead of head.matchAll(leads)) {
    const end = lead.index + lead[0].length;
    if (
      lead.index <= coreAt + 8 &&
      /^(?:[\u4e00-\u9fa5A-Z]{2}|\d{1,3}(?:栋|幢|号楼))/.test(all.slice(end)) &&
      !isName(all, lead.index)
    )
      at = end;
  }
  // A province, or districts in a row before the road, or the road alone.
  const region = regions.exec(head.slice(at));
  const districts = at < coreAt ? admin.exec(all.slice(at, coreAt)) : null;
  if (!region && !districts) return Math.max(at, coreAt);
  return at + Math.min(region?.index ?? Infinity, districts?.index ?? Infinity);
}

/** 农科院南路, 安定门外大街: a word that is part of the road's name. */
const isName = (all: string, at: number) =>
  /^(?:的卢|去疾|要塞|住友|放鹤|让胡路|给水|请愿|说法|跟子)/.test(all.slice(at));
