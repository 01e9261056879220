import { z } from 'zod';
import { cutText } from '#bot/shared/cut-text.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ApprovalForms, FormState } from '#server/platform/approval-form.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { done, type DingtalkApi } from './dingtalk-api.ts';
import { refuse } from './dingtalk-error.ts';
import { key, listOf, text } from '#bot/shared/field.ts';
import { getMember, rootDepartment } from './dingtalk-member.ts';
import type { UnionIds } from './dingtalk-union.ts';

interface App {
  agentId: number;
  now(): Date;
}

const instancesPath = '/v1.0/workflow/processInstances';
const approversMax = 20;
const fieldsMax = 150;
const fieldBytesMax = 65_535;
const remarkBytesMax = 1024;
/** K02@0495: 15 s; a form's own time is told in whole minutes. */
const tooFreshMs = 15_000;
const minuteMs = 60_000;

export function makeForms(api: DingtalkApi, unionIds: UnionIds, app: App): ApprovalForms {
  return {
    start: (form) => startForm(api, unionIds, app, form),
    find: (of) => findForm(api, of),
    read: async (form) => stateOf(await fetchForm(api, form)),
    decide: (form, decision) => decideForm(api, form, decision),
    withdraw: (form, by) => withdrawForm(api, app, form, by),
  };
}

/** K02@0492: with approvers of ours, or else by the flow of the template, which may go by the department. */
async function startForm(
  api: DingtalkApi,
  unionIds: UnionIds,
  app: App,
  form: Parameters<ApprovalForms['start']>[0],
): Promise<PlatformKey> {
  const { template, by, fields, approvers } = form;
  if (approvers.length > approversMax)
    throw refuse(instancesPath.slice(1), 'too_many', `At most ${approversMax} steps.`);
  if (fields.length > fieldsMax) throw refuse(instancesPath.slice(1), 'too_many', `At most ${fieldsMax} fields.`);
  const flow =
    approvers.length > 0
      ? { approvers: approvers.map(({ of, members }) => ({ actionType: actionType(of, members), userIds: members })) }
      : {};
  const body = {
    processCode: template,
    originatorUserId: by,
    microappAgentId: app.agentId,
    deptId: await departmentOf(api, unionIds, by),
    ...flow,
    formComponentValues: fields.map(({ label, text }) => ({ name: label, value: cutText(text, fieldBytesMax) })),
  };
  const answer = z.object({ instanceId: key });
  return (await api.call({ path: instancesPath, body, changes: true, answer })).instanceId;
}

/** One alone is neither. */
function actionType(of: 'any' | 'all', members: PlatformKey[]): 'NONE' | 'OR' | 'AND' {
  if (members.length === 1) return 'NONE';
  return of === 'any' ? 'OR' : 'AND';
}

/** Approvals call the root -1. */
async function departmentOf(api: DingtalkApi, unionIds: UnionIds, by: PlatformKey): Promise<number> {
  const { departments } = await getMember(api, unionIds, by);
  const department = departments[0]?.key ?? rootDepartment;
  return department === rootDepartment ? -1 : Number(department);
}

const idsAnswer = z.object({ result: z.object({ list: listOf(key), nextToken: text }) });
const pagesMax = 500;

/** K02@0499: 20 a page, and then each by itself. */
async function findForm(api: DingtalkApi, of: Parameters<ApprovalForms['find']>[0]): Promise<PlatformKey | null> {
  const path = '/v1.0/workflow/processes/instanceIds/query';
  // Times are kept in whole minutes there, and by another clock.
  const startTime = of.since.getTime() - 2 * minuteMs;
  let nextToken = '0';
  for (let pages = 0; pages < pagesMax; pages++) {
    const body = {
      processCode: of.template,
      startTime,
      nextToken: Number(nextToken),
      maxResults: 20,
      userIds: [of.by],
    };
    const { result } = await api.call({ path, body, answer: idsAnswer });
    for (const id of result.list) {
      const { fields } = await fetchForm(api, id);
      if (fields.some(({ name, value }) => name === of.label && value === of.text)) return id;
    }
    if (!result.nextToken || result.nextToken === nextToken) return null;
    nextToken = result.nextToken;
  }
  return null;
}

/** `2022-08-31T11:52Z` */
const time = z
  .string()
  .nullish()
  .transform((value) => {
    const at = value ? new Date(value) : null;
    return at && !Number.isNaN(at.getTime()) ? at : null;
  });

