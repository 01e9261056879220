import { dingtalkLoginCode, isSigned } from './dingtalk-access.ts';
import { activeUser } from './dingtalk-call.ts';
import type {
  DingtalkBridgeCall,
  DingtalkBridgeReply,
  DingtalkEffect,
  DingtalkFaults,
  DingtalkQuestion,
} from './dingtalk-phone-api.ts';
import { meetBridgeFault } from './meet-faults.ts';
import type { Stage } from './stage.ts';

const framesMax = 200;
const noReply: DingtalkBridgeReply = { reply: null, effect: null, question: null };

/** What is done for a page only after dd.config named it. */
const guarded = new Set([
  'biz.contact.complexPicker',
  'biz.contact.choose',
  'biz.chat.openSingleChat',
  'biz.util.uploadAttachment',
  'biz.cspace.preview',
  'biz.ding.create',
]);

/** The DingTalk client's end of its bridge: names as dingtalk-jsapi calls them on a phone. */
export function dingtalkBridge(stage: Stage) {
  /** Frame, address → what it may call. */
  const configured = new Map<string, Set<string>>();

  function invoke(call: DingtalkBridgeCall): DingtalkBridgeReply {
    const key = `${call.frame} ${call.url.split('#')[0]}`;
    if (call.name === 'runtime.permission.requestJsApis') return configure(call, key);
    if (guarded.has(call.name) && !configured.get(key)?.has(call.name)) {
      return failed('7', `Code:52014 - Message: 没有调用 ${call.name} 的权限`);
    }
    return answer(stage, call);
  }

  function configure(call: DingtalkBridgeCall, key: string): DingtalkBridgeReply {
    const { app } = stage.world.dingtalk;
    const words = (name: string) => String(call.params[name] ?? '');
    if (words('corpId') !== app.corpId) return failed(3, 'Code:52013 - Message: jsapi ticket读取失败');
    if (words('agentId') !== app.agentId) return failed(3, 'Code:52019 - Message: invalid agent_id');
    const page = {
      url: call.url,
      nonce: words('nonceStr'),
      timestamp: words('timeStamp'),
      signature: words('signature'),
    };
    if (!isSigned(stage, page)) {
      const seen = `nonce:[${page.nonce}],timestamp:[${page.timestamp}],url:[${page.url.split('#')[0]}]`;
      return failed(3, `Code:52013 - Message: 签名校验失败,${seen}`);
    }
    const list = Array.isArray(call.params['jsApiList']) ? call.params['jsApiList'].map(String) : [];
    configured.set(key, new Set(list));
    for (const oldest of configured.keys()) if (configured.size > framesMax) configured.delete(oldest);
    return done({});
  }

  return (call: DingtalkBridgeCall): DingtalkBridgeReply => {
    const startedAt = performance.now();
    const fault = meetFault(stage, call.name);
    const said = fault ? failure(fault) : invoke(call);
    const ms = Math.round(performance.now() - startedAt);
    const code = said.question ? 'asks' : said.reply ? String(said.reply['errorCode']) : 'timeout';
    stage.log({ kind: 'bridge', name: `dingtalk ${call.name}`, code, ms, detail: briefly(call.params) });
    return said;
  };
}

const done = (result: unknown, effect: DingtalkEffect | null = null): DingtalkBridgeReply => ({
  reply: { errorCode: '0', result },
  effect,
  question: null,
});
const failed = (errorCode: string | number, errorMessage: string): DingtalkBridgeReply => ({
  reply: { errorCode, errorMessage, message: errorMessage },
  effect: null,
  question: null,
});
const asks = (question: DingtalkQuestion): DingtalkBridgeReply => ({ ...noReply, question });

