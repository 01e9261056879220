/**
 * Whether a message has the form of something a person says to a seller, told by how it is built and not by what it
 * speaks of: no hidden letters, marks of code, labels, quotation marks, lists or letters set apart, nobody spoken of as
 * “the customer”, nothing about what is to be written down. Most of what a forged proof needs is none of this. To be
 * wrong here is cheap: such a message is still heard, but counts little until it is said again (server/scoring/score.ts).
 */
export function isPlainSpeech(text: string): boolean {
  if (text.length > CHARS_MAX || hidden.test(text)) return false;
  const said = text.normalize('NFKC').replaceAll(harmless, ' ');
  return !forms.some((form) => form.test(said)) && !isSpelledOut(said) && !isDecorated(said);
}

/** Longer than what is typed into a chat. */
const CHARS_MAX = 240;
/** Nobody types a letter that cannot be seen between two that can. */
const hidden = /[\p{L}\p{N}][\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]|[\u202A-\u202E]/u;
/** Links, addresses, stickers, times of day and sizes are made of marks that mean something else elsewhere. */
const harmless =
  /https?:\/\/\S+|[\w.+-]+@[\w.-]+|\[\p{Script=Han}{1,4}\](?!\()|(?<=\d)\s*[:*x×]\s*(?=\d)|\d+\s*-\s*\d+/giu;

const forms: readonly RegExp[] = [
  // Code, markup, tables, arrows, ticks, numbered points.
  /[{}<>|`=~^\\_#*[\]&$;].*[{}<>|`=~^\\_#*[\]&$;]|\]\(|[{}<>|`=\\【】→➡⇒✓✔√☑✅]|-{2,}|^\s*(?:[-•·#]|\d[.)、]|[一二三四五六]、)/mu,
  // What stands behind a label or between quotation marks is not said but put down.
  /[\p{L}\p{N})]\s*[:：]|[“”„「」『』"]|——/u,
  // Whoever speaks of the customer is not the customer; their own customers they call so.
  /(?<!(?:我|咱|你|您|贵司?|公司|自己)(?:们|司)?(?:的|这边的?|有些|很多|老|大|新)?)(?:客[户戶]|顧客|买家|買家)|(?:该|該|此|本)(?:人|线索|账号|帳號|联系人|聯絡人|公司|客)|此人|对方|對方|\bcustomers?\b|\bleads?\b/iu,
  // What is to be noted, how it is to be counted, and by whom.
  /写|寫|填|录入|錄|登[记記]|(?<![标书周日])[记記](?![得者])|[标標][为為成注记記]|[备備]注|注明|归[为类]|列[为為入]|[当當算看][作成做]|视[作为]|默认|[认認]定|[总總][结結]|摘要|小[结結]|[结結][论論]|要点|档案|檔案|[画畫]像|分[数數值]|[评評打得高满滿]分|评[级价为]|意向|字段|更新|补录|采纳|采用|照抄|照念|[复複]述|归档|识别|转述|代发|插入/u,
  /助手|助理|机器人|機器人|智能体|程序|后台|后续自动|总监说|系统[消通提公]|\b(?:bot|assistant|summar\w*|record|output|mark|note|confirm|translate|store)\b/iu,
];

/** Letters with a space or a mark between each two. */
const isSpelledOut = (text: string) =>
  /(?<!\p{Script=Han})(?:\p{Script=Han}[\s\p{P}\p{S}]+){4,}\p{Script=Han}/u.test(text);

/** Pictures in several places between the words. */
const isDecorated = (text: string) =>
  (text.trim().match(/\p{Extended_Pictographic}(?=[^\p{Extended_Pictographic}]*[\p{L}\p{N}])/gu) ?? []).length >= 2;

/** The pieces a message falls into; each keeps the mark it ends with. */
export const clausesOf = (text: string): string[] =>
  text.normalize('NFKC').match(/[^,，。.!！?？;；、\n()（）…~～]+[,，。.!！?？;；、\n()（）…~～]*/gu) ?? [];

export const sentencesOf = (text: string): string[] =>
  text.normalize('NFKC').match(/[^。!！?？\n]+[。!！?？\n]*/gu) ?? [];

const question =
  /[?？]|吗|您看|嗎|么(?![样的])|呢|(?:多少|几(?:个|天|周|号|块|钱|月|折|套|年|点)?|怎么|咋|如何|什么|啥|哪)(?![^?？]{0,4}[都也])|何时|能不能|能否|可不可以|可以不|行不行|好不好|是否|有没有|有无|是不是|会不会|要不要|[贵快远]不[贵快远]|多久|多长|多快|\b(?:how|what|when|which|can|could|do you|does|is there|are there)\b/iu;
/** Something for the one who asks: to be sent, made, offered, tried. */
const request =
  /(?:发|报|寄|给|开|出|拟|传|提供|安排|申请|约|做)(?:我|我们|咱们?|一下|下|个|一?份|一?张|[一两几]?套|过来|来|到)|^(?:样品?|先)寄|要专票|要普票|前(?:能|要|必须|得|可以)|(?:你|您)们?(?:过来|来|上门)|(?:过|出)来(?:聊|谈|看)|(?:我|我们|咱们?)(?:这边)?(?:也|还|就)?想(?:要|先|问|了解|知道|看|试|申请|约)|(?:能|可以|能够|先|想)[^,，]{0,6}[试样演]|太贵|贵了|贵啊|有点贵|偏贵|(?:便宜|优惠|低|少)(?:一?点|些)|打个?折|\b(?:send|please|need|want|would like)\b/iu;

export const isQuestion = (clause: string) => question.test(clause);
export const isRequest = (clause: string) => request.test(clause);
