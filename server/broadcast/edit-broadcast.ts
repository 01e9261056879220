import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { once, type OnceAsked } from '#server/base/once.ts';
import { Refusal } from '#server/base/refusal.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { check, edit, mustBe, mustManage, type Broadcast } from './broadcast.ts';
import { audience as audienceSchema, type Audience, type BroadcastContent } from './broadcast-api.ts';
import {
  deleteBroadcast,
  findSegment,
  getBroadcast,
  insertBroadcast,
  lockBroadcast,
  patient,
  saveBroadcast,
} from './broadcast-store.ts';
import { cannotSend } from './plan-broadcast.ts';

const empty: BroadcastContent = { variants: [{ key: 'A', share: 100, content: { text: '', attachments: [] } }] };

export async function createBroadcast(
  deps: Deps,
  caller: Caller,
  { requestKey, ...wish }: { name: string; segmentId?: string | undefined; requestKey?: string | undefined },
): Promise<Broadcast> {
  const { memberId } = caller;
  return draftOnce(deps, { memberId, requestKey, deed: 'broadcast.create', content: wish }, () =>
    newDraft(deps, caller, wish),
  );
}

type Draft = Omit<Parameters<typeof insertBroadcast>[1], 'ownerId'>;

async function newDraft(
  deps: Deps,
  caller: Caller,
  { name, segmentId }: { name: string; segmentId?: string | undefined },
): Promise<Draft> {
  const able = deps.platforms.all.filter(({ groupSends }) => groupSends !== null);
  const platform = (able.find((one) => one.name === caller.platform) ?? able[0])?.name;
  if (!platform) throw cannotSend();
  const audience = audienceSchema.parse({ segmentId: segmentId ?? null });
  await mustExist(deps.db, audience);
  return { name, platform, audience, content: empty, sendAt: null };
}

/** What was sent is written anew from here; when, is for a person to say. */
export async function copyBroadcast(
  deps: Deps,
  { memberId }: Caller,
  { id, requestKey }: { id: string; requestKey?: string | undefined },
): Promise<Broadcast> {
  return draftOnce(deps, { memberId, requestKey, deed: 'broadcast.copy', content: id }, async () => {
    const { name, platform, audience, content } = await getBroadcast(deps.db, id);
    return { name: copyName(name), platform, audience, content, sendAt: null };
  });
}

const NAME_LENGTH_MAX = 60;
const copyName = (name: string) => `${[...name].slice(0, NAME_LENGTH_MAX - 4).join('')} (2)`;

async function draftOnce(deps: Deps, asked: OnceAsked, toDraft: () => Promise<Draft>): Promise<Broadcast> {
  const { memberId } = asked;
  return once(deps, asked, {
    async first(take) {
      const draft = await toDraft();
      const broadcast = await deps.db.$transaction((tx) =>
        take(tx, async () => {
          const made = await insertBroadcast(tx, { ...draft, ownerId: memberId }, deps.now());
          await recordAudit(tx, { memberId, action: 'broadcast.created', subject: `broadcast:${made.id}` });
          return made;
        }),
      );
      announceBroadcasts(deps);
      return broadcast;
    },
    again: (id) => getBroadcast(deps.db, id),
  });
}

async function mustExist(db: Db, { segmentId }: Audience): Promise<void> {
  if (segmentId === null || (await findSegment(db, segmentId))) return;
  throw new Refusal('broadcast.segment', 'audience.segmentId: there is no such segment. Choose another one.', 400, {
    path: 'audience.segmentId',
  });
}

export interface BroadcastEdit {
  id: string;
  version: number;
  name: string;
  audience: Audience;
  content: BroadcastContent;
  sendAt: Date | null;
}

export async function editBroadcast(deps: Deps, caller: Caller, { id, ...wish }: BroadcastEdit): Promise<Broadcast> {
  const saved = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, id);
    mustManage(caller, broadcast);
    const change = edit(broadcast, wish);
    await mustExist(tx, wish.audience);
    return saveBroadcast(tx, id, change, deps.now());
  });
  announceBroadcasts(deps);
  return saved;
}

/** Only what nothing was ever sent of; what was worked out for it goes with it. */
export async function removeBroadcast(deps: Deps, caller: Caller, id: string): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, id);
    mustManage(caller, broadcast);
    mustBe(broadcast, ['draft'], 'removed');
    await deleteBroadcast(tx, id);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'broadcast.removed',
      subject: `broadcast:${id}`,
      detail: { name: broadcast.name },
    });
  }, patient);
  announceBroadcasts(deps);
}

/** Has it worked out who would be sent it; asked again while that goes on, it begins anew. */
export async function startCheck(deps: Deps, caller: Caller, id: string): Promise<Broadcast> {
  const checked = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, id);
    mustManage(caller, broadcast);
    return saveBroadcast(tx, id, check(broadcast), broadcast.updatedAt);
  });
  await deps.jobs.add('plan-broadcast', { broadcastId: id }, { key: id });
  announceBroadcasts(deps);
  return checked;
}
