import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { customerWrites, memberWrites, recall } from './chat-deeds.ts';
import { consoleAddsTag, consoleRemovesTag, memberJoins, memberLeaves } from './console-deeds.ts';
import { getFollow, getMember } from './deed-refused.ts';
import { consents, customerAdds, memberConfirms, memberEdits, part } from './friend-deeds.ts';
import type { ActResult, act } from './sandbox-api.ts';
import type { sendActs } from './wecom-send-api.ts';
import type { Stage } from './stage.ts';

/** Deeds that a platform's own part of the sandbox knows more about. */
type DeedElsewhere = 'card_pressed' | 'transfer_settles' | z.output<(typeof sendActs)[number]>['kind'];

/** Whatever people do in their clients and in the admin console; each tells the product what the platform would. */
export function perform(stage: Stage, deed: Exclude<z.output<typeof act>, { kind: DeedElsewhere }>): ActResult {
  switch (deed.kind) {
    case 'customer_adds':
      return customerAdds(stage, deed);
    case 'member_confirms':
      return memberConfirms(stage, deed);
    case 'customer_writes':
      return { message: customerWrites(stage, deed.member, deed.contact, deed.text) };
    case 'member_writes':
      return { message: memberWrites(stage, deed.member, deed.contact, { text: deed.text }) };
    case 'recall':
      return { message: recall(stage, deed.message) };
    case 'customer_removes':
      return part(stage, deed, 'deleted_by_contact', 'del_follow_user');
    case 'member_removes':
      return part(stage, deed, 'deleted_by_member', 'del_external_contact');
    case 'customer_consents':
      consents(stage, getFollow(stage, deed), deed.agree);
      return {};
    case 'member_edits':
      return memberEdits(stage, deed);
    case 'console_adds_tag':
      return { tag: consoleAddsTag(stage, deed.group, deed.name) };
    case 'console_removes_tag':
      return consoleRemovesTag(stage, deed.tag);
    case 'member_joins':
      return { member: memberJoins(stage, deed) };
    case 'member_leaves':
      return memberLeaves(stage, deed.member);
    case 'member_tells_app':
      stage.push({
        event: 'message',
        msgType: 'text',
        from: getMember(stage, deed.member).userid,
        fields: {
          Content: deed.text,
          MsgId: String(randomBytes(8).readBigUInt64BE() >> 1n),
          AgentID: Number(stage.world.company.agentId),
        },
      });
      return {};
    case 'unknown_event':
      stage.push({ event: deed.name, fields: { Note: '沙盒' } });
      return {};
  }
}
