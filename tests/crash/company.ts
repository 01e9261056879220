import type { DoubleCall } from '#tests/bot/wecom-double.ts';
import type { Random } from '#tests/support/random.ts';

export const members = ['lin', 'wang', 'zhao', 'chen', 'liu', 'sun'];
const contacts = Array.from({ length: 120 }, (_, n) => `wmCrash${String(n).padStart(4, '0')}`);

export type Happening =
  | {
      kind: 'added';
      contact: string;
      member: string;
      at: number;
      half: boolean;
      channel: string | null;
      code: string | null;
    }
  | { kind: 'edited'; contact: string; member: string; at: number }
  | { kind: 'consented'; contact: string; member: string; at: number }
  | { kind: 'removed'; contact: string; member: string; at: number; by: 'member' | 'contact' }
  | { kind: 'message'; member: string; key: string; at: number };

interface Follow {
  contact: string;
  member: string;
  at: number;
  addedAt: number;
  isShown: boolean;
  channel: string | null;
}

/** A company on WeCom in which things happen, as its server API shows it at each moment. Times are whole seconds. */
export class Company {
  readonly happenings: Happening[] = [];
  readonly welcomes = new Map<string, number>();
  readonly #random: Random;
  readonly #follows = new Map<string, Follow>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Something happens now. Between a contact and a member nothing happens twice in a second: it would have no order. */
  happen(nowMs: number): Happening {
    const happening = this.#random.chance(0.25) ? this.#meeting(Math.floor(nowMs / 1000)) : this.#message(nowMs);
    this.happenings.push(happening);
    return happening;
  }

  #message(nowMs: number): Happening {
    const key = `${nowMs}${String(this.happenings.length).padStart(8, '0')}`;
    return { kind: 'message', member: this.#random.pick(members), key, at: Math.floor(nowMs / 1000) };
  }

  #meeting(at: number): Happening {
    const [contact, member] = [this.#random.pick(contacts), this.#random.pick(members)];
    const before = this.#follows.get(`${contact} ${member}`);
    if (before && before.at >= at) return this.#message(at * 1000);
    const choice = before?.isShown ? this.#random.below(10) : 0;
    if (choice < 3) {
      const half = this.#random.chance(0.2);
      const channel = this.#random.chance(0.5) ? `channel-${this.#random.below(5)}` : null;
      const code = half ? null : `code-${this.happenings.length}`;
      const follow = { contact, member, at, addedAt: at, isShown: !half, channel };
      this.#follows.set(`${contact} ${member}`, follow);
      return { kind: 'added', contact, member, at, half, channel, code };
    }
    if (!before) throw new Error('Only an add begins a follow.');
    before.at = at;
    if (choice < 6) return { kind: 'edited', contact, member, at };
    if (choice < 8) return { kind: 'consented', contact, member, at };
    // One whom the contact removed stays visible to the member.
    const by = this.#random.pick(['member', 'contact'] as const);
    before.isShown = by === 'contact';
    return { kind: 'removed', contact, member, at, by };
  }

  /** What WeCom's API answers; by path. */
  answers(): Record<string, (call: DoubleCall) => Record<string, unknown>> {
    const ok = { errcode: 0, errmsg: 'ok' };
    const user = (userid: string) => ({ userid, name: userid, status: 1, department: [1], is_leader_in_dept: [0] });
    const shown = (is: (follow: Follow) => boolean) =>
      [...this.#follows.values()].filter((follow) => follow.isShown && is(follow));
    const person = (key: string) => ({ external_userid: key, name: key, type: 1, gender: 0 });
    const followInfo = ({ member, addedAt, channel }: Follow) => ({
      userid: member,
      remark: `of ${member}`,
      createtime: addedAt,
      ...(channel ? { state: channel } : {}),
    });
    return {
      'department/list': () => ({ ...ok, department: [{ id: 1, name: 'All', parentid: 0, order: 1 }] }),
      'user/list': () => ({ ...ok, userlist: members.map(user) }),
      'user/get': ({ query }) => ({ ...ok, ...user(query['userid'] ?? '') }),
      // Nobody has contacts to be listed, so that what callbacks lead to stands alone: no sync has a say in it.
      'externalcontact/get_follow_user_list': () => ({ ...ok, follow_user: [] }),
      'externalcontact/get_corp_tag_list': () => ({ ...ok, tag_group: [] }),
      'externalcontact/get': ({ query }) => {
        const follows = shown(({ contact }) => contact === query['external_userid']);
        if (follows.length === 0) return { errcode: 84061, errmsg: 'not external contact' };
        const follow_user = follows.map((follow) => ({ ...followInfo(follow), tags: [] }));
        return { ...ok, external_contact: person(query['external_userid'] ?? ''), follow_user };
      },
      'externalcontact/send_welcome_msg': ({ body }) => {
        const code = String(body['welcome_code']);
        this.welcomes.set(code, (this.welcomes.get(code) ?? 0) + 1);
        return ok;
      },
    };
  }
}
