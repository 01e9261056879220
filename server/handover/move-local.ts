import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { handOverApproval } from '#server/approval/hand-over-approval.ts';
import { tellOfChange as tellOfApproval, type Changed } from '#server/approval/change-approval.ts';
import { Refusal } from '#server/base/refusal.ts';
import { tellOfChange } from '#server/customer/edit-customer.ts';
import { reassignCustomers } from '#server/customer/reassign-customers.ts';
import { listActiveIds } from '#server/member/member-store.ts';
import { announceOpportunity } from '#server/opportunity/announce-opportunity.ts';
import { reassignOpportunities } from '#server/opportunity/reassign-opportunities.ts';
import { nudgeTodos, oweTodos } from '#server/task/owe-todos.ts';
import { publishTasks } from '#server/task/publish-tasks.ts';
import { reassignTasks } from '#server/task/task-store.ts';
import type { TodoId } from '#server/task/todo.ts';
import { listBelongings } from './belongings-store.ts';
import type { Handover, Item, ItemKind } from './handover.ts';
import type { ItemReason } from './handover-api.ts';
import { listDueItems, lockHandover, patient, saveItems } from './handover-store.ts';

export type LocalKind = Exclude<ItemKind, 'contact'>;
/** The record first: who takes over a sale or a task finds the customer theirs. */
const localKinds: readonly LocalKind[] = ['customer', 'opportunity', 'task', 'approval'];

const BATCH = 100;

interface Way {
  from: string;
  to: string;
  by: string;
  at: Date;
}

interface Moved {
  /** All that are the taker's now, also those that were before. */
  ids: string[];
  /** Screens and jobs, after the transaction. */
  tell(): Promise<void> | void;
}

type Mover = (tx: Db, deps: Deps, ids: string[], way: Way) => Promise<Moved>;

const movers: Record<LocalKind, Mover> = {
  async customer(tx, deps, ids, way) {
    const moved = await reassignCustomers(tx, ids, way);
    return {
      ids: moved,
      async tell() {
        for (const id of moved) await tellOfChange(deps, id);
      },
    };
  },
  async opportunity(tx, deps, ids, way) {
    const sales = await reassignOpportunities(tx, deps.cipher, ids, way);
    return {
      ids: sales.map(({ id }) => id),
      async tell() {
        for (const sale of sales) {
          await announceOpportunity(deps, sale);
          await announceOpportunity(deps, { ...sale, ownerId: way.from });
        }
      },
    };
  },
  async task(tx, deps, ids, way) {
    const tasks = await reassignTasks(tx, deps.cipher, ids, way);
    const owed: TodoId[] = [];
    for (const task of tasks) owed.push(...(await oweTodos(deps, tx, task)));
    return {
      ids: tasks.map(({ id }) => id),
      async tell() {
        await nudgeTodos(deps, owed);
        publishTasks(deps, [...tasks.map((task) => ({ ...task, assigneeId: way.from })), ...tasks]);
      },
    };
  },
  async approval(tx, deps, ids, { from, to }) {
    const changes: Changed[] = [];
    for (const approvalId of ids.toSorted()) {
      const changed = await handOverApproval(tx, deps, { approvalId, from, to }).catch(refused);
      if (changed) changes.push(changed);
    }
    const left = new Set((await listBelongings(tx, from, ['approval'], ids)).map(({ id }) => id));
    const taken = (await listBelongings(tx, to, ['approval'], ids)).map(({ id }) => id);
    return {
      ids: taken.filter((id) => !left.has(id)),
      async tell() {
        for (const changed of changes) await tellOfApproval(deps, changed);
      },
    };
  },
};

/** Nobody comes to decide what is theirs: it stays, and says so. */
function refused(error: unknown): null {
  if (error instanceof Refusal) return null;
  throw error;
}

/** What is ours to move, a batch of one kind in one transaction with the items that say so. */
export async function moveLocal(deps: Deps, handoverId: string): Promise<void> {
  for (const kind of localKinds) {
    for (;;) {
      const moved = await deps.db.$transaction((tx) => moveBatch(tx, deps, handoverId, kind), patient);
      if (!moved) break;
      for (const { tell } of moved) await tell();
    }
  }
}

/** Null when nothing of this kind is due. */
async function moveBatch(tx: Db, deps: Deps, handoverId: string, kind: LocalKind): Promise<Moved[] | null> {
  const handover = await lockHandover(tx, handoverId);
  if (handover?.state !== 'running') return null;
  const due = await listDueItems(tx, handoverId, { kinds: [kind], states: ['planned'] }, deps.now(), BATCH);
  if (due.length === 0) return null;
  const moved: Moved[] = [];
  for (const [to, items] of Map.groupBy(due, ({ toMemberId }) => toMemberId)) {
    moved.push(await moveItems(tx, deps, handover, { kind, to, items }));
  }
  return moved;
}

async function moveItems(
  tx: Db,
  deps: Deps,
  handover: Handover,
  { kind, to, items }: { kind: LocalKind; to: string; items: Item[] },
): Promise<Moved> {
  const at = deps.now();
  const isThere = (await listActiveIds(tx, [to])).has(to);
  const way = { from: handover.fromMemberId, to, by: handover.createdBy, at };
  const moved = isThere
    ? await movers[kind](
        tx,
        deps,
        items.map(({ subjectId }) => subjectId),
        way,
      )
    : { ids: [], tell: () => {} };
  const isMoved = new Set(moved.ids);
  const [done, left] = [
    items.filter((item) => isMoved.has(item.subjectId)),
    items.filter((item) => !isMoved.has(item.subjectId)),
  ];
  await saveItems(
    tx,
    done.map(({ id }) => id),
    'planned',
    { state: 'done', reason: null, doneAt: at, askedAt: at },
  );
  if (left.length > 0) {
    const stillGivers = new Set(
      (
        await listBelongings(
          tx,
          way.from,
          [kind],
          left.map((item) => item.subjectId),
        )
      ).map(({ id }) => id),
    );
    const reasonOf = (item: Item): ItemReason => {
      if (!isThere) return 'taker_left';
      return stillGivers.has(item.subjectId) ? 'own_request' : 'not_givers';
    };
    for (const [reason, ones] of Map.groupBy(left, reasonOf)) {
      await saveItems(
        tx,
        ones.map(({ id }) => id),
        'planned',
        { state: 'failed', reason },
      );
    }
  }
  return moved;
}

/** Back to the giver, where the taker still has it. Answers the items that went back; inside a transaction. */
export async function moveBack(
  tx: Db,
  deps: Deps,
  handover: Handover,
  items: readonly Item[],
  by: string,
): Promise<{ items: Item[]; tell: Moved['tell'][] }> {
  const back: Item[] = [];
  const tell: Moved['tell'][] = [];
  for (const kind of localKinds.toReversed()) {
    const ofKind = items.filter((item) => item.kind === kind);
    for (const [from, ones] of Map.groupBy(ofKind, ({ toMemberId }) => toMemberId)) {
      const way = { from, to: handover.fromMemberId, by, at: deps.now() };
      const moved = await movers[kind](
        tx,
        deps,
        ones.map(({ subjectId }) => subjectId),
        way,
      );
      back.push(...ones.filter(({ subjectId }) => moved.ids.includes(subjectId)));
      tell.push(moved.tell);
    }
  }
  return { items: back, tell };
}
