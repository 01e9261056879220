const isEnglish = (locale: string): boolean => locale.startsWith('en');

export function finishedText(locale: string, name: string, delivered: number, missed: number): string {
  if (isEnglish(locale)) {
    return `Broadcast “${name}” finished\n${delivered} delivered${missed > 0 ? `, ${missed} not: look at why` : ''}`;
  }
  return `群发「${name}」已结束\n已送达 ${delivered} 人${missed > 0 ? `，${missed} 人未送达，请查看原因` : ''}`;
}

export function refusedText(locale: string, name: string, error: string): string {
  return isEnglish(locale)
    ? `Part of broadcast “${name}” was not sent\n${error}`
    : `群发「${name}」有一部分未能发出\n${error}`;
}

/** Of somebody who opted out after their member was asked: the owner reads no name, who may be outside what they see. */
export function lateOptOutText(
  locale: string,
  { broadcast, contact, isOwner }: { broadcast: string; contact: string; isOwner: boolean },
): string {
  if (isOwner)
    return isEnglish(locale)
      ? `Somebody who is to get “${broadcast}” unsubscribed before their member confirmed. The member was told. One person cannot be taken out: you can cancel what was not confirmed yet`
      : `群发「${broadcast}」有人在员工确认前退订，已提醒该员工。平台不能单独移出一人：如有需要，可取消尚未确认的部分`;
  return isEnglish(locale)
    ? `${contact} unsubscribed and is still in “${broadcast}”, which you have not confirmed yet. Do not confirm it before you have spoken with whoever planned it`
    : `${contact} 已退订，但仍在您尚未确认的群发「${broadcast}」里。请先与发起人商量，再决定是否确认发送`;
}
