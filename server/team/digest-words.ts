import type { Digest, Some } from './digest.ts';

const NAME_LENGTH_MAX = 24;

/** The digest in the member's language; parts with nothing in them are left out. */
export function digestText(locale: string, name: string, digest: Digest): string {
  const isEnglish = locale.startsWith('en');
  const { overdue, today, promises, silent, team, approvals } = digest;
  const lines = isEnglish
    ? [
        `Good morning ${name}, today’s follow-ups:`,
        line('Overdue', overdue, isEnglish),
        line('Due today', today, isEnglish),
        line('Promised', promises, isEnglish),
        line('No contact for too long', silent, isEnglish),
        approvals > 0 && `Approvals waiting for you: ${approvals}`,
        team && team.overdue > 0 && line('Overdue in your team', team.byMember, isEnglish, team.overdue),
      ]
    : [
        `${name}，早上好。今天的跟进：`,
        line('逾期', overdue, isEnglish),
        line('今天到期', today, isEnglish),
        line('答应过', promises, isEnglish),
        line('久未联系', silent, isEnglish),
        approvals > 0 && `待你审批 ${approvals} 项`,
        team && team.overdue > 0 && line('团队逾期', team.byMember, isEnglish, team.overdue),
      ];
  return lines.filter(Boolean).join('\n');
}

function line(label: string, { total, names }: Some, isEnglish: boolean, count = total): string {
  if (total === 0) return '';
  const shown = names.map(shortened);
  const rest = total > names.length && names.length > 0 ? (isEnglish ? ' …' : '等') : '';
  return isEnglish
    ? `${label} (${count}): ${shown.join('; ')}${rest}`
    : `${label} ${count} 条：${shown.join('；')}${rest}`;
}

function shortened(name: string): string {
  const letters = [...name.replace(/\s+/g, ' ').trim()];
  return letters.length > NAME_LENGTH_MAX ? `${letters.slice(0, NAME_LENGTH_MAX - 1).join('')}…` : letters.join('');
}
