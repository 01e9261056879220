import type { broadcastZhCN } from './broadcast-zh-CN.ts';
import type { Translated } from './i18n.ts';

export const broadcastEn: Translated<typeof broadcastZhCN> = {};
