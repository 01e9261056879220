import type { Line } from './usage.ts';

/** That a line is crossed, and what that changes, in the admin's language. */
export function budgetText(
  locale: string,
  line: Exclude<Line, 'below'>,
  { spentYuan, softYuan, hardYuan }: { spentYuan: number; softYuan: number | null; hardYuan: number },
): string {
  const [spent, soft, hard] = [spentYuan, softYuan ?? hardYuan, hardYuan].map((yuan) => `¥${yuan.toFixed(2)}`);
  const isEnglish = locale.startsWith('en');
  switch (line) {
    case 'soft':
      return isEnglish
        ? `The model has cost ${spent} today, above the soft line of ${soft}. Until midnight, and up to ${hard}, it is only asked where somebody waits; summaries follow tomorrow.`
        : `今天模型费用 ${spent}，已过软线 ${soft}。到 ${hard} 之前只回答有人在等的问题，自动摘要明天零点恢复。`;
    case 'hard':
      return isEnglish
        ? `The model has cost ${spent} today, the budget of ${hard}. It is not asked again until midnight; the last summaries and the scores stay on screen.`
        : `今天模型费用 ${spent}，已到硬线 ${hard}。明天零点前不再调用模型，已有摘要和评分照常显示。`;
  }
}
