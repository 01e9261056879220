import { useQuery } from '@tanstack/vue-query';
import { computed, reactive, type Ref } from 'vue';
import { api } from '#miniapp/api/api.ts';
import { session } from '#miniapp/api/session.ts';
import { valueWord, type FieldView } from './segment-words.ts';

export interface Option {
  value: string | number;
  label: string;
  about?: string;
}

/** What values are called, as far as this page has met them. */
const met = reactive(new Map<string, string>());
const metKey = (field: string, value: string | number) => `${field} ${value}`;

export function labelOf(field: string, value: string | number): string {
  return valueWord(field, value) ?? met.get(metKey(field, value)) ?? String(value);
}
export const isMet = (field: string, value: string | number): boolean =>
  valueWord(field, value) !== null || met.has(metKey(field, value));

export function meet(field: string, options: readonly Option[]): void {
  for (const { value, label } of options) met.set(metKey(field, value), label);
}

export function meetFields(fields: readonly FieldView[]): void {
  for (const { field, options } of fields) if (options) meet(field, options);
}

const memberFields = new Set(['follow.member', 'customer.owner']);
const broadcastFields = new Set(['broadcast.received', 'broadcast.replied']);

/** Asked of the server as is typed; null: the values are listed with the field. */
type Source = (search: string) => Promise<Option[]>;
function sourceOf(field: string): Source | null {
  if (memberFields.has(field)) {
    return async (search) =>
      (await api.members({ query: search ? { search } : {} })).items.map(({ id, name, departments }) => ({
        value: id,
        label: name,
        about: departments.map((one) => one.name).join(' · '),
      }));
  }
  if (broadcastFields.has(field)) {
    return async (search) =>
      (await api.broadcasts({ query: { limit: 50, ...(search ? { search } : {}) } })).items.map(({ id, name }) => ({
        value: id,
        label: name,
      }));
  }
  switch (field) {
    case 'customer.region':
    case 'customer.industry': {
      const ask = field === 'customer.region' ? api.regions : api.industries;
      return async (search) =>
        (await ask({ query: { search } })).items.map(({ code, name }) => ({ value: code, label: name, about: code }));
    }
    case 'follow.tag':
      return async (search) =>
        (await api.tags({ query: { platform: session.me?.platform ?? '' } })).groups
          .flatMap((group) => group.tags)
          .filter(({ name, group }) => `${group} ${name}`.includes(search))
          .map(({ id, name, group }) => ({ value: id, label: name, about: group }));
    case 'list.member':
      return async (search) =>
        (await api.contactLists()).items
          .filter(({ name }) => name.includes(search))
          .map(({ id, name }) => ({ value: id, label: name }));
    default:
      return null;
  }
}

export function useOptions(field: Ref<FieldView | undefined>, search: Ref<string>) {
  const source = computed(() => (field.value && !field.value.options ? sourceOf(field.value.field) : null));
  const query = useQuery({
    queryKey: computed(() => ['options', field.value?.field, search.value]),
    queryFn: async () => {
      const options = (await source.value?.(search.value)) ?? [];
      if (field.value) meet(field.value.field, options);
      return options;
    },
    enabled: computed(() => source.value !== null),
    staleTime: 60_000,
    meta: { onlyAsked: true },
  });
  const options = computed((): Option[] => {
    const { field: name = '', options: listed = null } = field.value ?? {};
    if (!listed) return query.data.value ?? [];
    const sought = search.value.toLowerCase();
    return listed
      .map(({ value, label }) => ({ value, label: valueWord(name, value) ?? label }))
      .filter(({ label }) => label.toLowerCase().includes(sought));
  });
  return { options, query, isListed: computed(() => source.value === null) };
}

/** Learns what chosen values are called that no list has shown yet: the codes of a kept rule. */
export async function meetValues(field: FieldView, values: readonly (string | number)[]): Promise<void> {
  const source = field.options ? null : sourceOf(field.field);
  const unmet = values.filter((value) => !isMet(field.field, value));
  if (!source || unmet.length === 0) return;
  const isCode = field.field === 'customer.region' || field.field === 'customer.industry';
  const asked = isCode ? unmet.map(String) : [''];
  const answers = await Promise.all(asked.map((search) => source(search).catch(() => [])));
  meet(field.field, answers.flat());
}
