/** A message as the prompt tells it. */
export interface Said {
  id: string;
  by: 'member' | 'contact';
  text: string;
}

export interface Cited {
  messageId: string;
  /** Cut out of the message, never rewritten. */
  quote: string;
}

export interface Reading {
  needs: (Cited & { text: string })[];
  budget: (Cited & { text: string })[];
  deciders: (Cited & { text: string })[];
  objections: (Cited & { text: string })[];
  promises: (Cited & { text: string; who: 'member' | 'contact'; when: string | null })[];
  signals: (Cited & { signal: Signal })[];
  nextStep: (Cited & { text: string; when: string | null }) | null;
  topics: string[];
  reply: string | null;
}

export type Signal =
  | 'asks_price'
  | 'asks_delivery'
  | 'asks_trial'
  | 'asks_contract'
  | 'names_budget'
  | 'names_quantity'
  | 'names_decision_maker'
  | 'agrees_to_meet'
  | 'compares_competitor'
  | 'positive'
  | 'negative'
  | 'postpones';

/** What can be read out of any Chinese sales chat by looking for its usual words. No language model: rules. */
export function read(messages: readonly Said[]): Reading {
  const clauses = messages.flatMap((message) => sentencesOf(message.text).map((quote) => ({ message, quote })));
  const theirs = clauses.filter(({ message }) => message.by === 'contact');
  const cite = ({ message, quote }: (typeof clauses)[number]): Cited => ({ messageId: message.id, quote });

  const needs = firsts(theirs.filter(isNeed), 3).map((one) => {
    const quote = tight(one.quote, sizeWords.test(one.quote) ? sizeWords : needWords);
    return { messageId: one.message.id, quote: quote.slice(0, quoteMax), text: needText(quote) };
  });
  const budget = lasts(
    theirs.filter(({ quote }) => budgetWords.test(quote)),
    2,
  ).map((one) => ({
    ...cite(one),
    text: amountIn(one.quote) ? `预算约 ${amountIn(one.quote)}` : `预算：${short(one.quote)}`,
  }));
  const deciders = lasts(
    theirs.filter(({ quote }) => deciderWords.test(quote)),
    2,
  ).map((one) => ({
    ...cite(one),
    text: `${deciderWords.exec(one.quote)?.[1] ?? '上级'}参与决定`,
  }));
  const objections = distinct(
    theirs.flatMap((one) =>
      objectionRules.flatMap(([words, text]) => (words.test(one.quote) ? [{ ...cite(one), text }] : [])),
    ),
    (one) => one.text,
  ).slice(0, 4);
  const promises = clauses.flatMap((one) => {
    const words = one.message.by === 'member' ? memberPromise : contactPromise;
    if (!words.test(one.quote) || isNoPromise(one.quote)) return [];
    return [{ ...cite(one), text: promiseText(one.quote), who: one.message.by, when: whenIn(one.quote) }];
  });
  const signals = signalRules.flatMap(([words, signal]) => {
    const last = theirs.findLast(({ quote }) => words.test(quote));
    return last ? [{ messageId: last.message.id, quote: tight(last.quote, words), signal }] : [];
  });
  const open = openQuestions(messages);
  const nextStep = nextStepOf(open, promises);
  return {
    needs,
    budget,
    deciders,
    objections,
    promises: lasts(promises, 6),
    signals,
    nextStep,
    topics: topicRules.filter(([words]) => theirs.some(({ quote }) => words.test(quote))).map(([, topic]) => topic),
    reply: replyTo(messages, open, promises),
  };
}

/** Enough to find it again. */
const quoteMax = 30;

function isNeed({ quote }: { quote: string }): boolean {
  if (/^.{0,5}了解一?下.?$/.test(quote)) return false;
  if (budgetWords.test(quote) || rivalWords.test(quote) || complaintWords.test(quote)) return false;
  return sizeWords.test(quote) || (needWords.test(quote) && !priceWords.test(quote) && !postponeWords.test(quote));
}

/** Sentences keep their place in the text: a quote must be found in its message again. */
function sentencesOf(text: string): string[] {
  return (text.match(/[^。！？!?；;\n]+[。！？!?；;]*/g) ?? [])
    .map((one) => one.trim())
    .filter((one) => one.length > 1);
}

const needWords =
  /想(?!.{0,3}退)|需要|希望|要求|了解|支持.{0,12}(吗|么|不)|有没有|能不能|能.{0,10}(吗|么)|可以.{0,10}(吗|么)|试用|采购|对接|私有化|统一|接口|功能|打通/;
