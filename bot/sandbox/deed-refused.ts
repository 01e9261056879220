import { followOf, type Follow, type Member, type Stage } from './stage.ts';

/** What a person asked of the sandbox that cannot be done now, and why. */
export class DeedRefused extends Error {
  override readonly name = 'DeedRefused';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 409) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export function getMember(stage: Stage, userid: string): Member {
  const member = stage.world.members[userid];
  if (!member?.active) throw new DeedRefused('sandbox.member_unknown', '没有这位在职成员。', 404);
  return member;
}

export function getFollow(stage: Stage, pair: { member: string; contact: string }): Follow {
  const follow = followOf(stage.world, pair.member, pair.contact);
  if (!follow) throw new DeedRefused('sandbox.strangers', '两人还不是好友。', 404);
  return follow;
}
