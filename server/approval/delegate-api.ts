import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { givenTime } from '#server/base/given-time.ts';
import { requestKey } from '#server/base/request-key.ts';
import { person } from '#server/base/person.ts';

export const delegateApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/approval-delegates',
    summary: 'Who decides in place of the caller, now or later; an admin sees everyone’s',
    answer: z.object({
      items: z.array(
        z.object({ id: z.uuid(), member: person, to: person, fromAt: z.iso.datetime(), untilAt: z.iso.datetime() }),
      ),
    }),
  }),
  add: endpoint({
    method: 'POST',
    path: '/api/approval-delegates',
    summary: 'Somebody decides in place of the caller while they are away; an admin may say it for others',
    body: z.object({
      memberId: z.uuid().optional(),
      toMemberId: z.uuid(),
      fromAt: givenTime,
      untilAt: givenTime,
      requestKey,
    }),
    answer: z.object({ id: z.uuid() }),
    status: 201,
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/api/approval-delegates/:id',
    summary: 'Back earlier',
    params: byId,
    answer: z.object({}),
  }),
};
