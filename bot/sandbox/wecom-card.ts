import { DeedRefused } from './deed-refused.ts';
import type { CardFace } from './wecom-window-api.ts';
import { alphanumeric } from './alphanumeric.ts';
import type { CardCode, Member, Stage, WecomCard } from './stage.ts';
import { Errcode, listOf, optionalText, post, records, textOf, type CallTable } from './wecom-call.ts';

const codeMs = 72 * 3_600_000;
const cardsKept = 5000;

export const cardCalls: CallTable = {
  // D94888: one change for each code, of the copies of the members named.
  'message/update_template_card': post(({ stage, body }) => {
    const { world } = stage;
    if (body['agentid'] === undefined) throw new Errcode(41011, 'agentid missing');
    if (String(body['agentid']) !== world.company.agentId) throw new Errcode(42015, 'card of another app');
    const userids = listOf(body, 'userids').map((one) => one.toLowerCase());
    if (userids.length === 0 && body['atall'] !== 1) throw new Errcode(82101, 'no members to update');
    if (userids.length > 1000) throw new Errcode(82102, 'too many members to update');
    const code = codeOf(stage, textOf(body, 'response_code', 60140));
    const change = changeIn(body);
    const copies = world.cards.filter((card) => card.taskId === code.taskId);
    if (copies.length === 0) throw new Errcode(42016, 'task_id does not exist');
    code.used = true;
    const holders = new Set(copies.map((card) => card.member.toLowerCase()));
    for (const card of copies) {
      if (body['atall'] !== 1 && !userids.includes(card.member.toLowerCase())) continue;
      card.face = change(card.face);
      stage.tell({ type: 'card', card });
    }
    stage.changed();
    return { invaliduser: userids.filter((one) => !holders.has(one)) };
  }),
};

/** D90236: what is sent comes to every member as a copy of its own; all of them answer to one task_id. */
export function sendTemplateCard(
  stage: Stage,
  to: readonly Member[],
  content: Record<string, unknown>,
): { response_code?: string } {
  const { world } = stage;
  const face = faceIn(content);
  const tells = isInteractive(content) || content['action_menu'] !== undefined;
  const taskId = optionalText(content, 'task_id') ?? '';
  if (tells && taskId === '') throw new Errcode(42014, 'task_id missing');
  if (taskId !== '' && !/^[\w@-]{1,128}$/.test(taskId)) throw new Errcode(42014, 'invalid task_id');
  if (taskId !== '' && world.cards.some((card) => card.taskId === taskId)) throw new Errcode(42014, 'task_id is used');
  for (const { userid: member } of to) {
    const card: WecomCard = { id: `c${alphanumeric(20)}`, taskId, member, at: stage.now(), face };
    world.cards.push(card);
    stage.tell({ type: 'card', card });
  }
  world.cards.splice(0, world.cards.length - cardsKept);
  stage.changed();
  return tells ? { response_code: newCode(stage, taskId) } : {};
}

/** D90240: the product hears who pressed what, and gets a code of its own to change the card with. */
export function pressCard(stage: Stage, id: string, key: string): void {
  const card = stage.world.cards.find((one) => one.id === id);
  if (!card || !stage.world.members[card.member]?.active) {
    throw new DeedRefused('sandbox.card_unknown', '没有这张卡片。', 404);
  }
  const button = card.face.buttons.find((one) => one.key === key && one.url === null);
  if (!button || card.face.buttonsReplacedBy !== null) {
    throw new DeedRefused('sandbox.no_such_button', '卡片上没有这个按钮。');
  }
  stage.push({
    event: 'template_card_event',
    from: card.member,
    fields: {
      EventKey: key,
      TaskId: card.taskId,
      CardType: 'button_interaction',
      ResponseCode: newCode(stage, card.taskId),
      AgentID: Number(stage.world.company.agentId),
    },
  });
  stage.changed();
}

function newCode(stage: Stage, taskId: string): string {
  const { cardCodes } = stage.world;
  const code: CardCode = { code: alphanumeric(64), taskId, issuedAt: stage.now(), used: false };
  cardCodes.push(code);
  cardCodes.splice(0, cardCodes.length - cardsKept);
  return code.code;
}

function codeOf(stage: Stage, wanted: string): CardCode {
  const code = stage.world.cardCodes.find((one) => one.code === wanted);
  if (!code || stage.now() - code.issuedAt > codeMs) throw new Errcode(60140, 'invalid response_code');
  if (code.used) throw new Errcode(42022, 'response_code has been used');
  return code;
}

function changeIn(body: Record<string, unknown>): (face: CardFace) => CardFace {
  if (body['template_card'] !== undefined) {
    const content = objectIn(body, 'template_card');
    const face = { ...faceIn(content), buttonsReplacedBy: optionalText(content, 'replace_text') ?? null };
    return () => face;
  }
  const name = textOf(objectIn(body, 'button'), 'replace_name', 42020);
  return (face) => ({ ...face, buttonsReplacedBy: name });
}

const isInteractive = (content: Record<string, unknown>): boolean => content['card_type'] === 'button_interaction';

function faceIn(content: Record<string, unknown>): CardFace {
  const type = textOf(content, 'card_type', 42031);
  if (!['text_notice', 'news_notice', 'button_interaction'].includes(type)) throw new Errcode(42031, 'bad card_type');
  const title = content['main_title'] === undefined ? {} : objectIn(content, 'main_title');
  const note = optionalText(content, 'sub_title_text') ?? '';
  const heading = optionalText(title, 'title') ?? '';
  if (heading === '' && (note === '' || type !== 'text_notice')) throw new Errcode(42033, 'title missing');
  return {
    title: heading,
    subtitle: optionalText(title, 'desc') ?? '',
    lines: linesIn(content),
    note,
    buttons: isInteractive(content) ? buttonsIn(content) : [],
    buttonsReplacedBy: null,
    url: linkIn(content, type),
  };
}

function linesIn(content: Record<string, unknown>): CardFace['lines'] {
  const lines = records(content['horizontal_content_list'] ?? [], 'horizontal_content_list');
  if (lines.length > 6) throw new Errcode(42035, 'too many lines');
  return lines.map((line) => ({ label: textOf(line, 'keyname', 42027), text: optionalText(line, 'value') ?? '' }));
}

function buttonsIn(content: Record<string, unknown>): CardFace['buttons'] {
  const buttons = records(content['button_list'] ?? [], 'button_list');
  if (buttons.length === 0 || buttons.length > 6) throw new Errcode(42038, 'one to six buttons');
  return buttons.map((button) => {
    const opens = button['type'] === 1;
    return {
      key: opens ? '' : textOf(button, 'key', 42039),
      text: textOf(button, 'text', 42038),
      style: [1, 2, 3, 4].includes(Number(button['style'])) ? Number(button['style']) : 1,
      url: opens ? textOf(button, 'url', 42028) : null,
    };
  });
}

function linkIn(content: Record<string, unknown>, type: string): string | null {
  if (content['card_action'] === undefined) {
    if (type !== 'button_interaction') throw new Errcode(42045, 'card_action missing');
    return null;
  }
  const action = objectIn(content, 'card_action');
  return action['type'] === 1 ? textOf(action, 'url', 42028) : null;
}

function objectIn(body: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = body[key];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Errcode(40058, `${key} missing`);
  return value as Record<string, unknown>;
}
