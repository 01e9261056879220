import type { Random } from './random.ts';

/** A line of sales talk, and where in it personal data stands. */
export interface PersonalLine {
  text: string;
  /** People the record knows. */
  names: string[];
  personal: { kind: string; start: number; end: number }[];
}

/** A piece of a line: words, or somebody's data. */
type Piece = string | { kind: string; text: string };

const digitsOf = (random: Random, length: number) => Array.from({ length }, () => random.below(10)).join('');
const between = (random: Random, from: number, to: number) => from + random.below(to - from + 1);
const two = (value: number) => String(value).padStart(2, '0');

// Surnames and given names by their frequency in mainland China, of our own choosing.
const surnames = [
  ...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊孟秦邱侯江尹薛阎雷龙黎史陶贺毛郝顾龚邵覃武钱戴严莫孔汤康欧阳',
]
  .filter((sign) => sign !== '欧' && sign !== '阳')
  .concat('欧阳', '上官', '诸葛', '司马');
const given = [
  ...'伟芳娜敏静丽强磊洋艳勇军杰娟涛超霞平刚桂英玉兰建志文海燕红梅波斌宇浩鑫宁雪琳佳欣怡思雨晨博瑞豪鹏辉峰婷慧颖莹',
];
const givenPairs = [
  '建国',
  '秀英',
  '桂兰',
  '志强',
  '海燕',
  '雨桐',
  '子涵',
  '晓东',
  '文静',
  '俊杰',
  '嘉欣',
  '振华',
  '丽娟',
  '美玲',
  '国强',
  '永红',
  '思远',
  '梓萱',
  '立新',
  '晓明',
];
const person = (random: Random) =>
  random.pick(surnames) + (random.chance(0.6) ? random.pick(givenPairs) : random.pick(given));

const mobilePrefixes =
  '134 135 136 137 138 139 147 150 151 152 157 158 159 172 178 182 183 184 187 188 195 198 130 131 132 155 156 166 175 176 185 186 133 149 153 173 177 180 181 189 191 193 199'.split(
    ' ',
  );
const chineseNumerals = '零一二三四五六七八九';
const capitalNumerals = '零壹贰叁肆伍陆柒捌玖';
const wide = (text: string) => text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));
const inGroups = (text: string, sizes: number[], by: string) => {
  let from = 0;
  return sizes.map((size) => text.slice(from, (from += size))).join(by);
};

function mobile(random: Random): string {
  const plain = random.pick(mobilePrefixes) + digitsOf(random, 8);
  const ways = [
    () => plain,
    () => plain,
    () => plain,
    () => plain,
    () => inGroups(plain, [3, 4, 4], random.pick([' ', '-', '.', '—', '_', '~', '*', '/'])),
    () => inGroups(plain, [3, 3, 5], random.pick([' ', '-'])),
    () => inGroups(plain, [3, 8], random.pick([' ', '-'])),
    () =>
      inGroups(
        plain,
        Array.from({ length: 11 }, () => 1),
        random.pick([' ', '-']),
      ),
    () => `+86${random.pick(['', ' ', '-'])}${plain}`,
    () => `86-${plain}`,
    () => wide(plain),
    () => plain.replace(/\d/g, (digit) => chineseNumerals[Number(digit)] ?? ''),
    () => plain.replace(/\d/g, (digit) => capitalNumerals[Number(digit)] ?? ''),
    () => plain.replaceAll('1', '幺').replace(/\d/g, (digit) => chineseNumerals[Number(digit)] ?? ''),
    () => plain.slice(0, 7) + plain.slice(7).replace(/\d/g, (digit) => chineseNumerals[Number(digit)] ?? ''),
    () => plain.slice(0, 3) + '\u200b' + plain.slice(3, 7) + '\u200d' + plain.slice(7),
    () => plain.replace(/0/g, () => random.pick(['o', 'O', '0'])),
    () =>
      plain.replace(/[1-9]/g, (digit) =>
        random.chance(0.5) ? String.fromCodePoint(0x2460 + Number(digit) - 1) : digit,
      ),
  ];
  return random.pick(ways)();
}

