import type { DingtalkUser, DingtalkWorld } from './dingtalk-world.ts';
import type { Stage } from './stage.ts';

/** The new host's refusal: an HTTP status and a code. */
export class DingtalkRefusal extends Error {
  override readonly name = 'DingtalkRefusal';
  readonly status: number;
  readonly code: string;
  readonly more: Record<string, unknown>;

  constructor(code: string, message: string, status = 400, more: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.more = more;
  }
}

/** The old host's: HTTP is 200, errcode is not 0. */
export class DingtalkErrcode extends Error {
  override readonly name = 'DingtalkErrcode';
  readonly errcode: number;
  readonly sub: { sub_code: string; sub_msg: string } | null;

  constructor(errcode: number, message: string, sub: DingtalkErrcode['sub'] = null) {
    super(message);
    this.errcode = errcode;
    this.sub = sub;
  }
}

export interface DingtalkCall {
  stage: Stage;
  world: DingtalkWorld;
  query: URLSearchParams;
  body: Record<string, unknown>;
  token: string;
  /** What stands for {…} in the path. */
  path: string[];
}

export interface DingtalkRule {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Whether a token is needed. */
  open?: true;
  /** Whether it answers in XML unless JSON is asked for. */
  xml?: true;
  /** For the new host with {…} for what changes; for the old one as it is. */
  path: string;
  answer(call: DingtalkCall): Record<string, unknown>;
}

/** Says what is wrong with a value in the host's own way. */
export type Refuse = (what: string) => Error;

export const paramRefused =
  (code: string): Refuse =>
  (what) =>
    new DingtalkRefusal(code, what);
/** K02: 40035 stands for any parameter that is missing or of the wrong kind. */
export const oldParam: Refuse = (what) => new DingtalkErrcode(40035, `不合法的参数:${what}`);

export function text(body: Record<string, unknown>, key: string, refuse: Refuse, max = 65_535): string {
  const value = body[key];
  if (value === undefined || value === null || value === '') throw refuse(`${key} is blank`);
  if (typeof value !== 'string' && typeof value !== 'number') throw refuse(`${key} is not a string`);
  if (String(value).length > max) throw refuse(`${key} is oversize`);
  return String(value);
}

export function textOr<Default>(
  body: Record<string, unknown>,
  key: string,
  standard: Default,
  refuse: Refuse,
  max = 65_535,
) {
  const value = body[key];
  return value === undefined || value === null || value === '' ? standard : text(body, key, refuse, max);
}

export function texts(body: Record<string, unknown>, key: string, refuse: Refuse, max = 1000): string[] {
  const value = body[key] ?? [];
  if (!Array.isArray(value)) throw refuse(`${key} is not a list`);
  if (value.some((one) => typeof one !== 'string' && typeof one !== 'number'))
    throw refuse(`${key} is not a list of strings`);
  if (value.length > max) throw refuse(`${key} is oversize`);
  return value.map(String);
}

export function record(value: unknown, key: string, refuse: Refuse): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(`${key} is not an object`);
  return value as Record<string, unknown>;
}

export function rows(value: unknown, key: string, refuse: Refuse): Record<string, unknown>[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refuse(`${key} is not a list`);
  return value.map((one) => record(one, key, refuse));
}

export function numberOr(body: Record<string, unknown>, key: string, standard: number, refuse: Refuse): number {
  const value = body[key];
  if (value === undefined || value === null || value === '') return standard;
  const number = Number(value);
  if (!Number.isFinite(number)) throw refuse(`${key} is not a number`);
  return number;
}

export function activeUser(world: DingtalkWorld, userid: string): DingtalkUser | null {
  const user = world.users[userid];
  return user?.active ? user : null;
}

export const activeUsers = (world: DingtalkWorld): DingtalkUser[] =>
  Object.values(world.users).filter((user) => user.active);

export const nameOf = (world: DingtalkWorld, userid: string): string => world.users[userid]?.name ?? userid;
