import { z } from 'zod';

const platform = z.string();

/** Everything that can be asked for later. What each does is said in server/jobs.ts. Every job is safe to run twice. */
export const jobPayloads = {
  'handle-events': z.object({ strand: z.int() }),
  'sweep-inbound': z.object({}),
  'forget-events': z.object({}),

  'sync-members': z.object({ platform }),
  'sync-contacts': z.object({ platform }),
  'sync-tags': z.object({ platform }),
  reconcile: z.object({ platform }),
  'pull-archive': z.object({ platform }),
  'send-welcome': z.object({ codeHash: z.string() }),
  'sweep-welcomes': z.object({}),
  'show-channel': z.object({ channelId: z.uuid() }),
  'sweep-channels': z.object({}),
  'settle-arrival': z.object({ channelId: z.uuid(), followId: z.uuid() }),
  'note-source': z.object({ contactId: z.uuid() }),
  'read-document': z.object({ documentId: z.uuid() }),
  'embed-passages': z.object({}),
  'sweep-knowledge': z.object({}),
  'summarise-conversation': z.object({ conversationId: z.uuid() }),
  'sweep-summaries': z.object({}),
  'forget-model-answers': z.object({}),
  'forget-requests': z.object({}),
  'tell-of-budget': z.object({}),
  'score-contact': z.object({ contactId: z.uuid() }),
  'rescore-contacts': z.object({}),
  'forget-scores': z.object({}),
  /** `asked`: an admin wants it now; otherwise it waits for the night. */
  'train-scoring': z.object({ target: z.string(), asked: z.boolean() }),
  'watch-health': z.object({ contactIds: z.array(z.uuid()).max(1000).optional() }),
  'remind-due-tasks': z.object({}),
  'send-todo': z.object({ taskId: z.uuid(), memberId: z.uuid(), platform }),
  'sweep-todos': z.object({}),
  'write-digests': z.object({}),
  'send-notice': z.object({ key: z.string() }),
  'sweep-notices': z.object({}),
  'attend-approval': z.object({ approvalId: z.uuid() }),
  'sweep-approvals': z.object({}),
  'apply-effect': z.object({ approvalId: z.uuid() }),
  'show-card': z.object({ key: z.string() }),
  'sweep-cards': z.object({}),
  'carry-form': z.object({ approvalId: z.uuid() }),
  'sweep-forms': z.object({}),
  'run-handover': z.object({ handoverId: z.uuid() }),
  'sweep-handovers': z.object({}),
  'send-broadcasts': z.object({ platform }),
  'sync-broadcasts': z.object({ platform }),
  'sweep-broadcasts': z.object({}),
  'plan-broadcast': z.object({ broadcastId: z.uuid() }),
  'sweep-plans': z.object({}),
  'note-replies': z.object({}),
  'note-opt-out': z.object({ contactId: z.uuid() }),
  'sweep-series': z.object({}),
};

export type JobName = keyof typeof jobPayloads;
export type JobPayload<Name extends JobName> = z.infer<(typeof jobPayloads)[Name]>;

/** Jobs that may not wait behind others: a welcome is worthless after 20 s. */
export const fastJobs: readonly JobName[] = ['send-welcome', 'sweep-inbound'];

/** Jobs that may take or wait for minutes: they stand in a line of their own, so that nothing else waits for it. */
export const slowJobs: readonly JobName[] = [
  'summarise-conversation',
  'read-document',
  'embed-passages',
  'train-scoring',
  'rescore-contacts',
  'forget-scores',
];
