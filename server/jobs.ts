import { applyEffect } from '#server/approval/apply-effect.ts';
import { carryForm, sweepForms, sweepFormsEveryMs } from '#server/approval/carry-form.ts';
import { showCard, sweepCards, sweepCardsEveryMs } from '#server/approval/show-card.ts';
import { attendApproval, sweepApprovals, sweepApprovalsEveryMs } from '#server/approval/sweep-approvals.ts';
import type { Deps } from '#server/base/deps.ts';
import { HOUR_MS } from '#server/base/duration.ts';
import { forgetAnswersEveryMs, forgetModelAnswers } from '#server/base/forget-model-answers.ts';
import { forgetRequests, forgetRequestsEveryMs } from '#server/base/forget-requests.ts';
import type { JobName, JobPayload } from '#server/base/job-payloads.ts';
import type { JobHandlers, Schedule } from '#server/base/queue.ts';
import { noteOptOut } from '#server/broadcast/note-opt-out.ts';
import { noteReplies, noteRepliesEveryMs } from '#server/broadcast/note-replies.ts';
import { sendDeliveries } from '#server/broadcast/send-deliveries.ts';
import { sweepBroadcasts, sweepBroadcastsEveryMs } from '#server/broadcast/sweep-broadcasts.ts';
import { syncResults } from '#server/broadcast/sync-results.ts';
import { planBroadcast } from '#server/broadcast/plan-broadcast.ts';
import { sweepPlans, sweepPlansEveryMs } from '#server/broadcast/sweep-plans.ts';
import { proposeBinding } from '#server/binding/propose-binding.ts';
import { reconcile } from '#server/contact/reconcile.ts';
import { noteSource } from '#server/channel/note-source.ts';
import { settleArrival } from '#server/channel/settle-arrival.ts';
import { showChannel } from '#server/channel/show-channel.ts';
import { sweepChannels, sweepChannelsEveryMs } from '#server/channel/sweep-channels.ts';
import { sendWelcome } from '#server/channel/send-welcome.ts';
import { sweepWelcomes, sweepWelcomesEveryMs } from '#server/channel/sweep-welcomes.ts';
import { syncContacts } from '#server/contact/sync-contacts.ts';
import { syncTags } from '#server/contact/sync-tags.ts';
import { pullArchive, pullArchiveEveryMs } from '#server/conversation/pull-archive.ts';
import { runHandover } from '#server/handover/run-handover.ts';
import { sweepHandovers, sweepHandoversEveryMs } from '#server/handover/sweep-handovers.ts';
import { forgetEvents, forgetEventsEveryMs } from '#server/inbound/forget-events.ts';
import { handleEvents } from '#server/inbound/handle-events.ts';
import { sweepEveryMs, sweepInbound } from '#server/inbound/sweep-inbound.ts';
import { embedPassages } from '#server/knowledge/embed-passages.ts';
import { readDocument } from '#server/knowledge/read-document.ts';
import { sweepKnowledge, sweepKnowledgeEveryMs } from '#server/knowledge/sweep-knowledge.ts';
import { syncMembers } from '#server/member/sync-members.ts';
import { remindDueTasks, remindEveryMs } from '#server/task/remind-due-tasks.ts';
import { sendTodo } from '#server/task/send-todo.ts';
import { sweepTodos, sweepTodosEveryMs } from '#server/task/sweep-todos.ts';
import { sendNotice } from '#server/notice/send-notice.ts';
import { sweepNotices, sweepNoticesEveryMs } from '#server/notice/sweep-notices.ts';
import { forgetScores, forgetScoresEveryMs } from '#server/scoring/forget-scores.ts';
import { lead } from '#server/scoring/lead.ts';
import { rescoreContacts, rescoreEveryMs } from '#server/scoring/rescore-contacts.ts';
import { churn } from '#server/health/churn.ts';
import { watchEveryMs, watchHealth } from '#server/health/watch-health.ts';
import { scoreContact } from '#server/scoring/score-contact.ts';
import { trainEveryMs, trainScoring } from '#server/scoring/train-scoring.ts';
import { sweepSeries, sweepSeriesEveryMs } from '#server/series/sweep-series.ts';
import { summariseConversation } from '#server/summary/summarise-conversation.ts';
import { sweepEveryMs as sweepSummariesEveryMs, sweepSummaries } from '#server/summary/sweep-summaries.ts';
import { tellOfBudget, tellOfBudgetEveryMs } from '#server/usage/tell-of-budget.ts';
import type { Platform } from '#server/platform/platform.ts';
import { effects } from './effects.ts';
import { writeDigests, writeDigestsEveryMs } from '#server/team/write-digests.ts';
import { eventSwitch } from './events.ts';

