import { z } from 'zod';

/** A page in the sandbox's frame talks to the page around it in these; both ends check the origin. */
export const frameMessage = z.discriminatedUnion('type', [
  /** From the frame: WeixinJSBridge.invoke(name, params), or WebViewJavascriptBridge.callHandler in DingTalk's. Answer it with `bridge.reply` of the same id. */
  z.object({
    v: z.literal(1),
    id: z.string(),
    type: z.literal('bridge.call'),
    payload: z.object({
      frame: z.string(),
      name: z.string(),
      params: z.record(z.string(), z.unknown()),
      url: z.string(),
    }),
  }),
  /** To the frame: hand `payload` over as BridgeReply.reply came. Send nothing when BridgeReply.reply is null (a timeout). */
  z.object({
    v: z.literal(1),
    id: z.string(),
    type: z.literal('bridge.reply'),
    payload: z.record(z.string(), z.unknown()),
  }),
  /** To the frame: an event it asked for by WeixinJSBridge.on(name). */
  z.object({
    v: z.literal(1),
    id: z.string(),
    type: z.literal('bridge.event'),
    payload: z.object({ name: z.string(), data: z.record(z.string(), z.unknown()) }),
  }),
  /** To the frame: the client's machine lost its network, or has it again. */
  z.object({
    v: z.literal(1),
    id: z.string(),
    type: z.literal('client.network'),
    payload: z.object({ isOnline: z.boolean() }),
  }),
]);
export type FrameMessage = z.infer<typeof frameMessage>;

export const entry = z.enum(['single_chat_tools', 'group_chat_tools', 'contact_profile', 'chat_attachment', 'normal']);
export type Entry = z.infer<typeof entry>;

export const signatureCheck = z.object({
  ticket: z.enum(['agent', 'corp']),
  corpId: z.string(),
  agentId: z.string().optional(),
  /** Whole address of the page; the part after # does not count. */
  url: z.string(),
  timestamp: z.string(),
  nonceStr: z.string(),
  signature: z.string(),
});
export type SignatureCheck = z.infer<typeof signatureCheck>;
export const signatureVerdict = z.object({
  ok: z.boolean(),
  /** '' or as the client says it: 'invalid signature', 'invalid url domain' … */
  reason: z.string(),
});
export type SignatureVerdict = z.infer<typeof signatureVerdict>;

export const bridgeCall = z.object({
  /** As the frame sent them. */
  frame: z.string(),
  name: z.string(),
  params: z.record(z.string(), z.unknown()),
  url: z.string(),
  /** Where the page around the frame put it. */
  context: z.object({ entry, member: z.string(), contact: z.string().nullable() }),
});
export type BridgeCall = z.infer<typeof bridgeCall>;
export const bridgeReply = z.object({
  /** Null: the client never answers. */
  reply: z.record(z.string(), z.unknown()).nullable(),
});
export type BridgeReply = z.infer<typeof bridgeReply>;
