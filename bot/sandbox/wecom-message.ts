import { haveChatted } from './chat-deeds.ts';
import { alphanumeric } from './alphanumeric.ts';
import { followOf, type Notice, type Stage } from './stage.ts';
import { Errcode, optionalText, post, records, textOf, type CallTable } from './wecom-call.ts';
import { sendTemplateCard } from './wecom-card.ts';
import { contentIn, deliverContent, mediaCard, spoken } from './wecom-content.ts';

const welcomeMs = 20_000;

export const messageCalls: CallTable = {
  // D92137: within 20 s of the event, once; the first app wins.
  'externalcontact/send_welcome_msg': post(({ stage, body }) => {
    const code = textOf(body, 'welcome_code', 41049);
    const content = contentIn(stage, body);
    const welcome = stage.world.welcomes.find((one) => one.code === code);
    if (!welcome || welcome.used || stage.now() - welcome.issuedAt > welcomeMs) {
      throw new Errcode(41050, 'invalid welcome_code');
    }
    if (haveChatted(stage, welcome)) throw new Errcode(41051, 'chat has started');
    const follow = followOf(stage.world, welcome.member, welcome.contact);
    if (follow?.relation !== 'friend' && follow?.relation !== 'half') throw new Errcode(84061, 'not external contact');
    welcome.used = true;
    deliverContent(stage, welcome, content, 'welcome');
    stage.changed();
    return {};
  }),
  // D90236. Members who cannot be reached are named in the answer, and it is an error only when nobody can.
  'message/send': post(({ stage, body }) => {
    const { world } = stage;
    if (body['agentid'] === undefined) throw new Errcode(41011, 'agentid missing');
    if (String(body['agentid']) !== world.company.agentId) throw new Errcode(301002, 'no right on this app');
    const touser = optionalText(body, 'touser') ?? '';
    const toparty = split(optionalText(body, 'toparty') ?? '');
    const wanted = split(touser);
    if (wanted.length + toparty.length === 0) throw new Errcode(82001, 'nobody to send to');
    if (wanted.length > 1000) throw new Errcode(40032, 'touser is too long');
    if (toparty.length > 100) throw new Errcode(82002, 'toparty is too long');
    const card = body['msgtype'] === 'template_card' ? body['template_card'] : undefined;
    if (body['msgtype'] === 'template_card' && (typeof card !== 'object' || card === null)) {
      throw new Errcode(42031, 'no template_card');
    }
    const said = card ? null : noticeIn(stage, body);
    const active = Object.values(world.members).filter((member) => member.active);
    const found = active.filter(
      (member) =>
        touser === '@all' ||
        wanted.some((one) => one.toLowerCase() === member.userid.toLowerCase()) ||
        member.departments.some((id) => toparty.includes(String(id))),
    );
    const invalid = wanted
      .map((one) => one.toLowerCase())
      .filter((one) => one !== '@all' && !active.some((member) => member.userid.toLowerCase() === one));
    const invalidParties = toparty.filter(
      (one) => !world.departments.some((department) => String(department.id) === one),
    );
    if (found.length === 0) throw new Errcode(81013, 'all targets are invalid');
    for (const member of found) if (said) deliver(stage, { member: member.userid, ...said });
    return {
      ...(card ? sendTemplateCard(stage, found, card as Record<string, unknown>) : {}),
      invaliduser: invalid.join('|'),
      invalidparty: invalidParties.join('|'),
      invalidtag: '',
      unlicenseduser: '',
      msgid: alphanumeric(43),
    };
  }),
};

const split = (list: string): string[] => list.split('|').filter((one) => one !== '');

function noticeIn(stage: Stage, body: Record<string, unknown>): Omit<Notice, 'id' | 'at' | 'member'> {
  const kind = textOf(body, 'msgtype', 40008);
  const content = body[kind];
  if (typeof content !== 'object' || content === null) throw new Errcode(kind === 'text' ? 44004 : 40008, `no ${kind}`);
  const told = content as Record<string, unknown>;
  switch (kind) {
    case 'text':
    case 'markdown': {
      const text = textOf(told, 'content', 44004);
      if (Buffer.byteLength(text) > 2048) throw new Errcode(45002, 'content is too large');
      const url = /<a href="([^"]+)"/.exec(text)?.[1] ?? /\]\((https?:[^)]+)\)/.exec(text)?.[1] ?? null;
      return { kind, text: text.replaceAll(/<[^>]*>/g, ''), url };
    }
    case 'textcard': {
      const title = textOf(told, 'title', 40063);
      const text = textOf(told, 'description', 40063);
      return { kind, text: `${title}\n${text.replaceAll(/<[^>]*>/g, '')}`, url: textOf(told, 'url', 40063) };
    }
    case 'news': {
      const [first] = records(told['articles'], 'articles');
      if (!first) throw new Errcode(45008, 'no article');
      const title = textOf(first, 'title', 40063);
      const url = optionalText(first, 'url') ?? null;
      const description = optionalText(first, 'description') ?? '';
      const pictureUrl = optionalText(first, 'picurl') ?? null;
      return { kind, text: title, url, card: { kind: 'link', title, description, url, pictureUrl } };
    }
    case 'image':
    case 'video':
    case 'file': {
      const shown = mediaCard(stage, kind, told);
      return { kind, text: spoken(shown).text, url: null, card: shown };
    }
    case 'voice':
      return { kind, text: '[voice]', url: null };
    default:
      throw new Errcode(40008, 'invalid message type');
  }
}

/** D90236: what is above 30 a minute or 1,000 an hour for one member is dropped without a word. */
function deliver(stage: Stage, said: Omit<Notice, 'id' | 'at'>): void {
  const { notices } = stage.world;
  const at = stage.now();
  const since = (ms: number) => notices.filter((one) => one.member === said.member && one.at > at - ms).length;
  if (since(60_000) >= 30 || since(3_600_000) >= 1000) return;
  const notice: Notice = { ...said, id: `n${alphanumeric(20)}`, at };
  notices.push(notice);
  notices.splice(0, notices.length - 5000);
  stage.changed();
  stage.tell({ type: 'notice', notice });
}
