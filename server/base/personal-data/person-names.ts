import { foundAt, lastGroup, type Found } from './finding.ts';
import { readPlain, type PlainText } from './plain-text.ts';

const doubleSurnames =
  '欧阳|上官|司马|诸葛|皇甫|令狐|慕容|尉迟|长孙|宇文|东方|独孤|夏侯|公孙|轩辕|端木|司徒|南宫|百里|钟离|闻人|澹台';
const singleSurnames =
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文庞樊兰殷施洪翟安颜倪牛温芦季俞章鲁葛伍申尤毕聂柴焦柳邢路岳齐梅庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边净阳滕骆简苟占巫党邬娄冷卓花蓝晏郎冼池应谌原古裘丛岑仲区仇卿缪庾宗师褚匡';
const surname = `(?:${doubleSurnames}|[${singleSurnames}])`;
const startsWithSurname = new RegExp(`^${surname}`, 'u');
const isPersonName = new RegExp(
  `^(?:(?:${doubleSurnames})\\p{Script=Han}{1,2}|[${singleSurnames}]\\p{Script=Han}{1,2})$`,
  'u',
);

const titles =
  '总监|总经理|总裁|经理|女士|先生|小姐|太太|老师|主任|主管|厂长|院长|校长|董事长|老板|老总|律师|医生|大夫|博士|教授|书记|局长|处长|科长|部长|行长|店长|会计|师傅|阿姨|秘书|助理|哥|姐|董(?!事会)|工(?![程作厂业人具资艺期地商单序装件])|总(?![部理统价共体计额数结量归之包承线])|叔|兄|嫂|[院处局科队导](?![\\p{Script=Han}])';

/** A name of the record in all the ways people write it. `person` is the same for all of them. */
interface KnownName {
  pattern: RegExp;
  person: string;
}

export type KnownNames = readonly KnownName[];

/** `names` as the record has them; what is shorter than two characters names nobody. */
export function knowNames(names: readonly (string | null | undefined)[]): KnownNames {
  const persons = [...new Set(names.flatMap((name) => (name ? readPlain(name).plain.trim() : [])))]
    .filter((name) => name.length >= 2)
    .sort((a, b) => b.length - a.length);
  const bySurname = Map.groupBy(persons.flatMap(surnamesIn), ({ surname }) => surname);
  return [
    ...persons.flatMap((person) => spellingsOf(person).map((said) => ({ pattern: wholePattern(said), person }))),
    ...persons.flatMap((person) =>
      spellingsOf(person).flatMap((said) => givenPatterns(said).map(({ pattern }) => ({ pattern, person }))),
    ),
    ...[...bySurname].map(([said, of]) => ({
      pattern: new RegExp(
        `${said}(?:${titles})|(?<![\\p{Script=Han}&&[^说找问让叫跟和给是]])[小老阿]${said}(?!\\p{Script=Han}(?=[\\s,.。]|$))`,
        'gv',
      ),
      person: new Set(of.map(({ name }) => name)).size === 1 ? (of[0]?.name ?? said) : `${said}?`,
    })),
  ];
}

/** The whole of it, and whom it names among faces, firms and marks: 张伟 of 张伟🌸, of 张伟-万科采购 and of A张伟. */
function spellingsOf(name: string): string[] {
  const bare = name.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  const people = (name.match(/\p{Script=Han}+/gu) ?? []).filter(
    (run) => isPersonName.test(run) && !noNames.test(run) && !everyday.has(run),
  );
  const single = bare.length >= 2 && /^[\p{L}\p{N} ]+$/u.test(bare) ? [bare] : [];
  return [...new Set([name, ...single, ...people])];
}

