/** What messengers write by themselves when two people begin to chat, and how people open and close one. */
const greetings = [
  '我通过了你的(?:朋友|联系人|好友)?验证(?:请求|申请)?',
  '(?:我们)?(?:已经?|现在)?(?:是|成为)?(?:好友|朋友|联系人)?了?现在(?:我们)?可以开始聊天了',
  '(?:我们)?(?:已经?|现在)?可以开始聊天了',
  '我(?:已经?)?(?:添加|加)(?:了)?你(?:为|了)?(?:好友|联系人|朋友)?了?',
  '有什么(?:可以|能)?(?:帮助|帮|为)?到?(?:您|你)?(?:服务|帮助)?的?(?:吗|呢)?',
  '很高兴(?:认识|为)(?:您|你)(?:服务)?',
  '欢迎(?:光临|咨询|(?:您|你)(?:咨询|光临)?)?',
  '(?:新年|春节|元旦|节日|周末|中秋|国庆|端午|圣诞|五一|假期|生日)(?:快乐|愉快|好)',
  '祝?(?:您|你)?(?:生活|工作|旅途|旅行|玩的|玩得|用餐|购物|心情)?(?:愉快|顺利|开心|快乐|幸福)[啊呀哦]?',
  '(?:还在|在不在|在|有人)[吗么嘛不吧的呢啊]?|我在[的呢]?|人呢',
  '(?:您|你|大家)们?好[啊呀哦哈呢]?',
  '(?:早上|上午|中午|下午|晚上|[早午晚])[好安][啊呀]?|早[啊呀]?',
  '(?:非常|十分|太|多|万分)?(?:感谢|谢谢|谢|thankyou|thanks|thank|thx)(?:您|你|亲)?[了啦啊哈哦呀]?',
  '不用?(?:客气|谢谢|谢)[了啦哈的哦]?|(?:别)?客气[了啦]?|应该的',
  '回头(?:见|聊)|再见|拜拜|拜|byebye|bye|88|先这样|晚点聊|回聊',
  '(?:辛苦|打扰|麻烦)(?:您|你)?[了啦]?',
  '请问|亲爱的|亲|老师|先生|女士|美女|帅哥|老板|客服|[一-龥](?:总|经理|老师|先生|女士|小姐|哥|姐)',
  '哈喽|哈啰|哈罗|嗨|嘿|喂|hello|hallo|hey|hi',
  '[哈呵嘻哦噢嗯恩啊呀]',
];
/** They say yes to something when something was asked. */
const assents = [
  '好[的滴嘞呀啊哒吧哦了]?',
  '(?:没问题|没关系|没事|可以|收到|了解|知道了|明白|是的|okay|ok|行|对)[的吧啊了哈]?',
];

const greeting = new RegExp(greetings.join('|'), 'gi');
const courtesy = new RegExp([...greetings, ...assents].join('|'), 'gi');

/** Nothing beyond hello, thanks and goodbye. `names` are of those who speak. */
export const isGreeting = (text: string, names: readonly string[] = []) =>
  letters(text, names).replace(greeting, '') === '';

/** Nothing beyond greetings and assent: where all is so, nothing was assented to. */
export const isCourtesy = (text: string, names: readonly string[] = []) =>
  letters(text, names).replace(courtesy, '') === '';

/** Without faces, signs and names. */
function letters(text: string, names: readonly string[]): string {
  let plain = text.normalize('NFKC').replace(/\[[一-龥A-Za-z]{1,6}\]/g, '');
  for (const name of names) if (name.length >= 2) plain = plain.replaceAll(name, '');
  return plain.replace(/[^\p{L}\p{N}]/gu, '');
}