type Work = { [Name in JobName]: (deps: Deps, payload: JobPayload<Name>) => Promise<void> };

async function proposeBindings(deps: Deps, contactIds: string[]): Promise<void> {
  for (const contactId of contactIds) await proposeBinding(deps, contactId);
}

/** What changes a score changes how the relation stands. */
async function scoreAndWatch(deps: Deps, { contactId }: { contactId: string }): Promise<void> {
  await scoreContact(deps, { contactId });
  await deps.jobs.add('watch-health', { contactIds: [contactId] }, { key: contactId });
}

/** What models learn to foretell. */
const subjects = [lead, churn];

/** Which use case answers which job. */
const work: Work = {
  'handle-events': (deps, payload) => handleEvents(deps, payload, eventSwitch),
  'sweep-inbound': (deps) => sweepInbound(deps, eventSwitch),
  'forget-events': forgetEvents,
  'sync-members': async (deps, { platform }) => void (await syncMembers(deps, platform)),
  'sync-contacts': async (deps, { platform }) => void (await syncContacts(deps, platform, proposeBindings)),
  'sync-tags': async (deps, { platform }) => void (await syncTags(deps, platform)),
  reconcile: async (deps, { platform }) => void (await reconcile(deps, platform, proposeBindings)),
  'pull-archive': pullArchive,
  'send-welcome': (deps, { codeHash }) => sendWelcome(deps, codeHash),
  'sweep-welcomes': sweepWelcomes,
  'show-channel': showChannel,
  'sweep-channels': sweepChannels,
  'settle-arrival': settleArrival,
  'note-source': noteSource,
  'read-document': readDocument,
  'embed-passages': embedPassages,
  'sweep-knowledge': sweepKnowledge,
  'summarise-conversation': summariseConversation,
  'sweep-summaries': sweepSummaries,
  'forget-model-answers': forgetModelAnswers,
  'forget-requests': forgetRequests,
  'tell-of-budget': tellOfBudget,
  'score-contact': scoreAndWatch,
  'rescore-contacts': (deps) => rescoreContacts(deps),
  'forget-scores': (deps) => forgetScores(deps),
  'train-scoring': async (deps, { target, asked }) => {
    const subject = subjects.find((each) => each.target === target);
    if (subject) await trainScoring(deps, subject, { asked });
  },
  'watch-health': watchHealth,
  'remind-due-tasks': remindDueTasks,
  'send-todo': sendTodo,
  'sweep-todos': sweepTodos,
  'write-digests': writeDigests,
  'send-notice': sendNotice,
  'sweep-notices': sweepNotices,
  'run-handover': runHandover,
  'sweep-handovers': sweepHandovers,
  'plan-broadcast': planBroadcast,
  'sweep-plans': sweepPlans,
  'note-replies': noteReplies,
  'note-opt-out': noteOptOut,
  'sweep-series': sweepSeries,
  'send-broadcasts': sendDeliveries,
  'sync-broadcasts': syncResults,
  'sweep-broadcasts': sweepBroadcasts,
  'attend-approval': attendApproval,
  'sweep-approvals': sweepApprovals,
  'apply-effect': (deps, payload) => applyEffect(deps, payload, effects),
  'show-card': showCard,
  'sweep-cards': sweepCards,
  'carry-form': carryForm,
  'sweep-forms': sweepForms,
};