const instanceAnswer = z.object({
  result: z.object({
    status: z.string(),
    result: text,
    createTime: time,
    finishTime: time,
    tasks: listOf(
      z.object({ taskId: key, userId: key, status: text, result: text, createTime: time, finishTime: time }),
    ),
    operationRecords: listOf(z.object({ userId: text, date: time, type: text, result: text, remark: text })),
    formComponentValues: listOf(z.object({ name: text, value: text })),
  }),
});

interface Form {
  status: string;
  result: string | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  tasks: z.infer<typeof instanceAnswer>['result']['tasks'];
  records: z.infer<typeof instanceAnswer>['result']['operationRecords'];
  fields: z.infer<typeof instanceAnswer>['result']['formComponentValues'];
}

/** K02@0493 */
async function fetchForm(api: DingtalkApi, form: PlatformKey): Promise<Form> {
  const call = { path: instancesPath, query: { processInstanceId: form }, answer: instanceAnswer };
  const { result: told } = await api.call(call);
  return {
    status: told.status.toUpperCase(),
    result: told.result?.toLowerCase() ?? null,
    startedAt: told.createTime,
    finishedAt: told.finishTime,
    tasks: told.tasks,
    records: told.operationRecords,
    fields: told.formComponentValues,
  };
}

function stateOf(form: Form): FormState {
  const state = stateWord(form);
  return { state, finishedAt: state === 'running' ? null : form.finishedAt, turns: turnsOf(form) };
}

function stateWord({ status, result }: Form): FormState['state'] {
  if (status === 'COMPLETED') return result === 'agree' ? 'agreed' : 'refused';
  return ['TERMINATED', 'CANCELED'].includes(status) ? 'withdrawn' : 'running';
}

const results = { AGREE: 'agreed', REFUSE: 'refused', REDIRECTED: 'passed_on' } as const;

/** Whose turn has not come, or never came since somebody else was first, has had none. */
function turnsOf({ tasks, records }: Form): FormState['turns'] {
  const remarks = records.filter(({ type }) => type?.startsWith('EXECUTE_TASK') || type === 'REDIRECT_TASK');
  return tasks.flatMap(({ userId, status, result, finishTime }): FormState['turns'] => {
    if (status === 'RUNNING') return [{ member: userId, result: null, at: null, remark: '' }];
    const word = results[result as keyof typeof results] as (typeof results)[keyof typeof results] | undefined;
    if (status !== 'COMPLETED' || !word) return [];
    const record = remarks.findIndex((one) => one.userId === userId);
    const remark = record < 0 ? '' : (remarks.splice(record, 1)[0]?.remark ?? '');
    return [{ member: userId, result: word, at: finishTime, remark }];
  });
}

/** K02@0497 */
async function decideForm(
  api: DingtalkApi,
  form: PlatformKey,
  decision: { by: PlatformKey; agree: boolean; remark: string },
): Promise<void> {
  const path = `${instancesPath}/execute`;
  const { tasks } = await fetchForm(api, form);
  const task = tasks.find(({ userId, status }) => userId === decision.by && status === 'RUNNING');
  if (!task) throw refuse(path.slice(1), 'not_their_turn', 'It is not their turn.');
  const body = {
    processInstanceId: form,
    taskId: Number(task.taskId),
    actionerUserId: decision.by,
    result: decision.agree ? 'agree' : 'refuse',
    remark: cutText(decision.remark, remarkBytesMax),
  };
  await api.call({ path, body, changes: true, answer: done });
}

/** K02@0495: by who started it, while it runs, where the template allows it, and not in its first 15 s. */
async function withdrawForm(api: DingtalkApi, app: App, form: PlatformKey, by: PlatformKey): Promise<void> {
  const path = `${instancesPath}/terminate`;
  try {
    const body = { processInstanceId: form, isSystem: false, operatingUserId: by };
    await api.call({ path, body, changes: true, answer: done });
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'rejected')) throw error;
    const { status, startedAt } = await fetchForm(api, form);
    const ageMs = startedAt ? app.now().getTime() - startedAt.getTime() : Infinity;
    if (status !== 'RUNNING' || ageMs > tooFreshMs + minuteMs) throw error;
    const { call, code } = error;
    throw new PlatformError('unavailable', { platform: 'dingtalk', call, code, retryAfterMs: tooFreshMs });
  }
}
