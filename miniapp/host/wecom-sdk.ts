/** The few calls of the SDK that are used: what is imported by name leaves the rest of it behind. */
export { ensureAgentConfigReady, getContext, getCurExternalContact, register, sendChatMessage } from '@wecom/jssdk';