/** The jobs of this deployment, ready for a worker (or for a test that runs them in line). */
export function jobHandlers(deps: Deps): JobHandlers {
  const bound = Object.entries(work).map(([name, run]) => [name, (payload: never) => run(deps, payload)]);
  return Object.fromEntries(bound) as JobHandlers;
}

/** What runs by the clock. */
export function schedules(deps: Deps): Schedule[] {
  return [
    { name: 'sweep-inbound', payload: {}, everyMs: sweepEveryMs },
    { name: 'forget-events', payload: {}, everyMs: forgetEventsEveryMs },
    { name: 'remind-due-tasks', payload: {}, everyMs: remindEveryMs },
    { name: 'sweep-todos', payload: {}, everyMs: sweepTodosEveryMs },
    { name: 'write-digests', payload: {}, everyMs: writeDigestsEveryMs },
    { name: 'sweep-notices', payload: {}, everyMs: sweepNoticesEveryMs },
    { name: 'sweep-handovers', payload: {}, everyMs: sweepHandoversEveryMs },
    { name: 'note-replies', payload: {}, everyMs: noteRepliesEveryMs },
    { name: 'sweep-series', payload: {}, everyMs: sweepSeriesEveryMs },
    { name: 'sweep-broadcasts', payload: {}, everyMs: sweepBroadcastsEveryMs },
    { name: 'sweep-plans', payload: {}, everyMs: sweepPlansEveryMs },
    { name: 'sweep-approvals', payload: {}, everyMs: sweepApprovalsEveryMs },
    { name: 'sweep-cards', payload: {}, everyMs: sweepCardsEveryMs },
    { name: 'sweep-welcomes', payload: {}, everyMs: sweepWelcomesEveryMs },
    { name: 'sweep-channels', payload: {}, everyMs: sweepChannelsEveryMs },
    { name: 'sweep-forms', payload: {}, everyMs: sweepFormsEveryMs },
    { name: 'sweep-knowledge', payload: {}, everyMs: sweepKnowledgeEveryMs },
    { name: 'sweep-summaries', payload: {}, everyMs: sweepSummariesEveryMs },
    { name: 'rescore-contacts', payload: {}, everyMs: rescoreEveryMs },
    { name: 'forget-scores', payload: {}, everyMs: forgetScoresEveryMs },
    ...subjects.map(({ target }) => {
      return { name: 'train-scoring', payload: { target, asked: false }, everyMs: trainEveryMs } as const;
    }),
    { name: 'watch-health', payload: {}, everyMs: watchEveryMs },
    { name: 'forget-model-answers', payload: {}, everyMs: forgetAnswersEveryMs },
    { name: 'forget-requests', payload: {}, everyMs: forgetRequestsEveryMs },
    { name: 'tell-of-budget', payload: {}, everyMs: tellOfBudgetEveryMs },
    ...deps.platforms.all.flatMap(schedulesOf),
  ];
}

/** Members are everywhere; what is about contacts runs where there are contacts. */
function schedulesOf({ name: platform, capabilities, archive }: Platform): Schedule[] {
  const payload = { platform };
  const ofContacts: Schedule[] = [
    { name: 'sync-tags', payload, everyMs: 6 * HOUR_MS },
    { name: 'sync-contacts', payload, everyMs: 7 * 24 * HOUR_MS },
  ];
  return [
    { name: 'sync-members', payload, everyMs: 6 * HOUR_MS },
    { name: 'reconcile', payload, everyMs: 24 * HOUR_MS },
    ...(capabilities.contacts ? ofContacts : []),
    ...(capabilities.contacts || archive
      ? [{ name: 'pull-archive', payload, everyMs: pullArchiveEveryMs } as const]
      : []),
  ];
}
