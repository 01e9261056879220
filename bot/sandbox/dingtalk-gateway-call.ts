import { DingtalkErrcode, oldParam, record, text, type DingtalkRule } from './dingtalk-call.ts';
import { answerSession } from './dingtalk-deeds.ts';

/** K04@0249: failed events are listed some minutes later, this many at once. */
const listedAfterMs = 180_000;
const listMax = 200;

export const gatewayCalls: DingtalkRule[] = [
  {
    method: 'POST',
    path: '/v1.0/gateway/connections/open',
    open: true,
    // P: who does not ask for JSON gets XML.
    xml: true,
    answer({ stage, body }) {
      return stage.dingtalk.openConnection(body);
    },
  },
  {
    method: 'GET',
    path: '/call_back/get_call_back_failed_result',
    answer({ stage, world }) {
      const ready = world.failed.filter((one) => one.at <= stage.now() - listedAfterMs);
      const taken = ready.slice(0, listMax);
      world.failed = world.failed.filter((one) => !taken.includes(one));
      stage.changed();
      return {
        failed_list: taken.map(({ event }) => ({
          call_back_tag: event.type,
          event_time: event.bornAt,
          [event.type]: { ...event.fields, corpid: world.app.corpId },
        })),
        has_more: ready.length > taken.length,
      };
    },
  },
  {
    method: 'POST',
    path: '/robot/sendBySession',
    open: true,
    answer({ stage, world, query, body }) {
      const session = world.sessions.find((one) => one.id === query.get('session'));
      if (!session || session.expiresAt <= stage.now()) throw new DingtalkErrcode(310_000, 'session 不存在');
      const kind = text(body, 'msgtype', oldParam);
      const inside = record(body[kind], kind, oldParam);
      const said = inside['content'] ?? inside['text'] ?? inside['title'];
      if (typeof said !== 'string' || said === '') throw oldParam(kind);
      answerSession(stage, session.user, said);
      return {};
    },
  },
];
