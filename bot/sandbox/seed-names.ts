export const surnames = [
  ...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常',
];
export const givenNames = (
  '伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 涛 明 超 霞 平 刚 桂英 建国 志强 秀兰 晓东 海燕 文博 梓涵 雨桐 思远 嘉怡 俊杰 子轩 ' +
  '浩然 欣怡 志远 晓琳 建华 国栋 佳琪 鹏飞 婷婷 雪梅 一鸣 宇航 美玲 少华 立新 晨曦 若彤 启明 天佑 红梅 永康 春燕 德华 淑珍'
).split(' ');

export const companyHeads = (
  '云帆 恒信 瑞丰 天成 博远 锦程 中科智 华瑞 鼎盛 启航 联创 优品 万达通 星辰 蓝海 金鼎 弘毅 卓越 新纪元 汇通 ' +
  '百川 同创 东方红叶 德润 安泰 诚品 易达 远景 宏图 聚力 立信 正阳 海纳 精工 众合 朗月 青禾 时代先锋 佳禾 世纪星'
).split(' ');
export const industries: readonly (readonly [string, string])[] = [
  ['物流', '物流'],
  ['机械制造', '制造业'],
  ['电子科技', '制造业'],
  ['医疗器械', '医疗'],
  ['教育科技', '教育'],
  ['商贸', '零售电商'],
  ['电子商务', '零售电商'],
  ['食品', '零售电商'],
  ['网络科技', '互联网'],
  ['信息技术', '互联网'],
  ['建筑工程', '建筑'],
  ['财务咨询', '金融财税'],
];
export const cities = '杭州 上海 苏州 南京 宁波 广州 深圳 佛山 东莞 厦门 合肥 无锡 温州 武汉 成都'.split(' ');
export const customerPositions =
  '总经理 副总经理 采购经理 销售总监 运营总监 IT主管 行政主管 财务总监 市场经理 创始人'.split(' ');
export const nicknames =
  '阿杰 小鱼 平安喜乐 向日葵 老K 一叶知秋 奔跑的蜗牛 Tony Lily 山水之间 木子 大海 晴天 Jason 阿May 南风'.split(' ');
export const rivals = '纷享销客 销售易 金蝶云 简道云'.split(' ');

export const tagNames: readonly (readonly [string, readonly string[]])[] = [
  ['客户等级', ['A 重点', 'B 一般', 'C 观察']],
  ['意向度', ['高意向', '中意向', '低意向']],
  ['关注点', ['价格敏感', '交付周期', '数据安全', '系统对接', '售后服务', '竞品对比']],
  ['阶段', ['初次接触', '需求确认', '方案报价', '商务谈判', '已成交', '待续费', '已流失']],
  ['行业', ['物流', '制造业', '医疗', '教育', '零售电商', '互联网', '建筑', '金融财税']],
  ['来源', ['官网', '展会', '转介绍', '渠道活码', '短视频']],
];

/** Positions of each department, in the order people are hired; [position, how many, leads the department]. */
export const departments: readonly {
  name: string;
  people: readonly (readonly [position: string, count: number, leads?: boolean])[];
  contacts: boolean;
}[] = [
  {
    name: '总经办',
    contacts: false,
    people: [
      ['总经理', 1, true],
      ['行政主管', 1],
      ['财务主管', 1],
    ],
  },
  {
    name: '华东销售部',
    contacts: true,
    people: [
      ['事业部总监', 1, true],
      ['区域经理', 2],
      ['销售专员', 9],
    ],
  },
  {
    name: '华南销售部',
    contacts: true,
    people: [
      ['事业部总监', 1, true],
      ['区域经理', 2],
      ['销售专员', 7],
    ],
  },
  {
    name: '市场部',
    contacts: true,
    people: [
      ['市场总监', 1, true],
      ['市场专员', 3],
      ['品牌运营', 2],
    ],
  },
  {
    name: '客户成功部',
    contacts: true,
    people: [
      ['客户成功主管', 1, true],
      ['客户成功专员', 4],
    ],
  },
  {
    name: '信息技术部',
    contacts: false,
    people: [
      ['系统管理员', 1, true],
      ['实施工程师', 3],
    ],
  },
];
