import { DeedRefused } from './deed-refused.ts';
import { expireDingtalkTokens } from './dingtalk-access.ts';
import { dingtalkBridge } from './dingtalk-bridge.ts';
import { nameOf } from './dingtalk-call.ts';
import { usersOf } from './dingtalk-card.ts';
import { performDingtalk } from './dingtalk-deeds.ts';
import { mayWithdraw, openTaskOf } from './dingtalk-form.ts';
import * as api from './dingtalk-phone-api.ts';
import { doneFor } from './dingtalk-todo.ts';
import type { Card, DingtalkUser, DingtalkWorld, Form, Todo } from './dingtalk-world.ts';
import type { Stage } from './stage.ts';

/** The DingTalk half of the control API: calls by method and name, as control.ts has them. */
export function dingtalkControl(stage: Stage) {
  const invoke = dingtalkBridge(stage);
  const world = () => stage.world.dingtalk;
  const told = (part: 'faults' | 'settings') => {
    stage.changed();
    stage.tell({ type: 'dingtalk', part, user: null });
  };
  return {
    'GET dingtalk/state': () => stateOf(stage),
    'GET dingtalk/phone': ({ query }: { query: URLSearchParams }) => phoneOf(stage, query.get('user') ?? ''),
    'POST dingtalk/act': ({ body }: { body: unknown }) => performDingtalk(stage, api.dingtalkAct.parse(body)),
    'POST dingtalk/faults': ({ body }: { body: unknown }) => {
      const edit = api.dingtalkFaultEdit.parse(body);
      const { faults } = world();
      if (edit.api) faults.api = edit.api;
      Object.assign(faults.push, edit.push);
      Object.assign(faults.stream, edit.stream);
      Object.assign(faults.card, edit.card);
      if (edit.bridge) faults.bridge = edit.bridge;
      if (faults.stream.cut) stage.dingtalk.cut(false);
      told('faults');
      return faults;
    },
    'POST dingtalk/settings': ({ body }: { body: unknown }) => {
      Object.assign(world().settings, api.dingtalkSettingsEdit.parse(body));
      told('settings');
      return world().settings;
    },
    'POST dingtalk/expire-tokens': () => ({ expired: expireDingtalkTokens(stage) }),
    'POST dingtalk/verify-callback': async () => ({ verified: await stage.dingtalk.verify() }),
    'POST dingtalk/bridge': ({ body }: { body: unknown }) => invoke(api.dingtalkBridgeCall.parse(body)),
  };
}

function stateOf(stage: Stage): api.DingtalkState {
  const { dingtalk, company } = stage.world;
  const { app, demo, departments, templates, faults, settings } = dingtalk;
  return {
    isUsed: !stage.without.includes('dingtalk'),
    company: { name: company.name, corpId: app.corpId, clientId: app.clientId, agentId: app.agentId },
    demo,
    users: Object.values(dingtalk.users).map(userShown),
    departments: departments.map((one) => ({
      key: String(one.id),
      name: one.name,
      parent: one.parentId === 0 ? null : String(one.parentId),
    })),
    cardTemplate: app.cardTemplateId,
    formTemplates: templates.map((one) => ({
      template: one.code,
      name: one.name,
      fields: one.fields.map(({ name, type, required }) => ({ name, type, required })),
    })),
    connections: stage.dingtalk.connections(),
    faults,
    settings,
  };
}

const userShown = (user: DingtalkUser): api.DingtalkUser => ({
  user: user.userid,
  member: user.member,
  name: user.name,
  title: user.title,
  departments: user.departments.map(String),
  leads: user.leaderOf.map(String),
  manager: user.managerId,
  active: user.active,
});

function phoneOf(stage: Stage, userid: string): api.DingtalkPhone {
  const { dingtalk } = stage.world;
  const user = dingtalk.users[userid];
  if (!user) throw new DeedRefused('sandbox.user_unknown', '钉钉里没有这位成员。', 404);
  const newestFirst = <T extends { at: number }>(items: T[]): T[] => items.toReversed().sort((a, b) => b.at - a.at);
  return {
    user: userShown(user),
    cards: newestFirst(Object.values(dingtalk.cards).flatMap((card) => cardShown(card, userid))),
    notices: newestFirst(
      dingtalk.notices.filter((one) => one.user === userid).map((one) => api.dingtalkNotice.parse(one)),
    ),
    todos: newestFirst(Object.values(dingtalk.todos).flatMap((todo) => todoShown(dingtalk, todo, user))),
    forms: newestFirst(
      Object.values(dingtalk.forms)
        .filter((form) => concerns(form, userid))
        .map((form) => formShown(stage, form, userid)),
    ),
  };
}

function cardShown(card: Card, user: string): api.DingtalkCard[] {
  if (!usersOf(card).includes(user)) return [];
  const space = card.spaces.find((one) => one.users.includes(user));
  const mine = card.privateParams[user] ?? {};
  return [
    {
      card: card.outTrackId,
      template: card.template,
      params: card.params,
      privateParams: mine,
      shown: { ...card.params, ...mine },
      at: space?.at ?? card.createdAt,
      updatedAt: card.updatedAt,
      summary: space?.summary ?? '',
    },
  ];
}

function todoShown(world: DingtalkWorld, todo: Todo, user: DingtalkUser): api.DingtalkTodo[] {
  const executes = todo.executors.some((one) => one.union === user.unionid);
  const isOthers = todo.creator !== user.unionid && !todo.participants.includes(user.unionid);
  if (!executes && (todo.isOnlyShowExecutor || isOthers)) return [];
  const byUnion = (union: string) => Object.values(world.users).find((one) => one.unionid === union);
  return [
    {
      todo: todo.id,
      title: todo.subject,
      fields: todo.fields.map((one) => ({ name: one.fieldKey, value: one.fieldValue })),
      at: todo.createdAt,
      dueAt: todo.dueAt,
      priority: todo.priority,
      url: todo.appUrl || null,
      creator: byUnion(todo.creator)?.name ?? '',
      executors: todo.executors.map((one) => ({
        user: byUnion(one.union)?.userid ?? '',
        name: byUnion(one.union)?.name ?? '',
        isDone: one.isDone,
      })),
      isDone: doneFor(todo, user.unionid),
    },
  ];
}

const concerns = (form: Form, user: string): boolean =>
  form.originator === user || form.cc.includes(user) || form.tasks.some((task) => task.user === user);

function formShown(stage: Stage, form: Form, user: string): api.DingtalkForm {
  const world = stage.world.dingtalk;
  const open = openTaskOf(form, user);
  return {
    form: form.id,
    number: form.number,
    template: form.template,
    templateName: world.templates.find((one) => one.code === form.template)?.name ?? form.template,
    title: form.title,
    fields: form.values.map(({ name, value }) => ({ name, value })),
    originator: { user: form.originator, name: nameOf(world, form.originator) },
    status: form.status,
    result: form.result,
    at: form.createdAt,
    finishedAt: form.finishedAt,
    tasks: form.tasks.map((task) => ({
      task: String(task.id),
      user: task.user,
      name: nameOf(world, task.user),
      status: task.status,
      result: task.result,
      at: task.createdAt,
      finishedAt: task.finishedAt,
    })),
    records: form.records.map(({ user, type, result, remark, at }) => ({
      user,
      name: nameOf(world, user),
      type,
      result,
      remark,
      at,
    })),
    mine: {
      isOriginator: form.originator === user,
      openTask: open ? String(open.id) : null,
      mayWithdraw: form.originator === user && mayWithdraw(stage, form),
    },
  };
}
