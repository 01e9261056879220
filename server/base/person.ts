import { z } from 'zod';

/** A member, a customer or a contact, by name. */
export const person = z.object({ id: z.uuid(), name: z.string() });
