import type { deskZhCN } from './desk-zh-CN.ts';
import type { Translated } from './i18n.ts';

export const deskEn: Translated<typeof deskZhCN> = {};
