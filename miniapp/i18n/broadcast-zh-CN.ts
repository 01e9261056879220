/** What the desk’s screens of broadcasts say. */
export const broadcastZhCN = {} as const;
