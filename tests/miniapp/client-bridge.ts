/** How the client answers the page. */
export interface ClientBridge {
  entry: string;
  contact: string | null;
  /** What follows `sendChatMessage:`; null: the client never answers. */
  send: string | null;
}

export const clientAgent =
  'Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.5304.110 Safari/537.36 ' +
  'wxwork/5.0.11 (MicroMessenger/6.2) WindowsWechat ColorScheme/Light';

/** Runs in the page before its own scripts, as the client's bridge does. What was asked of it lies in `window.asked`. */
export function putBridge({ entry, contact, send }: ClientBridge): void {
  interface Bridged {
    asked: { name: string; params: Record<string, unknown> }[];
    WeixinJSBridge: unknown;
  }
  const page = window as unknown as Bridged;
  page.asked = [];
  const replies: Record<string, Record<string, unknown> | null> = {
    getContext: { err_msg: 'getContext:ok', entry },
    getCurExternalContact: contact
      ? { err_msg: 'getCurExternalContact:ok', userId: contact }
      : { err_msg: 'getCurExternalContact:fail_without context of external contact' },
    sendChatMessage: send === null ? null : { err_msg: `sendChatMessage:${send}` },
  };
  page.WeixinJSBridge = {
    on: () => undefined,
    invoke: async (name: string, params: Record<string, unknown>, callback: (reply: unknown) => void) => {
      page.asked.push({ name, params });
      const reply = name in replies ? replies[name] : { err_msg: `${name}:ok` };
      // The client answers later, never within the call.
      await Promise.resolve();
      if (reply) callback(reply);
    },
  };
}

export const dingtalkAgent =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21E219 ' +
  'AliApp(DingTalk/8.1.5) com.laiwang.DingTalk/36000 language/zh-Hans-CN colorScheme/light';

/** As `putBridge`, for DingTalk on iOS. `code`: what a login asks for; null: the client fails. */
export function putDingtalkBridge({ code }: { code: string | null }): void {
  interface Bridged {
    asked: { name: string; params: Record<string, unknown> }[];
    WebViewJavascriptBridge: unknown;
  }
  const page = window as unknown as Bridged;
  page.asked = [];
  page.WebViewJavascriptBridge = {
    init: () => undefined,
    registerHandler: () => undefined,
    callHandler: async (name: string, params: Record<string, unknown>, callback: (reply: unknown) => void) => {
      page.asked.push({ name, params });
      await Promise.resolve();
      if (name === 'runtime.permission.requestAuthCodeV2' && code === null) {
        callback({ errorCode: '3', errorMessage: 'no code' });
      } else {
        callback({ errorCode: '0', result: { code } });
      }
    },
  };
}
