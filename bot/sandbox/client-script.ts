import { clientAgent } from './client-proxy.ts';

/**
 * What the client's webview puts into a page before the page's own scripts: its name, and the bridge. The window around
 * the frame plays the client; it answers by postMessage (sandbox-api.ts, FrameMessage). Runs in old engines too.
 */
export const clientScript = (theme: 'light' | 'dark'): string => `(function () {
  'use strict';
  if (window.parent === window) return;
  var agent = ${JSON.stringify(clientAgent(theme))};
  Object.defineProperty(window.navigator, 'userAgent', { get: function () { return agent; }, configurable: true });

  var origin = window.location.origin;
  var frame = Math.random().toString(36).slice(2) + Date.now().toString(36);
  var count = 0;
  var waiting = {};
  var listeners = {};

  window.addEventListener('message', function (event) {
    var message = event.data;
    if (event.origin !== origin || event.source !== window.parent || !message || message.v !== 1) return;
    if (message.type === 'bridge.reply') {
      var callback = waiting[message.id];
      delete waiting[message.id];
      if (callback) callback(message.payload);
    } else if (message.type === 'bridge.event') {
      (listeners[message.payload.name] || []).forEach(function (listener) { listener(message.payload.data); });
    }
  });

  window.WeixinJSBridge = {
    invoke: function (name, params, callback) {
      var id = frame + ':' + (count += 1);
      if (typeof callback === 'function') waiting[id] = callback;
      var sent = JSON.parse(JSON.stringify(params || {}));
      window.parent.postMessage(
        { v: 1, id: id, type: 'bridge.call', payload: { frame: frame, name: name, params: sent, url: window.location.href } },
        origin,
      );
    },
    on: function (name, listener) {
      (listeners[name] = listeners[name] || []).push(listener);
    },
  };
  document.dispatchEvent(new Event('WeixinJSBridgeReady'));
})();
`;
