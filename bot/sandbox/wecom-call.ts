import type { Follow, Member, Stage } from './stage.ts';
import { followOf, isReadable } from './stage.ts';

/** An errcode other than 0. The texts are the sandbox's: the platform's are not stable (D90313). */
export class Errcode extends Error {
  override readonly name = 'Errcode';
  readonly errcode: number;

  constructor(errcode: number, message: string) {
    super(message);
    this.errcode = errcode;
  }
}

export type TokenKind = 'app' | 'archive' | 'contact_sync';

export interface Call {
  stage: Stage;
  query: URLSearchParams;
  body: Record<string, unknown>;
  raw: Buffer;
  contentType: string;
  token: TokenKind | null;
}

/** Whose token a call takes; null: none. */
export interface CallRule {
  method: 'GET' | 'POST';
  tokens: readonly TokenKind[] | null;
  answer(call: Call): Record<string, unknown>;
}

export type CallTable = Record<string, CallRule>;

export const get = (answer: CallRule['answer'], tokens: readonly TokenKind[] | null = ['app']): CallRule => ({
  method: 'GET',
  tokens,
  answer,
});
export const post = (answer: CallRule['answer'], tokens: readonly TokenKind[] = ['app']): CallRule => ({
  method: 'POST',
  tokens,
  answer,
});

export function textOf(body: Record<string, unknown>, key: string, missing: number): string {
  const value = body[key];
  if (value === undefined || value === null || value === '') throw new Errcode(missing, `missing ${key}`);
  if (typeof value !== 'string') throw new Errcode(40058, `${key} must be a string`);
  return value;
}

export function optionalText(body: Record<string, unknown>, key: string): string | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new Errcode(40058, `${key} must be a string`);
  return value;
}

export function listOf(body: Record<string, unknown>, key: string): string[] {
  const value = body[key];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) {
    throw new Errcode(40031, `${key} must be a list of strings`);
  }
  return value as string[];
}

export function records(value: unknown, key: string): Record<string, unknown>[] {
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'object' || one === null)) {
    throw new Errcode(40058, `${key} must be a list of objects`);
  }
  return value as Record<string, unknown>[];
}

/** Above the maximum the default holds. */
export function limitOf(body: Record<string, unknown>, max: number, standard: number): number {
  const value = body['limit'];
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= max ? value : standard;
}

export function pageOf<T>(items: readonly T[], body: Record<string, unknown>, limit: number) {
  const cursor = optionalText(body, 'cursor') ?? '';
  const match = /^CUR_(\d+)$/.exec(cursor);
  if (cursor && !match) throw new Errcode(50100, 'invalid cursor');
  const from = Number(match?.[1] ?? 0);
  const to = from + limit;
  return { items: items.slice(from, to), nextCursor: to < items.length ? `CUR_${to}` : '' };
}

/** userids compare without case; one who left is not found. */
export function memberOf(stage: Stage, userid: string): Member {
  const wanted = userid.toLowerCase();
  const member = Object.values(stage.world.members).find((one) => one.userid.toLowerCase() === wanted);
  if (!member?.active) throw new Errcode(60111, 'userid not found');
  return member;
}

/** The follow a call acts on: unknown people and strangers refused as the platform does. */
export function friendshipOf(stage: Stage, body: Record<string, unknown>): Follow {
  const member = memberOf(stage, textOf(body, 'userid', 41009));
  const contact = textOf(body, 'external_userid', 41035);
  if (!stage.world.contacts[contact]) throw new Errcode(40096, 'invalid external userid');
  const follow = followOf(stage.world, member.userid, contact);
  if (!isReadable(follow)) throw new Errcode(84061, 'not external contact');
  return follow;
}
