export type QuickTime = 'today' | 'tomorrow' | 'next_monday';

const END_OF_DAY_HOUR = 18;
const START_OF_DAY_HOUR = 10;

/** The moment a chip stands for, in the reader's calendar. Late in the day "today" is in an hour. */
export function quickTime(chip: QuickTime, now: Date): Date {
  switch (chip) {
    case 'today': {
      const evening = at(now, 0, END_OF_DAY_HOUR);
      const inAnHour = new Date(now.getTime() + 3_600_000);
      inAnHour.setSeconds(0, 0);
      return evening.getTime() - now.getTime() > 1_800_000 ? evening : inAnHour;
    }
    case 'tomorrow':
      return at(now, 1, START_OF_DAY_HOUR);
    case 'next_monday':
      return at(now, (8 - now.getDay()) % 7 || 7, START_OF_DAY_HOUR);
  }
}

function at(now: Date, days: number, hour: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
}

/** What `<input type="datetime-local">` speaks: local, without a zone. */
export function toLocalInput(moment: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join('-');
  return `${day}T${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

export function fromLocalInput(text: string): Date | null {
  const moment = new Date(text);
  return text && !Number.isNaN(moment.getTime()) ? moment : null;
}
