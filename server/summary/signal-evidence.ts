import { clausesOf, isPlainSpeech, isQuestion, isRequest, sentencesOf } from './plain-speech.ts';
import type { SignalKind } from './summary-answer.ts';
import type { ReadableMessage } from './summary.ts';

const amount = String.raw`(?:\d|[二两三四五六七八九十百几]|[一二三四五六七八九]?千)[\d,.一二三四五六七八九十百千]*\s*(?:多|来|几)?\s*`;

/**
 * What a quote must say for the signal to be in it: being true is not enough, since a model that was talked into it can
 * quote a greeting as an order. Generous with how people put it, and without words that every chat is full of.
 */
const words: Record<SignalKind, RegExp> = {
  asks_price:
    /价(?!值)|多少(?:钱|米|一|每)|费用|收费|怎么(?:卖|收)|(?:要|得|算)多少|几(?:块|钱)|贵|便宜|优惠|打个折|加多少|打?[\d一二三四五六七八九两]+\s*折|折扣|成本|预付|报个|\bprice|\bcost|\bquot(?:e|ation)|discount|how much/iu,
  asks_delivery:
    /交付|交货|交期|货期|发货|到货|送货|上线|实施|工期|部署|排期|现货|多久|多长时间|什么时候|啥时候|何时|几(?:天|周|个月|号)|周期|前(?:能|要|必须|得|可以)|来得?及|赶得上|安装|deliver|shipping|lead time|go[- ]live|\beta\b|how (?:long|soon)/iu,
  asks_trial:
    /试(?:用|一?下|一试|试|点|跑|装|驾|听|吃|玩)?|体验|样(?:品|机|书|片|板|本|衣)|打样|演示|\bdemo|\bpoc\b|\btrial|\bsample|测试/iu,
  asks_contract:
    /合同|协议|签|付款|付钱|款|首付|预付|定金|订金|发票|开票|专票|普票|盖章|打款|转账|对公|账期|分期|下单|走流程|立项|招标|投标|续费|续约|\bpo\b|invoice|contract|payment|purchase order/iu,
  names_budget: new RegExp(
    String.raw`预算|价位|批了|${amount}(?:万|元|块|千|百|k\b|w\b|亿|美元|美金|刀|rmb|usd|cny)|[¥￥$]\s*\d|\d\s*(?:以内|以下|上下)|\bbudget`,
    'iu',
  ),
  names_quantity: new RegExp(
    String.raw`${amount}(?:个|套|台|件|人|位|用户|账号|坐席|席位|家|间|门店|箱|吨|米|平|方|辆|本|份|份儿|条|张|公斤|斤|批|组|名|员工|学生|床|点位|人次|k\b|pcs|users?|seats?|units?|sets?)|(?:人|量|数)[^，。]{0,6}\d`,
    'iu',
  ),
  names_decision_maker:
    /老板|领导|董事|总监|经理|主任|院长|校长|厂长|行长|部长|处长|科长|店长|(?<![总监])[\p{Script=Han}]总(?![监价体共是会算结数])|副总|总经理|财务|法务|采购部?|[拍做][板主]|说了算|审批|负责人|上面|上会|总部|集团|爱人|老婆|老公|家里|股东|合伙人|我(?:来|自己)?(?:就能|能)?(?:定|决定)|\b(?:boss|ceo|cto|cfo|coo|cio|director|vp|manager)\b/iu,
  agrees_to_meet:
    /见(?:面|个面|一面)?$|见面|面谈|当面|拜访|上门|过来|来(?:我们|一趟|公司|厂|店|看)|约(?!束)|开会|会议室?|碰(?:头|个|一下)|到(?:你们|贵)|去(?:你们|贵|看看|一趟)|(?:上午|下午|晚上|明天|后天|[周期][一二三四五六日天]|点)吧|(?:上午|下午|晚上|中午|点|[周号]|星期[一二三四五六日天]|明天|后天)[^，。]{0,8}(?:见|聊|谈|来|到|可以|行|有空|方便|有时间|没问题)|\b(?:meet|meeting|call|zoom|visit)\b/iu,
  compares_competitor:
    /对比|比较|比价|比(?:你们|贵)|比[^，。]{1,8}(?:贵|便宜|[低高好差])|竞品|竞争|别家|别的(?:家|厂|供应|品牌|平台|公司)|另(?:一|外)[^，。]{0,2}家|其[他它](?:家|厂|供应|品牌|平台|公司|方案)|隔壁|同行|友商|(?:两|三|四|五|几|[2-9])家|人家|也在(?:看|聊|谈|接触|了解)|还在看|那边(?:报|给|说)|他们(?:报|家|给|的报价)|换(?!个说)|\bvs\b|compar|competitor|another (?:vendor|supplier)/iu,
  positive:
    /满意|不错|(?:挺|很|真|最|特别|非常|蛮|还|更)(?:好|棒|合适|专业|靠谱|方便|快|喜欢)|太(?:好|棒)|好用|好看|喜欢|感兴趣|有兴趣|认可|看好|看中|合适|(?:就|那就)(?:定|选|要|用|买|这么|按)|(?:这个?[月周]|本[月周])[^，。]{0,4}(?:定|签|下单)|定了|决定(?:了|用|买|要|选)|确定要|要了|同意|放心|信任|靠谱|专业|期待|给力|点赞|没得说|愿意|想(?:买|要|订)|\b(?:great|perfect|excellent|love|happy with|impressed|sounds good|looks good)\b/iu,
  negative:
    /不满|投诉|失望|太差|很差|真差|差劲|太慢|很慢|有点慢|坏了|又坏|故障|崩|登录?不上|打不开|用不了|垃圾|退(?:款|货|钱|订|单|掉)|不(?:要了|买了?|考虑|需要|想(?:要|用|买|合作|再)|合适|行|打算|接受|感兴趣|靠谱|好用|值|专业|来了|做了|续|用了|合作)|没(?:兴趣|必要|需求|人管|人理|解决)|算了|别(?:再)?(?:发|打|联系|烦|推)|拒绝|取消|生气|气死|骗|忽悠|别又|赔|拉黑|黑名单|曝光|无法接受|受不了|什么态度|第[二三四]次|\b(?:disappointed|refund|cancel|unacceptable|not interested|terrible)\b/iu,
  postpones:
    /再(?:说|看|联系|议|定|考虑|等)|以后|过(?:段|阵|几|一?阵|了|完|两)|推(?:迟|后|到)|延(?:后|期|到)|往后|晚(?:点|些)|先(?:不|放|等|缓|别)|暂(?:时|缓|停)|缓(?:一|缓)|放一?放|搁|下(?:个|半)?(?:季度|年|月)|明年|年底|年后|节后|不(?:着)?急|没时间|抽不出|考虑(?:一下|考虑|下)?|等(?:一|我|他|老|领|总|预|批|下|月|年|过)|\b(?:later|postpone|next (?:year|quarter|month)|on hold|not now)\b/iu,
};

