import { t, type MessageKey } from '#miniapp/i18n/i18n.ts';

const keys: Partial<Record<string, MessageKey>> = {
  name: 'field.name',
  stage: 'stage.label',
  grade: 'field.grade',
  regionCode: 'field.region',
  industryCode: 'field.industry',
  source: 'field.source',
  ownerId: 'field.owner',
  phone: 'field.phone',
  website: 'field.website',
  address: 'field.address',
};

/** A field as people call it; one of the company's own keeps its key. */
export function fieldWord(field: string): string {
  const key = keys[field];
  return key ? (t as (key: MessageKey) => string)(key) : field.replace(/^custom\./, '');
}