const budgetWords = /预算|(\d[\d,.]*)\s*(万|元|块|k|w)\s*(以内|左右|出头|上下)|最多.{0,6}\d+\s*(万|元)/i;
const deciderWords =
  /(老板|领导|董事长|总经理|副总|[\u4e00-\u9fa5]?总监|财务|法务|采购部?|[\u4e00-\u9fa5]总(?![监价体共经]))[^。！？，,]{0,8}(定|批|拍板|同意|决定|汇报|审|看|参加|点头|签)/;
const deliveryWords = /交付|交期|上线|多久|什么时候能|工期|实施|排期/;
const priceWords = /多少钱|价格|报价|费用|怎么收费|什么价|多少(元|块)?\s*[?？]?$|整体多少|一年多少|优惠|折扣|便宜/;
const rivalWords = /对比|竞品|别家|另一家|隔壁|纷享|销售易|金蝶|简道云|其他(家|供应商|方案)/;
const complaintWords = /登录不上|打不开|崩|故障|投诉|太慢|有点慢|不好用|没人用|第二次|赔偿|失望|bug/i;
const postponeWords = /再说|没时间|不着急|不急|年底|明年|过段时间|暂时不|先不用|随便看看|考虑一下|再看看/;

const objectionRules: readonly (readonly [RegExp, string])[] = [
  [/贵|太高|高一些|比预期高|超预算|预算(只有|不够|有限)|便宜|优惠|折扣|再低|降价/, '觉得价格偏高，希望优惠'],
  [rivalWords, '正在与其他方案对比'],
  [/数据安全|安全|泄露|合规|等保/, '担心数据安全'],
  [/来不及|太久|交付.{0,6}(慢|久)|能交付/, '担心交付时间'],
  [complaintWords, '对使用体验或稳定性不满意'],
  [postponeWords, '暂不着急决定'],
];

const sizeWords = /(\d+)\s*(人|个(?:账号|坐席|用户|销售|员工|人)|用户|套|台|件|家门店)/;
const contractWords = /合同|付款|盖章|发票|签约|首付|走流程|立项|打款|开票/;

const signalRules: readonly (readonly [RegExp, Signal])[] = [
  [priceWords, 'asks_price'],
  [sizeWords, 'names_quantity'],
  [deliveryWords, 'asks_delivery'],
  [budgetWords, 'names_budget'],
  [deciderWords, 'names_decision_maker'],
  [/试用|体验一下|样品|演示/, 'asks_trial'],
  [contractWords, 'asks_contract'],
  [/(下周|明天|后天|周[一二三四五]).{0,10}(约|聊|见|来我们|过来|演示)|好的?[，,]?下周约/, 'agrees_to_meet'],
  [rivalWords, 'compares_competitor'],
  [/(?<!不)满意|不错|挺好|很好|感兴趣|同意采购|就要定|可以谈|很合适|就定/, 'positive'],
  [complaintWords, 'negative'],
  [postponeWords, 'postpones'],
];

const topicRules: readonly (readonly [RegExp, string])[] = [
  [priceWords, '价格'],
  [deliveryWords, '交付'],
  [/安全|私有化|国产化/, '数据安全'],
  [/对接|接口|打通|集成/, '系统对接'],
  [rivalWords, '竞品'],
  [/试用/, '试用'],
  [/合同|付款|续费|到期|签约/, '合同'],
  [complaintWords, '售后'],
];

const time =
  /((今|明|后)(天|日)|大后天|今晚|明早|今年|明年|下下周[一二三四五六日天]?|(本|这|下)?(周|星期|礼拜)[一二三四五六日天末]|(本|这|下)(个)?(周|月)|月底|年底|年前|年后|\d{1,2}月\d{1,2}[日号]?|\d{1,2}月初|\d{1,2}[日号]|[一二两三四五\d]+(个)?(工作日|天|周|小时)(之)?(内|后))(早上|上午|中午|下午|晚上|下班)?(\d{1,2}([点:：]\d{0,2}半?))?(之前|以前|前|内)?/;

/** The part between commas that has the words, where one has them all. */
function tight(quote: string, words: RegExp): string {
  return (
    quote
      .split(/(?<=[，,])/)
      .find((part) => words.test(part))
      ?.replace(/[，,。]$/, '')
      .trim() ?? quote
  );
}

function whenIn(quote: string): string | null {
  return time.exec(quote)?.[0] ?? null;
}

const memberPromise =
  /发您|发给您|发到|发你|给您(发|出|答复|回复|做|报|一个)?|答复|回复您|安排|联系您|带.{0,6}(过去|上门)|上门|开通|申请|反馈给|整理|寄|告诉您/;
const contactPromise =
  /(下周|明天|后天|今天|周[一二三四五六日]|月底|这周|本周).{0,10}(付款|签|回复|给你|给您|答复|安排|汇报|约|打款)|我(让|跟|去|会).{0,12}(看一下|说一下|汇报|申请|确认|安排)/;

