import { z } from 'zod';
import type { PlatformKey } from '#server/platform/key.ts';
import type { DingtalkApi } from './dingtalk-api.ts';

/** Todos know people by unionId, everything else by userid. Which belongs to which never changes, so it is kept in memory. */
export interface UnionIds {
  learn(user: PlatformKey, unionId: string | null): void;
  of(user: PlatformKey): Promise<string>;
  /** Of those met so far. */
  userOf(unionId: string): PlatformKey | null;
}

export function makeUnionIds(api: DingtalkApi): UnionIds {
  const unionIds = new Map<PlatformKey, string>();
  const users = new Map<string, PlatformKey>();
  const learn = (user: PlatformKey, unionId: string | null) => {
    if (!unionId) return;
    unionIds.set(user, unionId);
    users.set(unionId, user);
  };
  return {
    learn,
    userOf: (unionId) => users.get(unionId) ?? null,
    async of(userid) {
      const known = unionIds.get(userid);
      if (known) return known;
      const answer = z.object({ unionid: z.string().min(1) });
      const { unionid } = await api.callOld({ path: '/topapi/v2/user/get', body: { userid }, answer });
      learn(userid, unionid);
      return unionid;
    },
  };
}
