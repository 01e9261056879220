import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { FaultEdit } from '#bot/sandbox/fault-api.ts';
import type { Act, ActResult, SandboxState } from '#bot/sandbox/sandbox-api.ts';
import type { SandboxContact } from '#bot/sandbox/wecom-window-api.ts';
import { startSandbox } from '#bot/sandbox/sandbox.ts';
import { wecom } from '#bot/wecom/wecom.ts';
import { builtInPolicy } from '#server/approval/policy.ts';
import { savePolicyRow } from '#server/approval/policy-store.ts';
import { applyContact } from '#server/contact/apply-contact.ts';
import { syncMembers } from '#server/member/sync-members.ts';
import { testTools } from '#tests/bot/platform-tools.ts';
import { useWorld } from '#tests/support/world.ts';
import { approved, runJobs, runRound, statesOf, stored } from './company.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'zhike-handover-'));
const sandbox = await startSandbox({
  port: 0,
  productUrl: 'http://127.0.0.1:1',
  stateFile: path.join(folder, 'sandbox.json'),
  seed: 11,
});
const platform = wecom.create(sandbox.env, testTools(new Date()));
if (!platform) throw new Error('The sandbox gave no settings.');
const world = useWorld({ platforms: [platform] });
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask<Answer>(call: string, deed?: Act | FaultEdit): Promise<Answer> {
  const body = deed ? { method: 'POST', body: JSON.stringify(deed) } : {};
  return (await (await fetch(`${sandbox.url}/sandbox/api/${call}`, body)).json()) as Answer;
}
const act = (deed: Act) => ask<ActResult>('act', deed);

/** The company is read as it is on the other side; the giver’s first contacts are known, and nothing else. */
async function meet() {
  const { deps } = world;
  world.clock.set(new Date());
  await syncMembers(deps, 'wecom');
  const { members } = await ask<SandboxState>('state');
  const { contacts } = await ask<{ contacts: SandboxContact[] }>('contacts?member=wanglei');
  const some = contacts.filter(({ relation }) => relation === 'friend').slice(0, 3);
  for (const { key } of some) {
    await applyContact(deps, 'wecom', { key, profile: (await platform?.getContact(key)) ?? null, askedAt: deps.now() });
  }
  const home = members.find(({ key }) => key === 'wanglei')?.departments[0] ?? '';
  const taker = members.find((one) => one.key !== 'wanglei' && one.active && one.departments.includes(home));
  const byKey = async (key: string) => {
    const { memberId } = await deps.db.memberIdentity.findFirstOrThrow({ where: { platform: 'wecom', key } });
    return deps.db.member.findUniqueOrThrow({ where: { id: memberId } });
  };
  const giver = await byKey('wanglei');
  const admin = await deps.db.member.findFirstOrThrow({ where: { role: 'admin' } });
  const director = await deps.db.member.findFirstOrThrow({ where: { role: 'director' } });
  return { keys: some.map(({ key }) => key), giver, taker: await byKey(taker?.key ?? ''), admin, director };
}

/** Whoever asks, the director decides. */
async function allow(directorId: string): Promise<void> {
  const who = { by: 'members' as const, ids: [directorId] };
  const bands = [
    { upTo: null, risk: 'medium' as const, levels: [{ who, of: 'any' as const, escalateAfterMinutes: null }] },
  ];
  const policy = { ...builtInPolicy('customer_transfer'), bands };
  const by = { memberId: directorId, at: world.deps.now() };
  await savePolicyRow(world.deps.db, { kind: 'customer_transfer', version: 0 }, policy, by);
}

const ownersOf = async (key: string) => (await platform?.getContact(key))?.follows.map(({ member }) => member);

test('over the wire contacts go over, stay with their owner or are refused, and each item says which', async () => {
  const { keys, giver, taker, admin, director } = await meet();
  const [goes = '', stays = '', full = ''] = keys;
  await allow(director.id);
  const people = { director, manager: admin, giver, taker, second: taker, stranger: taker };
  const id = await approved(world, people, { from: giver, rule: { by: 'one', to: taker.id }, kinds: ['contact'] });
  await runRound(world);
  expect(new Set(Object.values(await statesOf(world, id)))).toEqual(new Set(['waiting']));

  await act({ kind: 'transfer_settles', contact: goes, outcome: 'done' });
  await act({ kind: 'transfer_settles', contact: stays, outcome: 'declined' });
  await act({ kind: 'transfer_settles', contact: full, outcome: 'full' });
  world.clock.advance(3_600_000);
  await runRound(world);
  const states = await statesOf(world, id);
  const stateOf = async (key: string) => {
    const { id: contactId } = await world.deps.db.contact.findFirstOrThrow({ where: { key } });
    return states[`contact:${contactId}`];
  };
  expect([await stateOf(goes), await stateOf(stays), await stateOf(full)]).toEqual([
    'done',
    'kept refused_by_contact',
    'refused taker_full',
  ]);
  expect(await stored(world, id)).toMatchObject({ state: 'partly' });
  expect(await ownersOf(goes)).not.toContain('wanglei');
  expect(await ownersOf(stays)).toContain('wanglei');
});

test('a leaver’s contacts go over the leavers’ way, also when the platform was too busy at first', async () => {
  const { keys, giver, taker, admin, director } = await meet();
  await act({ kind: 'member_leaves', member: 'wanglei' });
  await world.deps.db.member.update({ where: { id: giver.id }, data: { status: 'left', leftAt: world.deps.now() } });
  await allow(director.id);
  const people = { director, manager: admin, giver, taker, second: taker, stranger: taker };
  const id = await approved(world, people, { from: giver, rule: { by: 'one', to: taker.id }, kinds: ['contact'] });

  const path = 'externalcontact/resigned/transfer_customer';
  await ask('faults', { api: [{ path, kind: 'rate_limited', calls: 1 }] });
  await world.deps.jobs.add('sweep-handovers', {});
  await expect(runJobs(world, ['sweep-handovers', 'run-handover'])).rejects.toMatchObject({ kind: 'rate_limited' });
  world.clock.advance(61_000);
  await runRound(world);
  expect(new Set(Object.values(await statesOf(world, id)))).toEqual(new Set(['waiting']));
  await act({ kind: 'transfer_settles', contact: null, outcome: 'done' });
  world.clock.advance(3_600_000);
  await runRound(world);
  expect(await stored(world, id)).toMatchObject({ state: 'done', leaver: true });
  const { transfers } = await ask<{ transfers: { contact: string; leaver: boolean }[] }>('transfers');
  expect(
    transfers
      .filter(({ leaver }) => leaver)
      .map(({ contact }) => contact)
      .toSorted(),
  ).toEqual(keys.toSorted());
});