const areaCodes =
  '010 021 022 023 024 025 027 028 029 0311 0351 0371 0411 0431 0451 0512 0531 0532 0551 0571 0574 0591 0592 0595 0731 0755 0757 0769 0771 0851 0871 0898 0931 0991'.split(
    ' ',
  );
function landline(random: Random): string {
  if (random.chance(0.25))
    return `400${random.pick(['-', ' ', ''])}`
      .concat(inGroups(`${between(random, 1, 9)}${digitsOf(random, 6)}`, [3, 4], random.pick(['-', ' '])))
      .replace(/^400(\d{3})[- ](\d{4})$/, '400$1$2');
  const area = random.pick(areaCodes);
  const local = `${between(random, 2, 8)}${digitsOf(random, area.length === 3 || random.chance(0.7) ? 7 : 6)}`;
  return random.pick([
    `${area}-${local}`,
    `${area}${local}`,
    `${area} ${local}`,
    `(${area})${local}`,
    `（${area}）${local}`,
    `${area}-${inGroups(local, local.length === 8 ? [4, 4] : [3, 4], ' ')}`,
  ]);
}

const areas =
  '110105 120101 130102 140105 210102 230103 310115 320583 330106 340104 350203 370202 410105 420106 430104 440305 450103 500112 510107 530102 610113 620102 650102'.split(
    ' ',
  );
const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
function identity(random: Random): string {
  const body = `${random.pick(areas)}${between(random, 1955, 2006)}${two(between(random, 1, 12))}${two(between(random, 1, 28))}${digitsOf(random, 3)}`;
  const sum = [...body].reduce((total, sign, at) => total + Number(sign) * (weights[at] ?? 0), 0);
  const whole = body + '10X98765432'.charAt(sum % 11);
  return random.pick([
    whole,
    whole,
    whole,
    whole.toLowerCase(),
    inGroups(whole, [6, 8, 4], random.pick([' ', '-'])),
    inGroups(whole, [6, 4, 4, 4], ' '),
    wide(whole),
  ]);
}

const issuers: readonly (readonly [string, number])[] = [
  ['622202', 19],
  ['622848', 19],
  ['621700', 19],
  ['621661', 19],
  ['622588', 16],
  ['621483', 16],
  ['622908', 18],
  ['622262', 17],
  ['621799', 19],
  ['623058', 19],
  ['622609', 16],
  ['404119', 16],
  ['518710', 16],
  ['356868', 16],
  ['955880', 19],
];
function bankCard(random: Random): string {
  const [issuer, length] = random.pick(issuers);
  const body = issuer + digitsOf(random, length - issuer.length - 1);
  // The sum of all digits, every second one from the right doubled, ends in 0.
  const sum = [...body].reverse().reduce((total, sign, at) => {
    const value = Number(sign) * (at % 2 === 0 ? 2 : 1);
    return total + Math.floor(value / 10) + (value % 10);
  }, 0);
  const whole = body + String((10 - (sum % 10)) % 10);
  const fours = whole.match(/.{1,4}/g) ?? [];
  return random.pick([whole, whole, fours.join(' '), fours.join('-'), wide(whole)]);
}

const syllables =
  'chen wang li zhao xiao ming jun hui yang tao feng lin yu hong mei lucky happy sunny kevin lily tony amy jack'.split(
    ' ',
  );
const handle = (random: Random) =>
  random.pick(syllables) +
  random.pick(['', '_', '-', '']) +
  random.pick(syllables) +
  digitsOf(random, between(random, 2, 4));
