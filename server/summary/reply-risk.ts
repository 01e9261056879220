export interface ReplyRisk {
  kind: 'price' | 'date' | 'promise';
  text: string;
}

const number = String.raw`(?:\d[\d,]{0,15}(?:\.\d{1,4})?|[零一二两三四五六七八九十百千万半]{1,12})`;

/** The words of a reply that bind the company once they are sent. */
const patterns: readonly { kind: ReplyRisk['kind']; pattern: RegExp }[] = [
  {
    kind: 'price',
    pattern: new RegExp(
      String.raw`[¥￥$]\s?\d[\d,]{0,15}(?:\.\d{1,4})?(?:\s?万)?|${number}\s?(?:万元|千元|百元|元|块钱?|万(?!人|台|件|次|户)|美元|RMB)|${number}\s?折|\d{1,4}(?:\.\d{1,4})?\s?[%％]\s?(?:的?(?:优惠|折扣|返点|预付|定金|首付))?|(?:免费|赠送|包邮|最低价|全网最低|打折)`,
      'gi',
    ),
  },
  {
    kind: 'date',
    pattern:
      /\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}[日号]?|\d{1,2}\s?月\s?\d{1,2}\s?[日号]?|(?:本|这|下+|上)?个?(?:周|星期|礼拜)[一二三四五六日天末]|今[天日晚]|明[天日早晚]|后天|大后天|(?:本|下)个?月(?:底|初|中旬|\d{1,2}\s?[日号])?|月底|年底|(?:上午|下午|晚上|中午)?\s?\d{1,2}\s?[点:：]\s?(?:\d{1,2}分?|半)?(?!\d)|(?:\d{1,4}|[一二两三四五六七八九十半]{1,6})\s?个?(?:小时|工作日|天|周|星期|个?月)(?:之?内|以内|后)/g,
  },
  {
    kind: 'promise',
    pattern:
      /保证|承诺|一定(?:会|能|可以)?|肯定(?:会|能|可以)|绝对|确保|包(?:退|换|赔|过)|终身|无条件|随时(?:可)?退款?|没有任何问题/g,
  },
];

const RISKS_MAX = 12;

/** What to look at before the reply leaves, in the order it stands there. */
export function replyRisks(reply: string): ReplyRisk[] {
  const found = patterns.flatMap(({ kind, pattern }) =>
    [...reply.matchAll(pattern)].map(({ 0: text, index }) => ({ kind, text: text.trim(), index })),
  );
  const seen = new Set<string>();
  return found
    .sort((a, b) => a.index - b.index)
    .filter(({ kind, text }) => {
      const key = `${kind} ${text}`;
      return text !== '' && !seen.has(key) && seen.add(key);
    })
    .map(({ kind, text }) => ({ kind, text }))
    .slice(0, RISKS_MAX);
}
