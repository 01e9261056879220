import { PlatformError } from '#server/platform/platform-error.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { PlatformDriver, PlatformTools } from '#server/platform/driver.ts';
import { makeWecomApi } from './wecom-api.ts';
import { makeArchive } from './wecom-archive.ts';
import { loadArchiveSdk } from './wecom-archive-sdk.ts';
import { textBytesMax } from './wecom-attachment.ts';
import { readCallback } from './wecom-callback.ts';
import { sendCard, updateCard } from './wecom-card.ts';
import { makeChannels } from './wecom-channel.ts';
import {
  contactOwnersMax,
  getContact,
  listContactKeys,
  listContactOwners,
  listContacts,
  remarkLengthMax,
  saveRemark,
} from './wecom-contact.ts';
import { readWecomEnv, wecomEnv, type WecomConfig } from './wecom-env.ts';
import { makeGroupSends } from './wecom-group-send.ts';
import { clientConfig } from './wecom-jssdk.ts';
import { loginUrl, memberFromLogin } from './wecom-login.ts';
import { makeMediaStore } from './wecom-media.ts';
import { getMember, listDepartments, listMembers } from './wecom-member.ts';
import { sendNotice, sendWelcome } from './wecom-message.ts';
import { listTags, markTags } from './wecom-tag.ts';
import { makeTransfers } from './wecom-transfer.ts';

export const wecom: PlatformDriver = {
  name: 'wecom',
  env: wecomEnv,
  create(env, tools) {
    const config = readWecomEnv(env);
    return config && makeWecom(config, tools);
  },
};

/** The port; what stands behind each method is in the file named after it. */
function makeWecom(config: WecomConfig, tools: PlatformTools): Platform {
  const api = makeWecomApi({ ...config, scope: String(config.agentId) }, tools);
  const rules = {
    token: config.callbackToken,
    aesKey: config.callbackAesKey,
    // D90968: the corp id, for an app the corp made itself.
    receivers: [config.corpId],
    ageMaxSeconds: config.callbackAgeMaxSeconds,
  };
  return {
    name: 'wecom',
    capabilities: {
      contacts: true,
      sidebar: true,
      cardUpdates: 'once',
      todos: false,
      welcome: true,
      welcomeBytesMax: textBytesMax,
      contactOwnersMax,
      remarkLengthMax,
    },

    readCallback: (request) => readCallback(rules, request),
    stream: null,

    listDepartments: () => listDepartments(api),
    listMembers: (departmentKey) => listMembers(api, departmentKey),
    getMember: (key) => getMember(api, key),
    listContactOwners: () => listContactOwners(api),

    getContact: (key) => getContact(api, key),
    listContacts: (owners, cursor) => listContacts(api, owners, cursor),
    listContactKeys: (owner) => listContactKeys(api, owner),
    saveRemark: (of, remark) => saveRemark(api, of, remark),
    listTags: () => listTags(api),
    markTags: (of, change) => markTags(api, of, change),
    sendWelcome: (code, message) => sendWelcome(api, code, message),

    sendNotice: (to, notice) => sendNotice(api, config.agentId, to, notice),

    sendCard: (to, card) => sendCard(api, config.agentId, to, card),
    updateCard: (to, card, updateCode) => updateCard(api, config.agentId, to, card, updateCode),

    addTodo: () => cannot('addTodo'),
    changeTodo: () => cannot('changeTodo'),
    removeTodo: () => cannot('removeTodo'),
    readTodo: () => cannot('readTodo'),
    forms: null,
    transfers: makeTransfers(api),
    media: makeMediaStore(api, tools),
    groupSends: makeGroupSends(api, config.agentId),
    channels: makeChannels(api),

    loginUrl: (redirectUrl, state) => loginUrl(config, redirectUrl, state),
    memberFromLogin: (code) => memberFromLogin(api, code),
    clientConfig: async (url) => ({ ...(await clientConfig(api, tools, config, url)) }),

    archive: config.archive && archiveOf(config, config.archive, tools),
  };
}

/** WeCom has no todo list an app can write to. */
async function cannot(call: string): Promise<never> {
  throw new PlatformError('rejected', { platform: 'wecom', call });
}

function archiveOf(config: WecomConfig, archive: NonNullable<WecomConfig['archive']>, tools: PlatformTools) {
  const { corpId, apiBase } = config;
  return makeArchive({
    privateKeys: archive.privateKeys,
    sdk: loadArchiveSdk(archive.sdk, { corpId, secret: archive.secret, apiBase }),
    // D91782: called with the token of the archive's secret, not the app's.
    api: makeWecomApi({ corpId, apiBase, secret: archive.secret, scope: 'archive' }, tools),
  });
}