function mail(random: Random): string {
  const local = random.pick([
    handle(random),
    `${random.pick(syllables)}.${random.pick(syllables)}`,
    digitsOf(random, 8),
  ]);
  const host = random.pick([
    'qq.com',
    '163.com',
    '126.com',
    'gmail.com',
    'hualian-tech.com',
    'mail.xinda.com.cn',
    'outlook.com',
    'jinhe.net',
  ]);
  return random.pick([
    `${local}@${host}`,
    `${local}@${host}`,
    `${local}＠${host}`,
    `${local}(at)${host}`,
    `${local} at ${host}`,
    wide(`${local}@${host}`),
  ]);
}

const plateProvinces = [...'京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼'];
const plateLetters = [...'ABCDEFGHJKLMNPQRSTUVWXYZ'];
function plate(random: Random): string {
  const place = `${random.pick(plateProvinces)}${random.pick(plateLetters.slice(0, 12))}`;
  const tail = random.pick([
    digitsOf(random, 5),
    `${random.pick(plateLetters)}${digitsOf(random, 4)}`,
    `${digitsOf(random, 2)}${random.pick(plateLetters)}${digitsOf(random, 2)}`,
    `${random.pick(['D', 'F', 'A', 'B'])}${digitsOf(random, 5)}`,
    `${digitsOf(random, 5)}${random.pick(['D', 'F'])}`,
    `${digitsOf(random, 4)}挂`,
  ]);
  return place + random.pick(['', '', '·', ' ', '•']) + tail;
}

const passport = (random: Random) =>
  random.pick([
    `E${digitsOf(random, 8)}`,
    `E${random.pick([...'ABCDEFGH'])}${digitsOf(random, 7)}`,
    `G${digitsOf(random, 8)}`,
  ]);
const permit = (random: Random) =>
  random.pick([`C${digitsOf(random, 8)}`, `H${digitsOf(random, 8)}`, `M${digitsOf(random, 8)}`]);

const cities = [
  '上海市浦东新区',
  '深圳市南山区',
  '江苏省南京市江宁区',
  '浙江省宁波市鄞州区',
  '成都市武侯区',
  '湖南省长沙市岳麓区',
  '福建省泉州市晋江市',
  '山东省烟台市芝罘区',
  '重庆市九龙坡区',
  '陕西省西安市未央区',
  '天津市西青区',
  '',
];
const roads = [
  '金科路',
  '中山北路',
  '天府大道',
  '学院路',
  '长江西路',
  '滨河大道',
  '解放街',
  '友谊大街',
  '民生路',
  '兴业三路',
  '科苑南路',
  '新华路',
];
const estates = ['阳光花园', '翠湖天地小区', '金色家园', '万达广场', '云城国际', '星河湾', '锦绣苑'];
function address(random: Random): string {
  const city = random.pick(cities);
  const road = `${random.pick(roads)}${between(random, 1, 1999)}号`;
  const building = `${between(random, 1, 30)}${random.pick(['栋', '幢', '号楼'])}`;
  const flat = `${between(random, 1, 4)}单元${between(random, 1, 30)}0${between(random, 1, 4)}${random.pick(['', '室'])}`;
  return random.pick([
    `${city}${road}`,
    `${city}${road}${building}${between(random, 1, 32)}层`,
    `${city}${road}${random.pick(estates)}${building}${flat}`,
    `${city}${random.pick(estates)}${building}${flat}`,
    `${city}${random.pick(roads)} ${between(random, 1, 900)} 弄 ${between(random, 1, 60)} 号 ${between(random, 101, 2804)} 室`,
  ]);
}

const datum = (kind: string, text: string): Piece => ({ kind, text });

