import { memberWrites } from './chat-deeds.ts';
import { pushFollow } from './friend-deeds.ts';
import { followOf, isReadable, pairOf, seconds, type Follow, type Stage, type Transfer } from './stage.ts';
import {
  Errcode,
  listOf,
  memberOf,
  optionalText,
  pageOf,
  post,
  textOf,
  type Call,
  type CallRule,
  type CallTable,
} from './wecom-call.ts';

const dayMs = 86_400_000;
/** D92114: given to the member by an administrator. */
const addWay = 202;

export const transferCalls: CallTable = {
  'externalcontact/transfer_customer': post((call) => start(call, false)),
  'externalcontact/transfer_result': results(false),
  'externalcontact/resigned/transfer_customer': post((call) => start(call, true)),
  'externalcontact/resigned/transfer_result': results(true),
  // D92124: the customers of those who left and whom nobody has taken over.
  'externalcontact/get_unassigned_list': post(({ stage, body }) => {
    const { world } = stage;
    const size = body['page_size'];
    const left = Object.values(world.follows).flatMap((follow) => {
      const member = world.members[follow.member];
      return member && !member.active && isReadable(follow) && !underway(stage, follow)
        ? [
            {
              handover_userid: member.userid,
              external_userid: follow.contact,
              dimission_time: seconds(member.leftAt ?? stage.now()),
            },
          ]
        : [];
    });
    const page = pageOf(left, body, typeof size === 'number' && size > 0 && size <= 1000 ? size : 1000);
    return { info: page.items, is_last: page.nextCursor === '', next_cursor: page.nextCursor };
  }),
};

// D92125, D94081: whoever is taken here goes over by themselves when the time is up.
function start({ stage, body }: Call, leaver: boolean): Record<string, unknown> {
  settleDue(stage);
  const { world } = stage;
  const { from, to } = peopleIn(stage, body, leaver);
  if (from === to) throw new Errcode(40130, 'taken over by oneself');
  if (!world.members[to]?.mayHaveContacts) throw new Errcode(84074, 'no right to external contacts');
  const wanted = listOf(body, 'external_userid');
  if (wanted.length === 0) throw new Errcode(41035, 'external_userid missing');
  if (wanted.length > 100) throw new Errcode(40058, 'more than 100 customers');
  const message = leaver ? '' : (optionalText(body, 'transfer_success_msg') ?? '');
  if ([...message].length > 200) throw new Errcode(40058, 'transfer_success_msg is too long');
  const customer = wanted.map((contact) => {
    const errcode = refusalOf(stage, { from, contact, leaver });
    if (errcode === 0) {
      const askedAt = stage.now();
      const at = askedAt + world.settings.transferWaitMs;
      world.transfers.push({ from, to, contact, leaver, message, state: 'waiting', askedAt, at });
    }
    return { external_userid: contact, errcode };
  });
  stage.changed();
  return { customer };
}

/** Whoever takes over must be here; whoever gives must be too, or must have left. */
function peopleIn(stage: Stage, body: Record<string, unknown>, leaver: boolean): { from: string; to: string } {
  const giver = textOf(body, 'handover_userid', 41009);
  const to = memberOf(stage, textOf(body, 'takeover_userid', 41009)).userid;
  if (!leaver) return { from: memberOf(stage, giver).userid, to };
  const left = Object.values(stage.world.members).find((one) => one.userid.toLowerCase() === giver.toLowerCase());
  if (!left) throw new Errcode(60111, 'userid not found');
  if (left.active) throw new Errcode(40097, 'member has not left');
  return { from: left.userid, to };
}

function refusalOf(stage: Stage, of: Pick<Transfer, 'from' | 'contact' | 'leaver'>): number {
  const { world } = stage;
  if (!world.contacts[of.contact]) return 40096;
  if (!isReadable(followOf(world, of.from, of.contact))) return 40131;
  if (underway(stage, { member: of.from, contact: of.contact })) return 40129;
  const recent = world.transfers.filter(
    (one) =>
      one.contact === of.contact && one.state === 'done' && !one.leaver && stage.now() - one.askedAt < 90 * dayMs,
  );
  return !of.leaver && recent.length >= 2 ? 40128 : 0;
}

function underway(stage: Stage, { member, contact }: Pick<Follow, 'member' | 'contact'>): boolean {
  return stage.world.transfers.some((one) => one.state === 'waiting' && one.from === member && one.contact === contact);
}

// D94088, D94082: the last of several between the same two counts.
function results(leaver: boolean): CallRule {
  const states = { done: 1, waiting: 2, declined: 3, full: 4 };
  return post(({ stage, body }) => {
    settleDue(stage);
    const { from, to } = peopleIn(stage, body, leaver);
    const between = stage.world.transfers.filter((one) => one.from === from && one.to === to && one.leaver === leaver);
    const last = [...new Map(between.map((one) => [one.contact, one])).values()];
    const page = pageOf(last, body, 1000);
    return {
      customer: page.items.map((one) => ({
        external_userid: one.contact,
        status: states[one.state],
        takeover_time: one.state === 'waiting' || one.state === 'done' ? seconds(one.at) : 0,
      })),
      next_cursor: page.nextCursor,
    };
  });
}

export function settleDue(stage: Stage): void {
  for (const one of stage.world.transfers) {
    if (one.state === 'waiting' && one.at <= stage.now()) settle(stage, one, 'done');
  }
}

/** D92130: who takes over is told of a new customer unless they know each other; who gives, of one that went. */
export function settle(stage: Stage, transfer: Transfer, outcome: Exclude<Transfer['state'], 'waiting'>): void {
  const { world } = stage;
  const { to, contact } = transfer;
  const given = followOf(world, transfer.from, contact);
  if (!given) return;
  transfer.state = outcome;
  transfer.at = stage.now();
  stage.changed();
  if (outcome !== 'done') {
    const FailReason = outcome === 'full' ? 'customer_limit_exceed' : 'customer_refused';
    return pushFollow(stage, 'transfer_fail', { member: to, contact }, { FailReason });
  }
  const known = followOf(world, to, contact);
  if (known?.relation !== 'friend') {
    const taken: Follow = { ...given, member: to, addWay, state: '', createdAt: stage.now(), personalTags: [] };
    taken.relation = 'friend';
    world.follows[pairOf(to, contact)] = taken;
    pushFollow(stage, 'add_external_contact', taken);
    stage.tell({ type: 'contact', member: to, contact });
  }
  given.relation = 'deleted_by_member';
  stage.tell({ type: 'contact', member: given.member, contact });
  if (!transfer.leaver) pushFollow(stage, 'del_external_contact', given, { Source: 'DELETE_BY_TRANSFER' });
  if (transfer.message) memberWrites(stage, to, contact, { text: transfer.message });
}
