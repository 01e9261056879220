import { shanghaiTime } from '#server/base/shanghai.ts';

export function remindTaskText(
  locale: string,
  { by, title, who, dueAt }: { by: string; title: string; who: string; dueAt: Date },
): string {
  const lines = locale.startsWith('en')
    ? [`${by} reminds you of an overdue follow-up: ${title}`, who && `Customer: ${who}`, `Due: ${shanghaiTime(dueAt)}`]
    : [`${by}提醒你有一条逾期的跟进：${title}`, who && `客户：${who}`, `到期：${shanghaiTime(dueAt)}`];
  return lines.filter(Boolean).join('\n');
}

export function remindCustomerText(
  locale: string,
  about: { by: string; name: string; grade: string | null; days: number; daysMax: number },
): string {
  const { by, name, grade, days, daysMax } = about;
  if (locale.startsWith('en')) {
    const kind = grade ? `grade ${grade}` : 'no grade yet';
    return `${by} reminds you of a customer: ${name}\nNo contact for ${days} days (${kind}: every ${daysMax} days)`;
  }
  const kind = grade ? `${grade} 级客户` : '未评级客户';
  return `${by}提醒你联系客户：${name}\n已 ${days} 天没有联系（${kind}应每 ${daysMax} 天联系一次）`;
}