/** What people say around their data; each makes the words and the data. */
const says: readonly ((random: Random, names: string[]) => Piece[])[] = [
  (random) => [
    random.pick(['我电话', '手机', '打我', '联系电话：', '有事打', '微信同号', '这个号 ', '司机电话']),
    datum('手机', mobile(random)),
  ],
  (random) => ['可以加 ', datum('手机', mobile(random)), random.pick([' 我微信', '（微信）', ' 随时'])],
  (random) => [random.pick(['座机', '公司电话 ', '办公室', '传真：']), datum('电话', landline(random))],
  (random) => [random.pick(['身份证', '身份证号：', '证件号码 ', '访客身份证号是']), datum('证件', identity(random))],
  (random) => ['登记用 ', datum('证件', identity(random))],
  (random) => [
    random.pick(['卡号', '打到这张卡 ', '收款卡：', '退款退', '银行卡号是']),
    datum('银行卡', bankCard(random)),
  ],
  (random) => [random.pick(['邮箱', '发我邮箱：', 'email: ', '资料发 ']), datum('邮箱', mail(random))],
  (random) => [
    random.pick(['微信号', '加我微信：', 'vx：', 'V信 ', 'wx：', '薇信号是', '微信 ']),
    datum('微信', handle(random)),
  ],
  (random) => [random.pick(['搜 ', '微信 ', '加这个']), datum('微信', `wxid_${random.hex(14)}`)],
  (random) => [
    random.pick(['QQ ', 'QQ号：', '扣扣', 'qq：']),
    datum('QQ', `${between(random, 1, 9)}${digitsOf(random, between(random, 6, 9))}`),
  ],
  (random) => [random.pick(['车牌', '车牌号：', '来访车辆 ', '我开']), datum('车牌', plate(random))],
  (random) => [random.pick(['护照', '护照号：', '护照号码是']), datum('护照', passport(random))],
  (random) => [random.pick(['港澳通行证', '通行证号码：', '回乡证 ']), datum('护照', permit(random))],
  (random) => [random.pick(['寄到', '收货地址：', '地址：', '我们公司在', '送到']), datum('地址', address(random))],
  (random) => [random.pick(['我叫', '收件人：', '联系人：', '姓名：', '户名：']), datum('姓名', person(random))],
  (random, names) => {
    const known = person(random);
    names.push(known);
    const surname = /^(?:欧阳|上官|诸葛|司马)/.exec(known)?.[0] ?? known.slice(0, 1);
    const said = random.pick([known, known, `${surname}总`, `${surname}女士`, `${surname}经理`, `${surname}先生`]);
    return [
      random.pick(['', '跟', '麻烦转告', '@']),
      datum('姓名', said),
      random.pick(['确认过了', '那边说可以', '，您看下附件', '让我来问']),
    ];
  },
];