/** Asked, offered, or done already. */
function isNoPromise(quote: string): boolean {
  return /[吗？?]|方便的话|了[。！!]*$/.test(quote) || (/可以|能够/.test(quote) && whenIn(quote) === null);
}

function promiseText(quote: string): string {
  return short(
    quote.replace(
      /^(太好了|好的?|行|没问题|可以|嗯|您好|收到了?|谢谢(反馈)?|理解|不好意思|非常抱歉|抱歉)([^，。！]{1,4}(先生|女士|总|经理|老师)|【[^】]+】)?[，,、。！! ]+/,
      '',
    ),
  );
}

function needText(quote: string): string {
  const size = sizeWords.exec(quote);
  return size ? `使用规模约 ${size[1]} ${size[2]}：${short(quote)}` : short(quote);
}

function amountIn(quote: string): string | null {
  return /\d[\d,.]*\s*(万|千|元|块|k|w)/i.exec(quote)?.[0] ?? null;
}

function short(quote: string): string {
  const plain = quote.replace(/[。！!；;]+$/, '');
  // Half a number is another number.
  return plain.length > 40 ? `${plain.slice(0, 39).replace(/[\d.,]+$/, '')}…` : plain;
}

interface Open extends Cited {
  isPrice: boolean;
  isDelivery: boolean;
}

/** What the customer asked since the member's last word. */
function openQuestions(messages: readonly Said[]): Open[] {
  const answeredUpTo = messages.findLastIndex((message) => message.by === 'member');
  return messages.slice(answeredUpTo + 1).flatMap((message) =>
    sentencesOf(message.text)
      .filter((quote) => /[?？吗么呢]|多少|什么时候|能不能|有没有|发我|尽快|怎么|想|需要|贵|优惠/.test(quote))
      .map((quote) => ({
        messageId: message.id,
        quote,
        isPrice: priceWords.test(quote) || /贵/.test(quote),
        isDelivery: deliveryWords.test(quote),
      })),
  );
}

function nextStepOf(open: readonly Open[], promises: Reading['promises']): Reading['nextStep'] {
  const last = open.at(-1);
  if (last) {
    const about = open.some((one) => one.isPrice) ? '价格' : '客户的问题';
    const also = open.some((one) => one.isDelivery) ? '与交付时间' : '';
    return { messageId: last.messageId, quote: last.quote, text: `今天答复${about}${also}`, when: '今天' };
  }
  const own = promises.findLast((one) => one.who === 'member');
  if (own) return { messageId: own.messageId, quote: own.quote, text: `兑现承诺：${own.text}`, when: own.when };
  return null;
}

/** Prices are repeated only as the member named them before. */
function replyTo(messages: readonly Said[], open: readonly Open[], promises: Reading['promises']): string | null {
  const last = messages.at(-1);
  if (!last) return null;
  const named = messages.findLast((one) => one.by === 'member' && /\d[\d,.]*\s*(元|万)/.test(one.text));
  const price = named ? /\d[\d,.]*\s*(元|万)(\/年|\/月)?/.exec(named.text)?.[0] : undefined;
  const lines: string[] = [];
  if (open.some((one) => one.isPrice)) {
    lines.push(
      price ? `目前的报价是 ${price}，优惠我这边帮您申请一下，今天给您答复。` : '我按您的人数整理一份报价，今天发您。',
    );
  }
  if (open.some((one) => one.isDelivery)) lines.push('交付时间我跟实施同事确认排期后一并告诉您。');
  if (open.length > 0 && lines.length === 0) {
    lines.push(`您问的「${short(open.at(-1)?.quote ?? '')}」我确认后马上回复您。`);
  }
  if (last.by === 'contact' && open.length === 0) lines.push('收到，我这边跟进好后第一时间告诉您。');
  const owed = promises.findLast((one) => one.who === 'member' && one.when);
  if (last.by === 'member' && owed) lines.push(`之前说的「${owed.text}」我正在准备，好了马上发您。`);
  return lines.length > 0 ? `您好，${lines.join('')}` : null;
}

function firsts<T extends { quote: string }>(items: readonly T[], count: number): T[] {
  return distinct(items, (one) => one.quote).slice(0, count);
}

function lasts<T extends { quote: string }>(items: readonly T[], count: number): T[] {
  return distinct(items.toReversed(), (one) => one.quote + ('signal' in one ? String(one.signal) : ''))
    .slice(0, count)
    .toReversed();
}

function distinct<T>(items: readonly T[], key: (item: T) => string): T[] {
  const seen = new Set<string>();
  return items.filter((item) => !seen.has(key(item)) && seen.add(key(item)));
}
