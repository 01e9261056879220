import { z } from 'zod';
import type { Role } from './caller.ts';

type Schema = z.ZodType;

/**
 * One HTTP route as both sides know it: the server parses by it, OpenAPI is written from it, the miniapp takes its types.
 * `path` in Koa's notation (`/api/tasks/:id`). Without `roles` any member may ask; which paths
 * need no login is said in app.ts.
 */
export interface Endpoint<
  Params extends Schema = Schema,
  Query extends Schema = Schema,
  Body extends Schema = Schema,
  Answer extends Schema = Schema,
> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  summary: string;
  roles?: readonly Role[];
  params?: Params;
  query?: Query;
  body?: Body;
  answer: Answer;
  /** 200 unless said otherwise. */
  status?: number;
}

/** `:id` of a path. */
export const byId = z.object({ id: z.uuid() });

export function endpoint<
  Params extends Schema = z.ZodUndefined,
  Query extends Schema = z.ZodUndefined,
  Body extends Schema = z.ZodUndefined,
  Answer extends Schema = Schema,
>(definition: Endpoint<Params, Query, Body, Answer>): Endpoint<Params, Query, Body, Answer> {
  return definition;
}