const assent = /^(?:好|行|可以|没问题|ok|嗯|成|中|得|是|对)[的啊呀吧哈呢啦嘞滴，,。.!！~～]*/iu;
const shortLettersMax = 8;

/** `before` is the message before the quoted one: a short yes says what it was asked. */
export function saysSignal(kind: SignalKind, quote: string, before: ReadableMessage | null): boolean {
  if (words[kind].test(quote)) return true;
  const isYes = quote.length <= shortLettersMax && assent.test(quote) && before?.sender === 'member';
  return isYes && kind === 'agrees_to_meet' && words.agrees_to_meet.test(before.text);
}

/** What is asked of the seller. The others are said of oneself. */
const asked: ReadonlySet<SignalKind> = new Set([
  'asks_price',
  'asks_delivery',
  'asks_trial',
  'asks_contract',
  'agrees_to_meet',
]);
const unfavourable: ReadonlySet<SignalKind> = new Set(['postpones', 'negative']);

/**
 * How a signal is said, which decides how much it counts (server/scoring/score.ts). `plain`: as a question or a request
 * to the seller, as an answer to theirs, or as a no. `claimed`: that there is money, power or a signature anybody may say
 * unasked; it counts little until it is said again after a reply. `dictated`: not in the form of something said to a
 * seller at all; however often, it counts little.
 */
export type Manner = 'plain' | 'claimed' | 'dictated';

/**
 * `turn` are all messages of the contact that stand together unanswered: who dictates in one of them speaks for a record
 * in all. `question` is what the member said before them.
 */
export function mannerOf(
  kind: SignalKind,
  text: string,
  { turn, question }: { turn: readonly string[]; question: string | null },
): Manner {
  if (![text, ...turn].every(isPlainSpeech)) return 'dictated';
  if (unfavourable.has(kind) || (question !== null && isAnswer(kind, question))) return 'plain';
  const says = (piece: string) => words[kind].test(piece);
  const isAsked = asked.has(kind)
    ? clausesOf(text).some((clause) => says(clause) && (isQuestion(clause) || isRequest(clause)))
    : kind === 'names_quantity' && sentencesOf(text).some((one) => says(one) && isQuestion(one));
  return isAsked ? 'plain' : 'claimed';
}

/** Of what they were asked: of money, of how many, of who decides, of a day. */
const isAnswer = (kind: SignalKind, question: string) =>
  kind === 'agrees_to_meet'
    ? words.agrees_to_meet.test(question)
    : sentencesOf(question).some((one) => words[kind].test(one) && isQuestion(one));
