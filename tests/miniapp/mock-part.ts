import type { Endpoint } from '#server/base/endpoint.ts';

/** What the parts of the mock product are made of. */
export interface Asked {
  params: Record<string, string>;
  query: Record<string, string>;
  body: Record<string, unknown>;
}

export interface Refused {
  status: number;
  code: string;
  detail?: Record<string, unknown>;
}

/** Thrown by a deed that refuses. */
export class Refusing extends Error {
  readonly how: Refused;
  constructor(how: Refused) {
    super(how.code);
    this.how = how;
  }
}

export interface Route {
  endpoint: Endpoint;
  deed: (asked: Asked) => unknown;
}

export const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const rep = { id: id(1), name: '王磊' };
export const manager = { id: id(2), name: '李经理' };
export const director = { id: id(3), name: '赵总监' };
