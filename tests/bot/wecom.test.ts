import { platformContract } from '#tests/bot/platform-contract.ts';
import { wecomContractWorld } from '#tests/bot/wecom-world.ts';

platformContract('WeCom', wecomContractWorld);
