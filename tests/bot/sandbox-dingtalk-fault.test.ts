import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DingtalkApiFault } from '#bot/sandbox/dingtalk-phone-api.ts';
import type { Card } from '#server/platform/card.ts';
import type { PlatformEvent } from '#server/platform/event.ts';
import type { PlatformErrorKind } from '#server/platform/platform-error.ts';
import { startSandboxDingtalk, type SandboxDingtalk } from '#tests/bot/sandbox-dingtalk-world.ts';

let world: SandboxDingtalk;
/** What came over the stream, in the order it was taken; refused while `isFull`. */
let taken: PlatformEvent[];
let isFull: boolean;
let stream: { close(): Promise<void> } | undefined;
beforeAll(async () => {
  world = await startSandboxDingtalk('stream');
  await world.settings({ eventAgainMs: 50 });
  stream = world.platform.stream?.open(
    async ({ event }) => {
      if (isFull) throw new Error('There is no room.');
      taken.push(event);
    },
    () => {},
  );
});
beforeEach(async () => {
  taken = [];
  isFull = false;
  await world.faults({
    api: [],
    push: { duplicate: false, reorder: false, lose: false },
    stream: { cut: false },
    card: { serviceDown: false, duplicateTap: false, lateTapMs: 0 },
  });
});
afterAll(async () => {
  await stream?.close();
  await world.close();
});

const until = (isSo: () => boolean) => expect.poll(isSo, { interval: 20 }).toBe(true);
const joins = async (name: string) => (await world.act({ kind: 'user_joins', name, department: '1' })).user ?? '';
const hasJoined = (user: string) => taken.some((event) => event.kind === 'member_joined' && event.member === user);
let cards = 0;
const card = (): Card => ({
  key: `fault-card-${(cards += 1)}`,
  title: '折扣申请',
  lines: [],
  risk: '',
  url: 'https://crm.example.com/inbox.html',
  buttons: [{ action: 'approve', label: '同意', style: 'primary', opensPage: false }],
  verdict: '',
});

describe('a call that the sandbox lets go wrong', () => {
  test.each<[DingtalkApiFault['kind'], PlatformErrorKind, PlatformErrorKind]>([
    ['permission_denied', 'forbidden', 'forbidden'],
    ['ip_not_listed', 'forbidden', 'forbidden'],
    ['quota', 'forbidden', 'forbidden'],
    ['qps_app', 'rate_limited', 'rate_limited'],
    ['qps_all', 'rate_limited', 'rate_limited'],
    ['ip_banned', 'rate_limited', 'rate_limited'],
    ['busy', 'unavailable', 'unavailable'],
    ['gateway_timeout', 'unavailable', 'unknown'],
  ])('%s: a question is %s, a change is %s', async (kind, question, change) => {
    const { platform, state } = world;
    const fault = (path: string) => world.faults({ api: [{ path, kind, calls: null, delayMs: 0, code: '' }] });
    await fault('/topapi/v2/user/get');
    await expect(platform.getMember(state.demo.rep)).rejects.toMatchObject({ kind: question });
    await fault('/v1.0/card/instances/createAndDeliver');
    await expect(platform.sendCard(state.demo.rep, card())).rejects.toMatchObject({ kind: change });
  });

  test('a token that is refused is replaced without anybody noticing', async () => {
    await world.faults({ api: [{ path: '*', kind: 'token_invalid', calls: 1 }] });
    expect(await world.platform.getMember(world.state.demo.rep)).toMatchObject({ key: world.state.demo.rep });
    await world.expireTokens();
    expect((await world.platform.sendCard(world.state.demo.rep, card())).reached).toBe(true);
  });

  test('a card whose sending got no answer is there once, whoever asks again', async () => {
    const { platform, state, phone } = world;
    const one = card();
    await world.faults({ card: { serviceDown: true } });
    await expect(platform.sendCard(state.demo.manager, one)).rejects.toMatchObject({ kind: 'unavailable' });
    await world.faults({ card: { serviceDown: false } });
    expect((await platform.sendCard(state.demo.manager, one)).reached).toBe(true);
    expect((await platform.sendCard(state.demo.manager, one)).reached).toBe(true);
    const shown = (await phone(state.demo.manager)).cards.filter((other) => other.card === one.key);
    expect(shown).toMatchObject([{ shown: { title: '折扣申请', approve_label: '同意', approve_action: 'approve' } }]);
  });
});

