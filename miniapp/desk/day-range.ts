import { computed, reactive } from 'vue';

const DAYS_MAX = 366;
const DAY_MS = 86_400_000;

const two = (value: number): string => String(value).padStart(2, '0');
const dayOf = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
function daysAgo(days: number): string {
  const at = new Date();
  at.setDate(at.getDate() - days);
  return dayOf(at);
}

/** The days a page is about, both ends included: the last so many, or one's own; 366 at most. */
export function useDayRange() {
  const chosen = reactive<{ preset: number | 'own'; from: string; to: string }>({
    preset: 30,
    from: daysAgo(29),
    to: daysAgo(0),
  });
  const from = computed(() => (chosen.preset === 'own' ? chosen.from : daysAgo(chosen.preset - 1)));
  const to = computed(() => (chosen.preset === 'own' ? chosen.to : daysAgo(0)));
  const count = computed(() => (Date.parse(to.value) - Date.parse(from.value)) / DAY_MS + 1);
  const isWrong = computed(() => !(count.value >= 1 && count.value <= DAYS_MAX));
  return {
    chosen,
    from,
    to,
    isWrong,
    /** Each of them, oldest first. */
    days: computed(() =>
      isWrong.value
        ? []
        : Array.from({ length: count.value }, (_, index) =>
            new Date(Date.parse(from.value) + index * DAY_MS).toISOString().slice(0, 10),
          ),
    ),
  };
}
