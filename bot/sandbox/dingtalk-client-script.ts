import { frameScript } from './client-script.ts';
import { dingtalkAgent } from './dingtalk-client.ts';

/** The object DingTalk's own page library looks for on an iPhone. Calls that watch something are heard and never called back. */
export const dingtalkClientScript = (theme: 'light' | 'dark'): string =>
  frameScript(
    dingtalkAgent(theme),
    `
  window.WebViewJavascriptBridge = {
    init: function () {},
    callHandler: function (name, params, callback) { call(name, params, callback); },
    registerHandler: function (name, listener) { listen(name, listener); },
  };
  document.dispatchEvent(new Event('WebViewJavascriptBridgeReady'));`,
  );
