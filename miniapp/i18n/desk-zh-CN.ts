/** What the desk's newer screens say, beside zh-CN.ts and inbox-zh-CN.ts. */
export const deskZhCN = {} as const;