function answer(stage: Stage, call: DingtalkBridgeCall): DingtalkBridgeReply {
  const { params } = call;
  const { dingtalk } = stage.world;
  const words = (name: string) => (params[name] === undefined || params[name] === null ? '' : String(params[name]));
  const list = (name: string) => (Array.isArray(params[name]) ? params[name].map(String) : []);
  switch (call.name) {
    case 'runtime.permission.requestAuthCodeV2':
    case 'runtime.permission.requestAuthCode': {
      if (words('corpId') !== dingtalk.app.corpId) return failed('3', '不合法的corpId');
      const isV2 = call.name.endsWith('V2');
      if (isV2 && words('clientId') !== dingtalk.app.clientId) return failed('3', '不合法的clientId');
      const user = activeUser(dingtalk, call.user);
      return user ? done({ code: dingtalkLoginCode(stage, user.userid, 'client') }) : failed('3', '用户不在企业内');
    }
    case 'biz.util.openLink':
    case 'biz.util.open':
      return done({}, { kind: 'open_link', url: words('url') });
    case 'biz.navigation.close':
      return done({}, { kind: 'close' });
    case 'biz.navigation.goBack':
      return done({}, { kind: 'go_back' });
    case 'biz.navigation.setTitle':
      return done({}, { kind: 'title', title: words('title') });
    case 'device.notification.toast': {
      const text = words('content') || words('text');
      return done(
        {},
        { kind: 'toast', text, icon: words('icon') || words('type'), durationS: Number(params['duration']) || 3 },
      );
    }
    case 'device.notification.showPreloader':
      return done({}, { kind: 'loading', text: words('text') || words('content') });
    case 'device.notification.hidePreloader':
      return done({}, { kind: 'loading', text: null });
    case 'biz.chat.openSingleChat': {
      const user = words('userId') || words('users');
      if (!activeUser(dingtalk, user)) return failed('3', '用户不存在');
      return done({}, { kind: 'open_chat', user });
    }
    case 'device.notification.alert':
      return asks({
        kind: 'alert',
        title: words('title'),
        text: words('message') || words('content'),
        button: words('buttonName') || words('buttonText') || '确定',
      });
    case 'device.notification.confirm':
      return asks({
        kind: 'confirm',
        title: words('title'),
        text: words('message') || words('content'),
        buttons: buttonsIn(params),
      });
    case 'device.notification.prompt':
      return asks({
        kind: 'prompt',
        title: words('title'),
        text: words('message'),
        value: words('defaultText'),
        buttons: buttonsIn(params),
      });
    case 'biz.contact.complexPicker':
    case 'biz.contact.choose':
      return asks({
        kind: 'people',
        title: words('title'),
        multiple: params['multiple'] === true,
        max: Number(params['maxUsers'] ?? params['max']) || 1000,
        picked: list('pickedUsers'),
        disabled: list('disabledUsers'),
      });
    case 'biz.calendar.chooseDateTime':
      return asks({ kind: 'date_time', value: Number(params['default']) || stage.now() });
    case 'runtime.info':
    case 'biz.clipboardData.setData':
    case 'util.domainStorage.setItem':
    case 'util.domainStorage.removeItem':
      return done({});
    case 'util.domainStorage.getItem':
      return done({ value: null });
    default:
      return failed('1', `${call.name} is not implemented`);
  }
}

function buttonsIn(params: Record<string, unknown>): string[] {
  if (Array.isArray(params['buttonLabels'])) return params['buttonLabels'].map(String);
  return [String(params['cancelButtonText'] ?? '取消'), String(params['confirmButtonText'] ?? '确定')];
}

type BridgeFault = DingtalkFaults['bridge'][string]['kind'];

function meetFault(stage: Stage, name: string): BridgeFault | null {
  const { faults } = stage.world.dingtalk;
  const kind = meetBridgeFault(faults.bridge, name);
  if (kind === null) return null;
  stage.changed();
  stage.tell({ type: 'dingtalk', part: 'faults', user: null });
  return kind;
}

function failure(kind: BridgeFault): DingtalkBridgeReply {
  switch (kind) {
    case 'fail':
      return failed('3', '系统错误');
    case 'cancel':
      return failed('-1', 'cancel');
    case 'invalid_signature':
      return failed(3, 'Code:52013 - Message: 签名校验失败');
    case 'timeout':
      return noReply;
  }
}

/** Parameters without what proves who is asking. */
function briefly(params: Record<string, unknown>): string {
  const shown = Object.entries(params).filter(
    ([key]) => !/signature|nonceStr|timeStamp|^on[A-Z]|success|fail/i.test(key),
  );
  return JSON.stringify(Object.fromEntries(shown)).slice(0, 300);
}
