import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import Koa from 'koa';
import { beforeEach, describe, expect, test } from 'vitest';
import { findCaller } from '#server/member/find-caller.ts';
import { createOpportunity } from '#server/opportunity/create-opportunity.ts';
import { moveOpportunity } from '#server/opportunity/move-opportunity.ts';
import { requestDiscount } from '#server/opportunity/request-discount.ts';
import { liveRoute } from '#server/sidebar/live-route.ts';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';
import { callerOf, makeContact, makeCustomer, makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform();
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);
beforeEach(() => platform.reset());

const read = (as: string, contact: string) => http.ask('GET', `/api/sidebar?platform=fake&contact=${contact}`, { as });

async function rep(name = '王磊', key = 'wanglei') {
  const member = await makeMember(world.deps, { name, platform: 'fake', key });
  return { member, session: await openSession(world.deps, member, 'fake') };
}

describe('the sidebar of one contact', () => {
  test('shows who this is before anything was said, bound or scored: what is not ready is null', async () => {
    const { member, session } = await rep();
    await makeContact(world.deps, { platform: 'fake', key: 'chen', name: '陈女士', followedBy: [member] });
    const { status, body } = await read(session, 'chen');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      contact: { name: '陈女士' },
      customer: null,
      bindings: [],
      score: null,
      summary: null,
      summaryState: 'empty',
      opportunities: [],
      draft: null,
      nextAction: { kind: 'none' },
    });
  });

  test('a rep who opens the chat before the callback has come sees the contact all the same', async () => {
    const { session } = await rep();
    platform.addMember('wanglei', { name: '王磊' });
    platform.addContact('new', { name: '新客户', follows: ['wanglei'] });
    const { status, body } = await read(session, 'new');
    expect({ status, name: (body as SidebarView).contact?.name }).toEqual({ status: 200, name: '新客户' });
  });

  test('a contact nobody knows, and one of a colleague’s, are the same 404 that says what to do', async () => {
    const { session } = await rep();
    const colleague = await rep('李雷', 'lilei');
    await makeContact(world.deps, { platform: 'fake', key: 'theirs', followedBy: [colleague.member] });
    for (const key of ['theirs', 'nobody'])
      expect(await read(session, key)).toMatchObject({ status: 404, code: 'contact.unknown' });
  });

  test('shows what may be sold to each customer the contact is bound to: open ones, newest first, with the newest request', async () => {
    const { member, session } = await rep();
    const contact = await makeContact(world.deps, { platform: 'fake', key: 'chen', followedBy: [member] });
    const caller = await callerOf(world.deps, member, 'fake');
    const bound = [await makeCustomer(world.deps, { owner: member }), await makeCustomer(world.deps, {})];
    for (const { id: customerId } of bound)
      await world.deps.db.binding.create({ data: { contactId: contact.id, customerId, reasons: [] } });
    const sell = async (customerId: string, title: string) => {
      world.clock.advance(1000);
      return createOpportunity(world.deps, caller, { customerId, title, amountFen: 1_280_000 });
    };
    const [first, second] = [await sell(bound[0]?.id ?? '', '50 人版'), await sell(bound[1]?.id ?? '', '扩容')];
    const lost = await sell(bound[0]?.id ?? '', '旧的');
    await moveOpportunity(world.deps, caller, lost.id, { version: 1, stage: 'lost', outcome: '价格' });
    await sell((await makeCustomer(world.deps, { owner: member })).id, '别家的');
    await requestDiscount(world.deps, caller, first.id, {
      discountBp: 500,
      reason: '老客户',
      requestKey: crypto.randomUUID(),
    });
    const { opportunities } = (await read(session, 'chen')).body as SidebarView;
    expect(opportunities.map(({ id, approval }) => [id, approval?.reason])).toEqual([
      [second.id, undefined],
      [first.id, '老客户'],
    ]);
  });

  test('offers the customer the contact may belong to as the next action', async () => {
    const { member, session } = await rep();
    await makeContact(world.deps, { platform: 'fake', key: 'chen', corpName: '云帆物流', followedBy: [member] });
    await makeCustomer(world.deps, { name: '杭州云帆物流有限公司', owner: member });
    const { body } = await read(session, 'chen');
    expect(body).toMatchObject({
      nextAction: { kind: 'bind', reason: 'unbound' },
      candidates: [{ customer: { name: '杭州云帆物流有限公司' } }],
    });
  });
});

describe('live', () => {
  test('the screen of a contact is told what is no longer true, and nothing of other contacts', async () => {
    const { member, session } = await rep();
    const contact = await makeContact(world.deps, { platform: 'fake', key: 'chen', followedBy: [member] });
    const response = await fetch(`${http.url}/api/live?contact=${contact.id}`, {
      headers: { Cookie: `zhike_session=${session}` },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader?.read();
    expect(first?.value).toContain('event: ping');
    world.deps.live.publish(`contact.${crypto.randomUUID()}`, { part: 'score' });
    world.deps.live.publish(`contact.${contact.id}`, { part: 'summary', contactId: contact.id });
    const next = await reader?.read();
    expect(next?.value).toBe(`data: ${JSON.stringify({ part: 'summary', contactId: contact.id })}\n\n`);
    await reader?.cancel();
  });

  test('what changed after the screen was read and before it listens is told at once', async () => {
    const { member, session } = await rep();
    const contact = await makeContact(world.deps, { platform: 'fake', key: 'chen', followedBy: [member] });
    await read(session, 'chen');
    world.deps.live.publish(`contact.${contact.id}`, { part: 'score', contactId: contact.id });
    const response = await fetch(`${http.url}/api/live?contact=${contact.id}`, {
      headers: { Cookie: `zhike_session=${session}` },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let told = '';
    while (!told.includes('"score"')) told += (await reader?.read())?.value ?? '';
    expect(told).toContain(`data: ${JSON.stringify({ part: 'score', contactId: contact.id })}`);
    await reader?.cancel();
  });

  test('nobody listens to a contact outside their scope', async () => {
    const { session } = await rep();
    const colleague = await rep('李雷', 'lilei');
    const theirs = await makeContact(world.deps, { platform: 'fake', followedBy: [colleague.member] });
    expect(await http.ask('GET', `/api/live?contact=${theirs.id}`, { as: session })).toMatchObject({ status: 404 });
    expect(await http.ask('GET', '/api/live?contact=anything', { as: session })).toMatchObject({ status: 400 });
  });

  test.each([
    ['logged out', async (memberId: string) => world.deps.db.session.deleteMany({ where: { memberId } })],
    ['left', async (id: string) => world.deps.db.member.update({ where: { id }, data: { status: 'left' } })],
    [
      'handed the contact over',
      async (memberId: string) =>
        world.deps.db.follow.updateMany({ where: { memberId }, data: { state: 'transferred' } }),
    ],
  ])('a member who %s hears nothing more', async (_, lose) => {
    const { member, session } = await rep();
    const contact = await makeContact(world.deps, { platform: 'fake', followedBy: [member] });
    const router = new Router();
    liveRoute(router, world.deps, 10);
    const app = new Koa().use(async (ctx, next) => {
      ctx.state['caller'] = await findCaller(world.deps, session);
      await next();
    });
    const server = app.use(router.routes()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/api/live?contact=${contact.id}`, {
      headers: { Cookie: `zhike_session=${session}` },
    });
    await lose(member.id);
    // Ends only when the server ends it.
    expect(await response.text()).toContain('event: ping');
    server.close();
  });
});
