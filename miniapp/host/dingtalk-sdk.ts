/** The few calls of the SDK that are used: its root would bring all of them. */
import core from 'dingtalk-jsapi/entry/union';

export { closePage$ as closePage } from 'dingtalk-jsapi/api/union/closePage';
export { openLink$ as openLink } from 'dingtalk-jsapi/api/union/openLink';
export { requestAuthCode$ as requestAuthCode } from 'dingtalk-jsapi/api/union/requestAuthCode';
export { setNavigationTitle$ as setNavigationTitle } from 'dingtalk-jsapi/api/union/setNavigationTitle';
export const { config, ready, error } = core;
