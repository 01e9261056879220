import { foundAt, lastGroup, type Found } from './finding.ts';
import type { PlainText } from './plain-text.ts';

const topLevels =
  'com|cn|net|org|edu|gov|io|co|me|cc|hk|tw|info|biz|top|vip|tech|xyz|shop|site|online|dev|app|asia|de|jp|uk|us|sg';
const mailChars = 'A-Za-z0-9._%+\\-';
const domain = '[A-Za-z0-9](?:[A-Za-z0-9\\-]{0,62}[A-Za-z0-9])?';
const mail = new RegExp(
  `(?<![${mailChars}])["“']?[${mailChars}]{1,64}(?:点[A-Za-z0-9]{1,30})?["”']? ?@ ?(?:${domain}\\.){1,4}(?:xn--[a-z0-9\\-]{1,40}|[A-Za-z]{2,24})(?![A-Za-z0-9])`,
  'g',
);
const mailInChinese = new RegExp(
  `(?<![${mailChars}])[${mailChars}]{1,64}@[\\p{L}\\d\\-]{1,30}\\.(?:中国|公司|网络|企业|com|cn|net)`,
  'gu',
);
const dotted = '(?: ?(?:\\.|点|[([]dot[)\\]]| dot ) ?)';
const spelledMail = new RegExp(
  `(?<![${mailChars}])[A-Za-z0-9_%+\\-]{1,40}(?:(?:\\.|点)[A-Za-z0-9_%+\\-]{1,40}){0,3}(?: ?[([{<]\\s?(?:at|a|@)\\s?[)\\]}>] ?|[ ]at[ ]| ?艾特 ?|#|＃|@)(?:${domain}${dotted}){1,3}(?:${topLevels})(?![A-Za-z0-9])`,
  'gi',
);

const heart = '[❤♥💚💗💕]{0,3}';
const wechat = `(?:[微薇威徽溦] ?${heart} ?信|卫星号|绿泡泡|we ?chat|wei ?xin|(?<![A-Za-z0-9])(?:v ?x|w ?x|v ?信|v{1,3}(?![A-Za-z0-9]))|(?:(?<=丨)|(?<![\\u4e00-\\u9fa5]))[微薇]|(?<=[我加个他她])[微薇]|[微薇v](?=[❤♥]))`;
const introducesWechat = `${wechat}${heart} ?(?:号码|账号|id|hao|号)?`;
const wechatId = '[A-Za-z][A-Za-z0-9_.\\-]{4,24}|\\d{5,11}[A-Za-z_][A-Za-z0-9_\\-]{0,12}';
/** Right after the word for it. */
const introducedWechat = new RegExp(
  `${introducesWechat}\\s?(?:[:=→丨|]|是|为|就是|个|加|搜){0,2}\\s{0,2}(${wechatId})(?![A-Za-z0-9_])`,
  'giu',
);
/** Words of the same sentence that speak of no other number. */
const words = '[^A-Za-z0-9\\n。!?;号码版型件]';
/** A few words after the word for it, and of a shape that no word has. */
const laterWechat = new RegExp(`(?:微信|薇信|vx|v信|wechat)${words}{1,10}(${wechatId})(?![A-Za-z0-9_])`, 'gi');
/** 微信 anna_li 不对，是 anna_li07 */
const correctedWechat = new RegExp(
  `(?:微信|薇信|vx|v信|wechat)号?[: ]{0,2}[A-Za-z0-9_.\\-]{5,20}${words}{0,6}(?:是|或|或者) ?(${wechatId})(?![A-Za-z0-9_])`,
  'gi',
);
const followedByWechat = /(?<![A-Za-z0-9_-])([A-Za-z][A-Za-z0-9_-]{5,19})(?= ?\((?:微信|vx|wx|wechat))/gi;
/** Vgaoming2018: the V before an id, and none of the products that begin so. */
const attachedWechat =
  /(?<![A-Za-z0-9])[Vv](?!mware|sphere|center|isual|ersion|ista)([a-z]{4,16}\d{2,8})(?![A-Za-z0-9])/g;
const wechatNumber =
  /(?:微信|薇信|v信|vx|wechat) ?(?:号码|号|id)\s?[:是为]{0,2}\s?(\d{6,12})(?![\d.]|\s?[元块万台个人])/gi;
const givenId = /(?<![A-Za-z0-9])(wxid_[A-Za-z0-9]{6,30})/gi;

const introducesQq =
  '(?:(?<![A-Za-z])q ?q|扣扣|秋秋|企鹅|(?<![折打])扣|(?<=加 ?)q|(?<![A-Za-z])q(?=:))(?:号码|号)?(?:是|为)?[ :]{0,3}';
const qq = new RegExp(
  `${introducesQq}([1-9]\\d{4,10}|[1-9]\\d{1,3}(?: \\d{2,4}){1,3})(?![\\d.]|\\s?[元块万台个人件套折])`,
  'gi',
);

export function* findOnlineNames(text: PlainText): Generator<Found> {
  if (/[@#]|艾特|at/i.test(text.plain))
    for (const pattern of [mail, mailInChinese, spelledMail]) yield* all(text, '邮箱', pattern);
  for (const found of all(text, '微信', introducedWechat)) if (isHandle(found.value, true)) yield found;
  for (const pattern of [laterWechat, correctedWechat, followedByWechat, attachedWechat])
    for (const found of all(text, '微信', pattern)) if (isHandle(found.value, false)) yield found;
  yield* all(text, '微信', givenId);
  yield* all(text, '微信', wechatNumber);
  for (const found of all(text, 'QQ', qq)) if (/^\d{5,11}$/.test(found.value)) yield found;
}

function* all(text: PlainText, kind: Found['kind'], pattern: RegExp): Generator<Found> {
  for (const found of text.plain.matchAll(pattern)) {
    const { written, at } = lastGroup(found);
    yield foundAt(text, kind, at, written.length, written.toLowerCase().replaceAll(' ', ''));
  }
}

/** An id has a digit, a hyphen or an underscore in it, or stands right after its word and is no word of ours. */
function isHandle(value: string, isIntroduced: boolean): boolean {
  if (/^[\d.]/.test(value) && !/[a-z_]/.test(value)) return false;
  if (/[\d_-]/.test(value)) return value.length >= 6 && !/^(?:www|http)/.test(value);
  return (
    isIntroduced && value.length >= 6 && !/^(?:wechat|weixin|iphone|android|windows|login|official|mini)/.test(value)
  );
}
