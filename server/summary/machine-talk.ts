/**
 * Whether a message speaks to what reads it rather than to the seller: orders about rules, scores, labels, quotes and
 * output, forged system lines, calls and code. What it says of buying counts for nothing; a person may still read it.
 * No fence against everything that could be written: what it lets through meets the checks of every other answer.
 */
export function isMachineTalk(text: string): boolean {
  const plain = text.slice(0, CHARS_MAX).replaceAll(invisible, '').normalize('NFKC');
  return forms.some((form) => form.test(plain));
}

const CHARS_MAX = 4000;

/** Zero-width and other invisible characters, which would tear words apart. */
const invisible = /[\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u2064\uFEFF\u{E0000}-\u{E007F}]/gu;

const forms: readonly RegExp[] = [
  // The reader's own form: fences, roles, field names, templates, code.
  /<\/?\s*(?:chat|sentence|passages?|system|messages?|data|tool_?call|function|parameter|script|iframe|img|style|meta|details|font|score|a\s+href)\b|&(?:lt|#\d+);|<\|[^|]*\|>|\[\/?INST\]|<<\/?SYS>>|\{\{\s*\w+\s*\}\}|<!\[CDATA|<!--|\]\]>/iu,
  /(?:^|[\n【[(（#\s])(?:system|assistant|developer|sys|admin|root)(?:\s*(?:message|prompt))?\s*[:：=\]】)）]|\brole\s*["']?\s*[=:]|#{2,}\s*\S/iu,
  /\b(?:statements?|signals?|suggestedTags?|replyDraft|messageId|quotes?|tool_?calls?|function_?call|asks_\w+|names_\w+|set_\w+|__proto__|system prompt|json|xml|sudo|curl|eval\()\b|(?:score|grade|level|评分)\s*[=＝]/iu,
  /\b(?:drop|update|delete|insert|select|alter)\s+(?:table|from|into|"?\w+"?\s+set)\b|javascript:|rm -rf|onerror\s*=|!\[[^\]]*\]\(|^\s*\|.+\|\s*$/imu,
  // Orders that undo orders.
  /(?:忽略|无视|忘(?:记|掉|了)|不(?:要|用|必)?(?:管|理会|遵守)|别管|抛开|清空|覆盖|推翻|作废|失效|停止|解除|取消|绕过|跳过|去掉|删除|更新)[^。！？\n]{0,16}(?:规则|指令|提示|设定|限制|约束|命令|要求|前文|前面|以上|上面|之前|上述|策略)|(?:规则|指令|提示词?|设定|限制|约束|命令|前文|以上|上述|之前)[^。！？\n]{0,16}(?:忽略|无视|忘|作废|失效|无效|不(?:用|必|要)?(?:管|遵守|算)|已(?:经)?更新|都是错)/u,
  /\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:above|previous|prior|earlier|rules?|instructions?|prompts?|everything|all)\b|\b(?:jailbreak|developer mode|DAN)\b/iu,
  /(?:新的?|真正的|原始的?|内部|隐藏的?|覆盖|以下(?:为|是)?)(?:任务|指令|规则|提示词?|系统提示)|(?:指令|规则|系统提示|提示词)\s*\d*\s*[:：]|(?:优先级|权限)(?:最高|高于)/u,
  // Parts to play.
  /(?:你|您)(?:现在)?(?:就)?(?:是|叫|扮演|充当|作为)[^。！？\n]{0,14}(?:ai|助手|助理|机器人|模型|管理员|总监|分析员|评分员|评分|没有(?:任何)?限制)|(?:扮演|假装|假设你|想象你|角色互换|模仿一|越狱|调试模式|从现在(?:起|开始))/iu,
  /(?:ai|人工智能|机器人|智能(?:助手|体|客服)|大?模型|自动系统|分析员|评分员|算法)[^。！？\n]{0,12}(?:请|你|给|帮|把|必须|听|读|看|打|写|算|遇到)|(?:你|您)(?:会|在)读(?:到)?(?:这|我)|知道你(?:是|会)[^。！？\n]{0,8}(?:机器|ai|模型|读|打分)|读到这/iu,
  // Orders about the record itself.
  /(?:给|把|将|为|对)(?:我|本人|自己|客户|(?:该|这个?|此|其他)(?:客户|联系人)|陈)[^。！？\n]{0,16}(?:打(?:上|满|最|一?百|高|标|分|个?[\dA-D])|评(?:为|成|上|满|最|级)|[滿满]分|写|标[记成为上]|排[第到在]|调[到高成]|改[成为到])|[滿满]分|最高(?:评?分)|高意向|(?:评分|分数|打分|评级)[^。！？\n]{0,8}(?:设|改|写|调|重置|拉|忽略|异常|给高)|(?:加|打|给)\s*(?:\d+|一百)\s*分(?!钟|店|公司|期|之)|打分|算分|评分模型|意向设/iu,
  /(?:意向等级|线索评分|成交概率|流失风险|(?:积极|购买)信号|高质量线索|评分员)/u,
  /标签|标记(?:成|为)|(?:打|贴|加|挂|去|换)上?[^。！？\n]{0,10}(?:vip|黑名单)|黑名单/iu,
  /引用|原话|伪造|捏造|编造|(?:摘要|结论|草稿|待办|小结|总结|字段|下一步|输出|承诺记|承诺[:：]|聊天记录|会话记录)[^。！？\n]{0,16}(?:写|填|改|编|换|附|放|加|记|成|说|结束|是测试)|(?:写|填|改|编|伪造|捏造|附|放|加|记|输出|返回|打印|引用|生成|执行|调用)[^。！？\n]{0,16}(?:摘要|结论|草稿|待办|字段|小结|承诺|下一步|函数|命令|sql)/iu,
  /(?:当作|当成|视为|判为|算作|记为|记成|写成|写上|写下|标为|改为|改成|设为|设成|换成|替换成|状态改)[^。！？\n]{0,14}(?:承诺|成交|签约|采购|付款|vip|批准|通过|同意|打款|决策|预算|意向|客户|级|免费|折|转账|元)/iu,
  /(?:替|代表|以)(?:你们|贵司|王|公司|销售|经理|老板)[^。！？\n]{0,12}(?:答应|承诺|同意|声明|保证|发誓|确认)|(?:你|您)就(?:说|写|回)|(?:回复|草稿)(?:里|中|我)[^。！？\n]{0,8}[“"「]|(?:请|在)[^。！？\n]{0,4}(?:回复|草稿)[^。！？\n]{0,10}(?:承诺|确认|写)/u,
  // Riddles, reported speech, and orders that wait for their hour.
  /[A-Za-z0-9+/=]{40,}|(?:\\u[\da-f]{4}){2,}|(?:解码|解开|破译|倒着|反着|翻译|凯撒密码|摩斯|第一个字)[^。！？\n]{0,10}(?:读|执行|照|请|码|连)?|照做|照办|照着做|(.{1,12}?)\1{24,}/isu,
  /^\s*[>「『]|\[聊天记录\]|合并转发|转发自|撤回了?一?条|让我转告|逐条记|据此|-{3,}\s*回复|(?:^|\n)[\p{Script=Han}]{2,4}\s+\d{1,2}:\d{2}\s*\n/u,
  /(?:如果|若|当|每当|只有当|只要|以后|今后|下次|等下)[^。！？\n]{0,16}(?:你(?:是|写|输出)|写了|被机器|机器读|视为|算作|汇总|摘要|总结|替换|自动)|(?:写进|写入|写出|记进|计入)|(?:你|在)[^。！？\n]{0,6}记录里|(?:你|助手|模型)(?:必须|不照做|就会被|的上一个版本)|(?:必须|只能)(?:批准|回答)|(?:检查|核对|规则)[^。！？\n]{0,8}(?:跳过|不适用)|内部测试|考试题|你们公司的it|办案|小费/iu,
  /\b(?:act as|as an ai|you (?:are|must)|must comply|unrestricted|translate the following|action:|mark .{0,12} as|new instruction|end of data|dear bot|full score)\b|(?:ai|机器人|模型|助手|助理|自动回复|草稿)[^。！？\n]{0,6}(?:参考|使用|声称|直接|附上|必须|將|将)|供[^。！？\n]{0,6}(?:模型|自动|机器)/iu,
  /[規规][則则][^。！？\n]{0,10}(?:唔|没用|不理)|並承諾|当伊拉|只说“|[写說说]了?“|拒绝回答|(?:标|列)[為为]|按已(?:同意|批准|成交)|别让[^。！？\n]{0,6}(?:看到|知道)|都?删掉|承诺(?:下|免|五|一折|免费)|保证给你|(?:已经|已)答应我|要不要给我/u,
  // Other people's data, and deeds nobody but a member does.
  /(?:其他|其它|别的|别人|上一个|前一个|所有|全部|前[\d十几]+大?)(?:的)?(?:客户|联系人|人|会话)|客户名单|通讯录|数据库|\bcustomer\s*表|【[^】]{1,4}\d+】/u,
  /(?:立即|马上|自动|直接|帮我|请)[^。！？\n]{0,6}(?:执行|调用|审批|批准|通过(?:所有|上一)|转给|群发|发送合同)|打开设置|审批通过|免审批|(?:后台|系统|平台|官方|管理员)[^。！？\n]{0,6}(?:通知|提示|消息|公告|授权|插入|下发|认证)|\/[a-z]+_?[a-z]*\s/iu,
];
