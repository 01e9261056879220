const surnames =
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文';
const title =
  '总(?![部价共计体结数额是之监公经])|总监|总经理|经理|先生|女士|小姐|老师|主任|工程师|工(?=[,，。、]|$)|董事长|董|局长|处长|科长|院长|校长|厂长|店长|老板|博士|教授|医生|律师';
export const titledPerson = new RegExp(
  `(?<![一-龥])[${surnames}](?:${title})|(?<=[一-龥])[${surnames}](?:总(?![部价共计体结数额是之监公经])|总监|总经理|经理|先生|女士|小姐|董事长)`,
  'g',
);
export const namedPerson = new RegExp(
  `(?<=联系|找|名叫|转给|交给|让|跟|和|与|向|给|由|客户|同事)[${surnames}][一-龥]{1,2}(?=确认|拍板|决定|审批|签字|负责|沟通|对接|汇报|跟进|商量|的电话|[,，。;；、]|$)`,
  'g',
);
/** Who a sentence begins with and what only people do. */
export const deciding = new RegExp(
  `(?<=^|[,，。;；、])[${surnames}][一-龥]{1,2}(?=拍板|说了算|做决定|决定|审批|签字|负责)`,
  'g',
);
/** Words that begin as a surname does. */
const commonWord =
  /^(?:方[案面式法便向]|高[层管级]|时[间候效]|金[额融]|程序|常[规见]|安[排全装]|任[何务]|成[本员交]|平台|周[边期]|明确|余[款额]|马上|何时|于是|万一|许可|石油|文[件档员]|白[皮色]|龙头|江苏|江西|汤|钱|严格|莫|向|范围|贺|康|任意|雷同|陆续|夏季|金属)/;

export const isName = (found: string): boolean => !commonWord.test(found);

export function isKnownPerson(person: string, all: string, names: readonly string[]): boolean {
  if (all.includes(person) || names.some((name) => name.includes(person))) return true;
  const [surname = ''] = person;
  const isTitled = new RegExp(`^[${surnames}](?:${title})`).test(person);
  return isTitled && (new RegExp(`${surname}(?:${title})`).test(all) || names.some((name) => name.startsWith(surname)));
}
