import { randomUUID } from 'node:crypto';
import { nameOf } from './dingtalk-call.ts';
import type { DingtalkWorld, Form, FormTask, FormTemplate } from './dingtalk-world.ts';
import type { Stage } from './stage.ts';

/** K-oa: nobody takes a form back within this time of its start. */
const withdrawGuardMs = 15_000;
const formsMax = 2000;
const firstTaskId = 70_000_000_000;

interface FormDraft {
  template: FormTemplate;
  originator: string;
  departmentId: number;
  values: Form['values'];
  steps: Form['steps'];
  isNamed: boolean;
  cc: string[];
  ccPosition: Form['ccPosition'];
}

/** A form of DingTalk's own approval: from step to step until somebody refuses or the last one agrees. */
export function startForm(stage: Stage, draft: FormDraft): Form {
  const world = stage.world.dingtalk;
  const at = stage.now();
  const form: Form = {
    id: `${randomUUID().slice(0, 8)}-${randomUUID().slice(9)}`,
    number: `${new Date(at).toISOString().replaceAll(/\D/g, '').slice(0, 12)}${String(Object.keys(world.forms).length).padStart(9, '0')}`,
    template: draft.template.code,
    title: `${nameOf(world, draft.originator)}提交的${draft.template.name}`,
    originator: draft.originator,
    departmentId: draft.departmentId,
    values: draft.values,
    steps: draft.steps,
    isNamed: draft.isNamed,
    step: -1,
    cc: draft.cc,
    ccPosition: draft.ccPosition,
    status: 'RUNNING',
    result: null,
    tasks: [],
    records: [],
    createdAt: at,
    finishedAt: null,
  };
  world.forms[form.id] = form;
  const ids = Object.keys(world.forms);
  for (const oldest of ids.slice(0, Math.max(0, ids.length - formsMax))) delete world.forms[oldest];
  form.records.push({ user: form.originator, type: 'START_PROCESS_INSTANCE', result: 'NONE', remark: '', at });
  tellForm(stage, form, 'start');
  if (form.ccPosition !== 'FINISH') copyOut(form, at);
  openStep(stage, form, 0);
  changed(stage);
  return form;
}

function changed(stage: Stage): void {
  stage.changed();
  stage.tell({ type: 'dingtalk', part: 'forms', user: null });
}

function copyOut(form: Form, at: number): void {
  if (form.cc.length === 0) return;
  form.records.push({ user: form.originator, type: 'PROCESS_CC', result: 'NONE', remark: '', at, ccUsers: form.cc });
}

function openStep(stage: Stage, form: Form, step: number): void {
  const next = form.steps[step];
  if (!next) return finish(stage, form, 'agree');
  form.step = step;
  for (const user of next.users) addTask(stage, form, user);
}

function addTask(stage: Stage, form: Form, user: string): void {
  const ids = Object.values(stage.world.dingtalk.forms).flatMap((one) => one.tasks.map((task) => task.id));
  const task: FormTask = {
    id: Math.max(firstTaskId, ...ids) + 1,
    user,
    step: form.step,
    status: 'RUNNING',
    result: 'NONE',
    createdAt: stage.now(),
    finishedAt: null,
  };
  form.tasks.push(task);
  tellTask(stage, form, task, 'start');
}

export const openTaskOf = (form: Form, user: string): FormTask | undefined =>
  form.tasks.find((task) => task.user === user && task.status === 'RUNNING');

/** One says yes or no. With an or-sign the others need not any more, with an and-sign everybody must. */
export function decideTask(
  stage: Stage,
  form: Form,
  task: FormTask,
  verdict: 'agree' | 'refuse',
  remark: string,
): void {
  const at = stage.now();
  task.status = 'COMPLETED';
  task.result = verdict === 'agree' ? 'AGREE' : 'REFUSE';
  task.finishedAt = at;
  form.records.push({ user: task.user, type: 'EXECUTE_TASK_NORMAL', result: task.result, remark, at });
  tellTask(stage, form, task, 'finish', { result: verdict, remark });
  const others = form.tasks.filter((one) => one.status === 'RUNNING');
  if (verdict === 'refuse') {
    for (const other of others) cancel(stage, form, other);
    finish(stage, form, 'refuse');
  } else if (form.steps[form.step]?.of === 'OR' || others.length === 0) {
    for (const other of others) cancel(stage, form, other);
    openStep(stage, form, form.step + 1);
  }
  changed(stage);
}

