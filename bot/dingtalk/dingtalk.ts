import { PlatformError } from '#server/platform/platform-error.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { PlatformDriver, PlatformTools } from '#server/platform/driver.ts';
import { makeDingtalkApi } from './dingtalk-api.ts';
import { readCallback } from './dingtalk-callback.ts';
import { makeCards } from './dingtalk-card.ts';
import { dingtalkEnv, readDingtalkEnv, type DingtalkConfig } from './dingtalk-env.ts';
import { makeForms } from './dingtalk-form.ts';
import { clientConfig } from './dingtalk-jssdk.ts';
import { loginUrl, memberFromLogin } from './dingtalk-login.ts';
import { getMember, listDepartments, listMembers } from './dingtalk-member.ts';
import { sendNotice } from './dingtalk-message.ts';
import { makeStream, streamTiming, type StreamTiming } from './dingtalk-stream.ts';
import { addTodo, changeTodo, readTodo, removeTodo } from './dingtalk-todo.ts';
import { makeUnionIds } from './dingtalk-union.ts';

export const dingtalk: PlatformDriver = {
  name: 'dingtalk',
  env: dingtalkEnv,
  create(env, tools) {
    const config = readDingtalkEnv(env);
    return config && makeDingtalk(config, tools);
  },
};

/** The port; what stands behind each method is in the file named after it. */
export function makeDingtalk(
  config: DingtalkConfig,
  tools: PlatformTools,
  timing: StreamTiming = streamTiming,
): Platform {
  const api = makeDingtalkApi(config, tools);
  const unionIds = makeUnionIds(api);
  const { userOf } = unionIds;
  const now = () => tools.now();
  const rules = { ...config, userOf };
  const { clientId, cardSecret, cardCallbackUrl: callbackUrl } = config;
  const cards = config.card && makeCards(api, { ...config.card, clientId, cardSecret, callbackUrl });
  return {
    name: 'dingtalk',
    capabilities: {
      contacts: false,
      sidebar: false,
      cardUpdates: cards ? 'any' : 'none',
      todos: true,
      welcome: false,
      welcomeBytesMax: 0,
      contactOwnersMax: 0,
      remarkLengthMax: 0,
    },

    readCallback: (request) => readCallback(rules, request),
    stream: config.mode === 'stream' ? makeStream(api, { ...config, userOf, now }, timing) : null,

    listDepartments: () => listDepartments(api),
    listMembers: (departmentKey) => listMembers(api, unionIds, departmentKey),
    getMember: (key) => getMember(api, unionIds, key),
    listContactOwners: async () => [],

    getContact: () => noContacts('getContact', 'not_found'),
    listContacts: async () => ({ items: [], nextCursor: '' }),
    listContactKeys: async () => [],
    saveRemark: () => noContacts('saveRemark', 'not_found'),
    listTags: async () => [],
    markTags: () => noContacts('markTags', 'not_found'),
    sendWelcome: () => noContacts('sendWelcome', 'rejected'),

    sendNotice: (to, notice) => sendNotice(api, config.clientId, to, notice),

    sendCard: async (to, card) => (cards ?? noCards('sendCard')).send(to, card),
    updateCard: async (to, card) => (cards ?? noCards('updateCard')).update(to, card),

    addTodo: (todo) => addTodo(api, unionIds, todo),
    changeTodo: (of, change) => changeTodo(api, unionIds, of, change),
    removeTodo: (of) => removeTodo(api, unionIds, of),
    readTodo: (of) => readTodo(api, unionIds, of),

    forms: makeForms(api, unionIds, { agentId: config.agentId, now }),
    transfers: null,
    media: null,
    groupSends: null,
    channels: null,

    loginUrl: (redirectUrl, state) => loginUrl(config, redirectUrl, state),
    memberFromLogin: (code) => memberFromLogin(api, config, code),
    clientConfig: async (url) => ({ ...(await clientConfig(api, tools, config, url)) }),

    archive: null,
  };
}

/** Who a company talks with outside is not DingTalk's to tell. */
async function noContacts(call: string, kind: 'not_found' | 'rejected'): Promise<never> {
  throw new PlatformError(kind, { platform: 'dingtalk', call });
}

function noCards(call: string): never {
  const message = 'DINGTALK_CARD_TEMPLATE_ID is not set.';
  throw new PlatformError('rejected', { platform: 'dingtalk', call, message });
}
