import { z } from 'zod';

/** Fields as platforms send them: left out, null or empty for "none", numbers at times as text and the other way round. */
export const text = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform((value) => value || null);

export const number = z.coerce.number().catch(0);

export const listOf = <Item>(item: z.ZodType<Item>) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

/** Ids of departments and the like are numbers there and keys here. */
export const key = z.union([z.string().min(1), z.number().transform(String)]);

export const flag = z
  .union([z.boolean(), z.stringFormat('flag', /^(true|false)$/).transform((value) => value === 'true')])
  .nullish()
  .transform((value) => value ?? false);

export const seconds = number.transform((value) => (value > 0 ? new Date(value * 1000) : null));
