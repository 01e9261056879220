import { platformContract } from '#tests/bot/platform-contract.ts';
import { sandboxDingtalkContractWorld } from '#tests/bot/sandbox-dingtalk-world.ts';

const scope = { contacts: false, welcome: false, sends: false, todos: true, forms: true };

platformContract('DingTalk on the sandbox', () => sandboxDingtalkContractWorld(), scope);

platformContract(
  'DingTalk on a sandbox that tells everything twice, out of order, and forgets its tokens',
  () =>
    sandboxDingtalkContractWorld(async (world) => {
      await world.platform.listMembers('1');
      await world.expireTokens();
      await world.faults({
        push: { duplicate: true, reorder: true },
        card: { duplicateTap: true },
        api: [{ path: '/topapi/*', kind: 'token_invalid', calls: 1 }],
      });
    }),
  scope,
);
