import { z } from 'zod';
import type { Route } from './http.ts';

/** An answer that goes on: server-sent events, the data of each of one shape. */
export interface Stream {
  path: string;
  summary: string;
  query: z.ZodType;
  event: z.ZodType;
}

/** The OpenAPI 3.1 document of these routes and streams, from the same contracts that parse them. */
export function openApiDocument(
  { routes, streams }: { routes: readonly Route[]; streams: readonly Stream[] },
  publicUrl: string,
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { endpoint } of routes) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][endpoint.method.toLowerCase()] = {
      summary: endpoint.summary,
      ...(endpoint.roles ? { 'x-roles': endpoint.roles } : {}),
      parameters: [...parameters('path', endpoint.params), ...parameters('query', endpoint.query)],
      ...(endpoint.body ? { requestBody: { required: true, content: json(endpoint.body, 'input') } } : {}),
      responses: {
        [endpoint.status ?? 200]: { description: 'Done', content: json(endpoint.answer, 'output') },
        default: refused,
      },
    };
  }
  for (const { path, summary, query, event } of streams) {
    const events = { 'text/event-stream': { schema: { type: 'string', contentSchema: schemaOf(event, 'output') } } };
    const responses = { 200: { description: 'Events, for as long as it is read', content: events }, default: refused };
    paths[path] = { get: { summary, parameters: parameters('query', query), responses } };
  }
  return { openapi: '3.1.0', info: { title: 'Zhike', version: '1' }, servers: [{ url: publicUrl }], paths };
}

const errorSchema = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { code: { type: 'string' }, message: { type: 'string' }, requestId: { type: 'string' } },
      required: ['code', 'message', 'requestId'],
    },
  },
  required: ['error'],
};
const refused = { description: 'Refused', content: { 'application/json': { schema: errorSchema } } };

const schemaOf = (schema: z.ZodType, io: 'input' | 'output') => z.toJSONSchema(schema, { io, unrepresentable: 'any' });
const json = (schema: z.ZodType, io: 'input' | 'output') => ({ 'application/json': { schema: schemaOf(schema, io) } });

function parameters(place: 'path' | 'query', schema: z.ZodType | undefined): unknown[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}