/** Everyday words and places that are people's names too. */
const everyday = new Set(
  '高远 高飞 高兴 高明 高洁 高峰 高雅 高山 周全 周到 周密 周正 周末 周边 马力 马丁 马达 马路 马上 余生 余地 余味 安宁 安全 安心 安静 安康 安逸 安然 安定 方正 方便 方圆 方向 方舟 万里 万全 万象 万事 黄河 黄山 黄昏 黄金 江山 江南 江河 江海 沈阳 黎明 许愿 许可 许多 白洁 白雪 白云 白天 白露 金融 金星 金山 金秋 平安 平凡 平静 平常 明亮 明天 常青 常在 常胜 成功 成长 成才 成熟 文静 文明 文章 文化 武汉 温暖 温馨 温柔 夏天 夏雨 夏日 夏季 秋天 雷电 雷雨 雷达 龙井 龙门 云海 海洋 石头 石油 石材 牛奶 花朵 花开 凌云 凌晨 时光 时间 时代 向阳 向前 向上 东方 任何 任务 任意 陈列 陈旧 程序 程度 严格 严肃 严谨 严密 孔雀 关心 关注 关键 易燃 解放 应有 应该 申请 包容 路过 路灯 路口 和平 和谐 和气 童话 童年 童心 简单 简易 管理 管道 强大 强力 乐意 乐观 乐天 宁静 宁夏 宁波 苏州 杭州 郑州 广州 贺喜 项目 房产 柳州 梅花 梅雨 兰花 蓝天 蓝色 古典 别人 全部 全新 全面 国庆 建设 胜利 光明 健康 开心 希望 未来 美丽 自然 发展 建议 幸福 大海 春天 阳光 永远 学习 清楚 明白 重要 一般 志愿 思想'.split(
    ' ',
  ),
);

function wholePattern(name: string): RegExp {
  // Only in the middle of other words is it one of them: 考虑得很周全. Where in doubt, somebody is meant.
  if (everyday.has(name)) {
    const before = '(?<=^|[^\\p{Script=Han}]|[找问让叫跟和给是请与由为告等帮知喊对])';
    const after = `(?=${calls}|女士|先生|小姐|经理|[说问让催没想签找您你确回])`;
    return new RegExp(`${before}${name}|${name}${after}`, 'gu');
  }
  if (/^[\p{Script=Han}]{2,4}$/u.test(name)) return new RegExp([...name].join(' {0,2}'), 'gu');
  const escaped = name.replace(/[^\p{L}\p{N}]/gu, (sign) =>
    /\s/.test(sign) ? '\\s+' : `\\u{${sign.codePointAt(0)?.toString(16)}}`,
  );
  const [start, end] = [/^\w/.test(name) ? '(?<![A-Za-z0-9])' : '', /\w$/.test(name) ? '(?![A-Za-z0-9])' : ''];
  return new RegExp(`${start}${escaped}${end}`, 'giu');
}

/** The person's part of 王-万科采购 and 陈丽华（财务） too. */
function surnamesIn(name: string): { surname: string; name: string }[] {
  const first = /^\p{Script=Han}{1,4}(?!\p{Script=Han})/u.exec(name)?.[0];
  const found = first && startsWithSurname.exec(first)?.[0];
  return found ? [{ surname: found, name }] : [];
}

const calls = '(?:姐|哥|兄|弟|妹|总|叔|老师|同学)';

/** 丽华姐, 华姐, and 丽华 where somebody is spoken to or of; Anna of Anna Li. */
function givenPatterns(name: string): KnownName[] {
  const latin = /^([A-Za-z]{3,})\s+[A-Za-z]/.exec(name)?.[1];
  if (latin) return [{ pattern: new RegExp(`(?<![A-Za-z0-9])${latin}(?![A-Za-z0-9])`, 'gi'), person: name }];
  if (!isPersonName.test(name)) return [];
  const given = name.replace(startsWithSurname, '');
  const last = given.at(-1) ?? '';
  const patterns = [new RegExp(`${last}${calls}`, 'g')];
  if (given.length === 2 && !everyday.has(given))
    patterns.push(
      new RegExp(`${given}(?:${calls}|(?=[,:!。~ ]|你|您|的|那边|这边|说|在吗))|(?<=[@找问让叫跟和给])${given}`, 'g'),
    );
  if (given.length === 1) patterns.push(new RegExp(`${given}${given}(?=[,:!。~ 你您和说]|$)`, 'g'));
  return patterns.map((pattern) => ({ pattern, person: name }));
}

/** Words that begin like a name. */
const noNames =
  /^(?:任何|何[时地人必况]|马[上路]|黄[色金]|白[天色]|金[额融属]|钱[打给款的呢多少付]|高[级新端清速]|方[案便面式法向]|石[材油]|江[苏西南]|常[用州规见]|余[款额]|许[可多]|平[台时]|段落|严格|时[候间]|万[一元事]|周[一二三四五六日末边围期]|单[位价独号据]|项目|管理|成[本都交功]|于是|应[该收付]|安[排装全]|温州|支付|程序|路[过上]|陆续|关[于闭]|卫[生浴]|车[间辆]|包[装括]|解[决释]|向|查|原[来因则]|师傅|文[件档]|花|华[东南北中]|强[调烈]|明[天年]|齐|位|房[间东]|边|古|区|应|冷|简|池|党|占|净|阳台|宁[波夏]|解|易|景|甘|植|欧洲|尤其|毕[竟业]|武汉|苏州|杭州|广州|郑州|贵|福|龙华|海|同|前|待|暂|财|采|行政|客服|仓|业务|销售|老板|自己|本)/;

