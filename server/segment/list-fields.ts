import type { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { bindingRoles } from '#server/binding/binding-api.ts';
import { customerGrades, customerKinds, customerStages } from '#server/customer/customer-api.ts';
import { listFields as listCustomFields } from '#server/customer/custom-field-store.ts';
import {
  listAddWays,
  listBroadcastOptions,
  listChannelOptions,
  listListOptions,
  listMemberOptions,
  listSources,
  listTagOptions,
  type Option,
} from './option-store.ts';
import { segmentFields, type fieldView, type SegmentField } from './segment-api.ts';
import { contactTypes, genders } from './segment.ts';

type FieldView = z.infer<typeof fieldView>;

const plain = (values: readonly (string | number)[]): Option[] =>
  values.map((value) => ({ value, label: String(value) }));

/** Everything a rule can ask about here and now. Regions and industries are too many to list: they have routes. */
export async function listFields(deps: Deps): Promise<FieldView[]> {
  const { db } = deps;
  const [custom, tags, members, channels, broadcasts, lists, sources, addWays] = await Promise.all([
    listCustomFields(db),
    listTagOptions(db),
    listMemberOptions(db),
    listChannelOptions(db),
    listBroadcastOptions(db),
    listListOptions(db),
    listSources(db),
    listAddWays(db),
  ]);
  const options: Partial<Record<SegmentField, Option[]>> = {
    'contact.type': plain(contactTypes),
    'contact.gender': plain(genders),
    'follow.member': members,
    'follow.add_way': addWays,
    'follow.channel': channels,
    'follow.tag': tags,
    'binding.role': plain(bindingRoles),
    'customer.kind': plain(customerKinds),
    'customer.stage': plain(customerStages),
    'customer.grade': plain(customerGrades),
    'customer.source': sources,
    'customer.owner': members,
    'broadcast.received': broadcasts,
    'broadcast.replied': broadcasts,
    'list.member': lists,
  };
  return [
    ...(Object.keys(segmentFields) as SegmentField[]).map((field) => ({
      field,
      type: segmentFields[field],
      label: null,
      options: options[field] ?? null,
    })),
    ...custom.map(({ key, type, label, options: values }) => ({
      field: `custom.${key}`,
      type,
      label,
      options: type === 'choice' ? plain(values) : null,
    })),
  ];
}