describe('the stream', () => {
  test('tells what happened, also while it was cut', async () => {
    const before = await joins('甲');
    await until(() => hasJoined(before));
    await world.faults({ stream: { cut: true } });
    const meanwhile = await joins('乙');
    expect(hasJoined(meanwhile)).toBe(false);
    await world.faults({ stream: { cut: false } });
    await until(() => hasJoined(meanwhile));
  });

  test('is changed for a new one when DingTalk says so', async () => {
    await world.act({ kind: 'cut_stream', gently: true });
    const user = await joins('丙');
    await until(() => hasJoined(user));
    expect(taken.filter((event) => event.kind === 'member_joined')).toHaveLength(1);
  });

  test('tells again what could not be stored', async () => {
    isFull = true;
    const user = await joins('丁');
    expect(hasJoined(user)).toBe(false);
    isFull = false;
    await until(() => hasJoined(user));
  });

  test('carries a press of a card and is answered in time', async () => {
    const { platform, state, act } = world;
    const one = card();
    await platform.sendCard(state.demo.manager, one);
    const press = { kind: 'press_card', user: state.demo.manager, card: one.key, action: 'approve' } as const;
    const { press: said } = await act({ ...press, params: { action: 'approve', reason: '可以' } });
    expect(said).toEqual({ accepted: true, says: '' });
    expect(taken).toMatchObject([
      {
        kind: 'card_pressed',
        card: one.key,
        member: state.demo.manager,
        action: 'approve',
        values: { reason: '可以' },
      },
    ]);
  });

  test('says of todos and forms that they are other than before', async () => {
    const { platform, state, act } = world;
    const { rep, manager } = state.demo;
    const url = 'https://crm.example.com/inbox.html';
    const todo = await platform.addTodo({ sourceKey: 'fault-1', to: rep, title: '报价', dueAt: null, url });
    await act({ kind: 'complete_todo', user: rep, todo });
    await until(() => taken.some((event) => event.kind === 'todo_changed' && event.members.includes(rep)));
    expect(await platform.readTodo({ todo, member: rep })).toEqual({ done: true });

    const [template] = state.formTemplates;
    const values = Object.fromEntries((template?.fields ?? []).map(({ name, type }) => [name, valueOf(type)]));
    const started = { kind: 'start_form', user: rep, template: template?.template ?? '', values } as const;
    const { form = '' } = await act({ ...started, approvers: [manager] });
    await act({ kind: 'decide_form', user: manager, form, verdict: 'refuse', remark: '太低' });
    await until(() => taken.some((event) => event.kind === 'form_changed' && event.form === form));
    expect(await platform.forms?.read(form)).toMatchObject({
      state: 'refused',
      turns: [{ member: manager, result: 'refused', remark: '太低' }],
    });
  });

  test('a form just started is withdrawn later, not never', async () => {
    const { platform, state } = world;
    const [template] = state.formTemplates;
    const fields = (template?.fields ?? []).map(({ name, type }) => ({ label: name, text: valueOf(type) }));
    const by = state.demo.rep;
    const form = { template: template?.template ?? '', by, fields, approvers: [] };
    const key = (await platform.forms?.start(form)) ?? '';
    await expect(platform.forms?.withdraw(key, by)).rejects.toMatchObject({
      kind: 'unavailable',
      retryAfterMs: 15_000,
    });
  });
});

function valueOf(type: string): string {
  if (type === 'DDDateField') return '2026-12-01';
  return /Number|Money/.test(type) ? '12' : '折扣 A-1';
}