/** What looks like it and is nobody's. */
const nobodys: readonly ((random: Random) => string)[] = [
  (random) =>
    `订单号 2026${two(between(random, 1, 12))}${two(between(random, 1, 28))}${digitsOf(random, between(random, 6, 11))}`,
  (random) => `合同编号 HT-2026-${digitsOf(random, 4)}-${digitsOf(random, 3)}`,
  (random) => `预算 ${between(random, 1, 99)},${digitsOf(random, 3)},${digitsOf(random, 3)} 元`,
  (random) => `单价 ${between(random, 100, 99999)}，要 ${between(random, 2, 900)} 台`,
  (random) =>
    `${between(random, 2024, 2027)}-${two(between(random, 1, 12))}-${two(between(random, 1, 28))} ${two(between(random, 8, 20))}:${two(random.below(60))} 开会`,
  (random) => `${between(random, 1, 12)} 月 ${between(random, 1, 28)} 日之前要货`,
  (random) =>
    `SKU ${random.pick(['XJ', 'ZK', 'HL', 'DN'])}-${digitsOf(random, 4)}-${random.pick(['A', 'B', 'C'])} 有现货吗`,
  (random) => `物料编码 1000${digitsOf(random, 7)}`,
  (random) => `快递单号 ${random.pick(['SF', 'YT', 'JD'])}${digitsOf(random, 12)}`,
  (random) => `发票号码 ${digitsOf(random, 8)}，税率 ${random.pick(['6', '9', '13'])}%`,
  (random) =>
    `税号 9131${digitsOf(random, 4)}MA${random.pick(['1K', '5E', '3J'])}${digitsOf(random, 4)}${random.pick(['X', 'T', 'B'])}${between(random, 1, 9)}`,
  (random) => `验证码 ${digitsOf(random, 6)}，别告诉别人`,
  (random) => `会议号 ${digitsOf(random, 3)} ${digitsOf(random, 3)} ${digitsOf(random, 3)}`,
  (random) => `尺寸 ${between(random, 100, 3000)}*${between(random, 100, 2000)}*${between(random, 10, 900)}mm`,
  (random) => `版本 v${random.below(9)}.${random.below(20)}.${random.below(9)} 上线了`,
  (random) => `服务器 10.${random.below(255)}.${random.below(255)}.${random.below(255)} 连不上`,
  (random) => `营收 ${between(random, 1, 30)}.${random.below(10)} 亿，员工 ${between(random, 20, 9000)} 人`,
  (random) => `交易单号 4200001${digitsOf(random, 21)}`,
  (random) => `${between(random, 1, 30)} 号楼的设备先调`,
  (random) => `我们在${random.pick(['深圳市南山区', '上海浦东', '北京市海淀区', '杭州', '苏州工业园区'])}`,
  (random) => `第 ${between(random, 1, 9)} 期款 ${between(random, 1, 9)}0%`,
  (random) => `尾号 ${digitsOf(random, 4)} 那张卡`,
  (random) => `电话会议 ${between(random, 1, 9)} 点开始`,
  (random) => `每天外呼 ${between(random, 1000, 9000)} 通电话`,
  (random) => `微信群有 ${between(random, 100, 500)} 人`,
  (random) => `${random.pick(['三千八百', '一万二', '两百五十', '一千三百八十'])}台`,
  (random) =>
    `二零二${random.pick(['五', '六', '七'])}年${random.pick(['三月', '十一月'])}${random.pick(['十五', '二十二'])}日`,
  (random) => `设备序列号 SN2026${digitsOf(random, 8)}`,
  (random) => `¥${between(random, 1000, 99999999)}.00 已付`,
];

const openings = ['', '', '您好，', '嗯嗯，', '好的。', '不好意思刚看到，', '那就这样：', '收到！'];
const fillers = [
  '报价单什么时候给我',
  '私有化部署要多久',
  '再便宜点呗',
  '我们老板还在考虑',
  '跟上次那家比你们贵了不少',
  '先发份资料看看',
  '这周能安排演示吗',
  '试用账号开一下',
  '合同法务在看',
  '付款方式能分期不',
  '售后怎么算',
  '接口文档有吗',
  '客户那边催得紧',
  '先这样，回头聊',
];
const joints = ['，', '，', '。', '；', ' ', '\n', '！'];

/** A line as people write to a seller, with none to three of their data in it. */
export function personalLine(random: Random): PersonalLine {
  const names: string[] = [];
  const parts: Piece[][] = [];
  const planted = random.pick([0, 0, 1, 1, 1, 1, 2, 2, 3]);
  for (let n = 0; n < planted; n += 1) parts.push(random.pick(says)(random, names));
  for (let n = random.below(planted === 0 ? 3 : 2); n >= 0; n -= 1) parts.push([random.pick(nobodys)(random)]);
  if (random.chance(0.6)) parts.push([random.pick(fillers)]);
  let text = random.pick(openings);
  const personal: PersonalLine['personal'] = [];
  for (const [at, pieces] of random.shuffle(parts).entries()) {
    if (at > 0) text += random.pick(joints);
    for (const piece of pieces) {
      if (typeof piece !== 'string')
        personal.push({ kind: piece.kind, start: text.length, end: text.length + piece.text.length });
      text += typeof piece === 'string' ? piece : piece.text;
    }
  }
  return { text, names, personal };
}
