import { clientAgent } from './client-proxy.ts';

export const clientScript = (theme: 'light' | 'dark'): string =>
  frameScript(
    clientAgent(theme),
    `
  window.WeixinJSBridge = { invoke: call, on: listen };
  document.dispatchEvent(new Event('WeixinJSBridgeReady'));`,
  );

/**
 * What a client's webview puts into a page before the page's own scripts: its name, and the bridge. The window around
 * the frame plays the client; it answers by postMessage (frame-api.ts, FrameMessage). Runs in old engines too. `bridge`
 * gives the client's own names to `call(name, params, callback)` and `listen(name, listener)`.
 */
export const frameScript = (agent: string, bridge: string): string => `(function () {
  'use strict';
  if (window.parent === window) return;
  var agent = ${JSON.stringify(agent)};
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
    } else if (message.type === 'client.network') {
      setNetwork(message.payload.isOnline);
    }
  });

  var isOnline = true;
  var streams = [];
  var realFetch = window.fetch;
  var RealEventSource = window.EventSource;
  Object.defineProperty(window.navigator, 'onLine', { get: function () { return isOnline; }, configurable: true });

  window.fetch = function () {
    if (!isOnline) return Promise.reject(new TypeError('Failed to fetch'));
    return realFetch.apply(window, arguments);
  };

  if (RealEventSource) {
    window.EventSource = function (url, options) {
      var stream = new RealEventSource(url, options);
      streams.push(stream);
      if (!isOnline) cut(stream);
      return stream;
    };
    window.EventSource.prototype = RealEventSource.prototype;
    ['CONNECTING', 'OPEN', 'CLOSED'].forEach(function (state, value) { window.EventSource[state] = value; });
  }

  function cut(stream) {
    stream.close();
    setTimeout(function () { stream.dispatchEvent(new Event('error')); });
  }

  function setNetwork(online) {
    if (online === isOnline) return;
    isOnline = online;
    if (!online) streams.splice(0).forEach(cut);
    window.dispatchEvent(new Event(online ? 'online' : 'offline'));
  }

  function call(name, params, callback) {
    var id = frame + ':' + (count += 1);
    if (typeof callback === 'function') waiting[id] = callback;
    var sent = JSON.parse(JSON.stringify(params || {}));
    window.parent.postMessage(
      { v: 1, id: id, type: 'bridge.call', payload: { frame: frame, name: name, params: sent, url: window.location.href } },
      origin,
    );
  }

  function listen(name, listener) {
    (listeners[name] = listeners[name] || []).push(listener);
  }
${bridge}
})();
`;