const labels =
  '姓名|收件人|收货人|收货联系人|开票联系人|联系人|签收人|提货人|户名|法定代表人|法人代表|法人|经办人|对接人|负责人|投保人|被保险人|受益人|车主|申请人|持卡人|开户名|客户信息|客户名片|客户|名片|司机|考生|访客|签约人|授权人|乘车人|入住人|领取人|收款人|付款人|抬头个人|个人抬头|姓名拼音|拼音|被访人|紧急联系人';
const given = '\\p{Script=Han}';
const chineseName = `(?:(?:${doubleSurnames})${given}{1,2}|[${singleSurnames}]${given}{1,2}?)`;
/** Where no word says that a name follows, the surnames that are everyday words too do not count. */
const likelyName = `(?![车解强应从师位边区查党占花成项管时单房向万易常原简冷谷冉])${chineseName}`;
const namesEnd = '(?=[^\\p{Script=Han}]|$|的|电话|手机|身份|先生|女士|小姐|收|号|卡|开户|住|这边)';
const foreignName =
  '[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}|[A-Z]{2,12} [A-Z]{2,12}(?: [A-Z]{2,12})?|\\p{Script=Han}{2,5}·\\p{Script=Han}{2,5}';
const introduced = [
  new RegExp(`(?:${labels})(?:姓名|名字)?(?:是|为|叫)?[ :]{0,3}(${chineseName}${namesEnd}|${foreignName})`, 'gu'),
  new RegExp(
    `(?:我的?名字(?:叫|是)?|名字叫?|真名|全名|姓${surname},?叫)[ :]{0,2}(${chineseName}${namesEnd}|${foreignName})`,
    'gu',
  ),
  new RegExp(`(?:我叫|本人)[ :]{0,2}(${likelyName}${namesEnd}|${foreignName})`, 'gu'),
  new RegExp(`(?:我是|这是|这里是) ?(${likelyName})(?=[,.。!~ ]|$)`, 'gu'),
  /(?:叫我|喊我)([小老阿]?\p{Script=Han}{1,2})(?=就行|就好|就可以|吧|即可)/gu,
  // 法务段红的邮箱
  new RegExp(
    `(?:法务|财务|会计|出纳|采购|助理|同事|老板|司机|经理|主管|秘书|业务员|销售|技术|人事|前台|客户|客户叫)(${likelyName})(?=的?(?:邮箱|电话|手机|微信|号码|身份证))`,
    'gu',
  ),
  // 宋大海收, 黎小姐收
  new RegExp(
    `(?<=^|[^\\p{Script=Han}])((?:${surname}(?:小姐|先生|女士|经理|总|工)|${likelyName}))(?=收(?:[^\\p{Script=Han}]|$))`,
    'gu',
  ),
];
/** Beside a number, with nothing else around it: 卢俊义 138…, 丁一 身份证… */
const beside = new RegExp(
  `(?<=^|[^\\p{Script=Han}A-Za-z]|人)(${likelyName})(?= ?[,:]? ?(?:(?:电话|手机|身份证)(?:号码?)?:? ?)?[+1-9][ \\-]?[0-9][0-9 \\-]{8,18})`,
  'gu',
);
/** Verbs that stand before a number as a given name would. */
const isSpoken = /[打加发找给回有是的了拨留记号码话机约要转收单版]/;

export function* findPersonNames(text: PlainText, known: KnownNames): Generator<Found> {
  for (const { pattern, person } of known)
    for (const { 0: written, index } of text.plain.matchAll(pattern))
      yield foundAt(text, '姓名', index, written.length, person);
  for (const pattern of [...introduced, beside])
    for (const match of text.plain.matchAll(pattern)) {
      const { written, at } = lastGroup(match);
      if (!noNames.test(written) && (pattern !== beside || !isSpoken.test(written)))
        yield foundAt(text, '姓名', at, written.length, written);
    }
}
