import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { viewBindings } from '#server/binding/view-binding.ts';
import { callerOf, makeCustomer, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
let lin: Member;

beforeEach(async () => {
  platform.reset();
  platform.addMember('lin');
  lin = await makeMember(world.deps, { key: 'lin', name: '林晓' });
});

test('a rep who notes the phone of their own customer finds the contact bound, with the reason', async () => {
  const { deps } = world;
  await makeCustomer(deps, { name: '远山科技有限公司', owner: lin, phone: '13800138000' });
  const profile = platform.addContact('chen', { name: '陈女士', follows: [{ member: 'lin' }] });
  await tell(deps, 'wecom', { kind: 'contact_added', contact: 'chen', member: 'lin', half: false, occurredAt: now() });
  expect(await bindings()).toEqual([]);

  Object.assign(profile.follows[0] ?? {}, { remarkPhones: ['+86 138 0013 8000'], remark: '远山科技陈总' });
  world.clock.advance(1000);
  await tell(deps, 'wecom', { kind: 'contact_edited', contact: 'chen', member: 'lin', occurredAt: now() });
  expect(await bindings()).toMatchObject([
    {
      customer: { name: '远山科技有限公司' },
      madeBy: null,
      reasons: [{ rule: 'phone' }, { rule: 'remark' }, { rule: 'same_follower' }],
    },
  ]);
});

const now = () => world.deps.now().toISOString();

async function bindings() {
  const { id } = await world.deps.db.contact.findFirstOrThrow({ where: { key: 'chen' } });
  return viewBindings(world.deps, await callerOf(world.deps, lin), id);
}
