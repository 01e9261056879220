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