function cancel(stage: Stage, form: Form, task: FormTask): void {
  task.status = 'CANCELED';
  task.finishedAt = stage.now();
  tellTask(stage, form, task, 'cancel');
}

function finish(stage: Stage, form: Form, result: 'agree' | 'refuse'): void {
  form.status = 'COMPLETED';
  form.result = result;
  form.finishedAt = stage.now();
  if (form.ccPosition !== 'START') copyOut(form, form.finishedAt);
  tellForm(stage, form, 'finish');
}

export function handOver(stage: Stage, form: Form, task: FormTask, to: string, remark: string): void {
  const at = stage.now();
  task.status = 'COMPLETED';
  task.result = 'REDIRECTED';
  task.finishedAt = at;
  form.records.push({ user: task.user, type: 'REDIRECT_TASK', result: 'NONE', remark, at });
  tellTask(stage, form, task, 'finish', { result: 'redirect', remark });
  addTask(stage, form, to);
  changed(stage);
}

export function withdrawForm(stage: Stage, form: Form, by: string, remark: string): void {
  const at = stage.now();
  for (const task of form.tasks) {
    if (task.status !== 'RUNNING') continue;
    task.status = 'TERMINATED';
    task.finishedAt = at;
  }
  form.status = 'TERMINATED';
  form.finishedAt = at;
  form.records.push({ user: by, type: 'TERMINATE_PROCESS_INSTANCE', result: 'NONE', remark, at });
  tellForm(stage, form, 'terminate');
  changed(stage);
}

export function commentForm(stage: Stage, form: Form, by: string, remark: string): void {
  form.records.push({ user: by, type: 'ADD_REMARK', result: 'NONE', remark, at: stage.now() });
  changed(stage);
}

export function mayWithdraw(stage: Stage, form: Form): boolean {
  const template = stage.world.dingtalk.templates.find((one) => one.code === form.template);
  const isOldEnough = stage.now() - form.createdAt >= withdrawGuardMs;
  return form.status === 'RUNNING' && isOldEnough && template?.mayWithdraw !== false;
}

/** What both kinds of event say of the form. */
const aboutForm = (stage: Stage, form: Form): Record<string, unknown> => ({
  processInstanceId: form.id,
  processCode: form.template,
  corpId: stage.world.dingtalk.app.corpId,
  bizCategoryId: '',
  businessId: form.number,
  title: form.title,
});

function tellForm(stage: Stage, form: Form, type: 'start' | 'finish' | 'terminate'): void {
  stage.dingtalk.tell({
    type: 'bpms_instance_change',
    fields: {
      ...aboutForm(stage, form),
      type,
      ...(type === 'finish' ? { result: form.result } : {}),
      url: formUrl(stage.world.dingtalk, form),
      staffId: form.originator,
      createTime: form.createdAt,
      ...(form.finishedAt === null ? {} : { finishTime: form.finishedAt }),
    },
  });
}

function tellTask(
  stage: Stage,
  form: Form,
  task: FormTask,
  type: 'start' | 'finish' | 'cancel',
  more: { result?: string; remark?: string } = {},
): void {
  stage.dingtalk.tell({
    type: 'bpms_task_change',
    fields: {
      ...aboutForm(stage, form),
      taskId: task.id,
      type,
      ...more,
      staffId: task.user,
      createTime: task.createdAt,
      ...(task.finishedAt === null ? {} : { finishTime: task.finishedAt }),
    },
  });
}

export const formUrl = (world: DingtalkWorld, form: Form): string =>
  `https://aflow.dingtalk.com/dingtalk/mobile/homepage.htm?corpid=${world.app.corpId}&procInsId=${form.id}#/approval`;
