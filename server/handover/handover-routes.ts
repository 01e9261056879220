import { DAY_MS } from '#server/base/duration.ts';
import { route, type Route } from '#server/base/http.ts';
import { countBelongings, listLeavers } from './belongings-store.ts';
import { createHandover } from './create-handover.ts';
import { editHandover } from './edit-handover.ts';
import { outsideScope, type ItemState } from './handover.ts';
import { handoverApi, itemStates } from './handover-api.ts';
import { getHandover, listHandovers, listItems } from './handover-store.ts';
import { planHandover, viewPlan } from './plan-handover.ts';
import { retryHandover } from './retry-handover.ts';
import { settleAsked, submitHandover } from './submit-handover.ts';
import { viewHandover, viewHandovers, viewHistory, viewItems } from './view-handover.ts';
import { withdrawHandover } from './withdraw-handover.ts';

/** The longest a giver who left is proposed in the list; a platform hands over for a year. */
const LEAVER_MS = 365 * DAY_MS;

const troubled: readonly ItemState[] = ['refused', 'failed'];
const open: readonly ItemState[] = ['planned', 'asking', 'waiting'];
const statesOf = (state: ItemState | 'open' | 'trouble' | undefined): readonly ItemState[] =>
  state === undefined ? itemStates : state === 'open' ? open : state === 'trouble' ? troubled : [state];

export const handoverRoutes: Route[] = [
  route(handoverApi.belongings, async (deps, { caller, query: { memberId } }) => {
    const { scope } = caller;
    if (memberId && !scope.all && !scope.memberIds.includes(memberId)) throw outsideScope();
    const since = new Date(deps.now().getTime() - LEAVER_MS);
    const left = memberId ? [] : await listLeavers(deps.db, since, scope.all ? null : scope.memberIds);
    const leavers = [];
    for (const { id, name, leftAt } of left) {
      leavers.push({
        member: { id, name },
        leftAt: leftAt?.toISOString() ?? null,
        counts: await countBelongings(deps.db, id),
      });
    }
    return { counts: memberId ? await countBelongings(deps.db, memberId) : null, leavers };
  }),
  route(handoverApi.preview, async (deps, { caller, body }) => viewPlan(deps, await planHandover(deps, caller, body))),
  route(handoverApi.create, async (deps, { caller, body }) =>
    viewHandover(deps, await createHandover(deps, caller, body)),
  ),
  route(handoverApi.list, async (deps, { caller, query }) => {
    const { after = null, limit, ...filter } = query;
    const handovers = await listHandovers(deps.db, caller, filter, { after, limit });
    const last = handovers.length === limit ? handovers.at(-1) : undefined;
    return { items: await viewHandovers(deps, handovers), nextAfter: last?.id ?? null };
  }),
  route(handoverApi.read, async (deps, { caller, params: { id } }) => {
    const seen = await getHandover(deps.db, caller, id);
    if (seen.state === 'asked') await settleAsked(deps, seen);
    const handover = await getHandover(deps.db, caller, id);
    return { ...(await viewHandover(deps, handover)), history: await viewHistory(deps, handover) };
  }),
  route(handoverApi.items, async (deps, { caller, params: { id }, query }) => {
    const { after, limit, state, ...filter } = query;
    const handover = await getHandover(deps.db, caller, id);
    const items = await listItems(deps.db, id, { ...filter, states: statesOf(state) }, { after, limit });
    const last = items.length === limit ? items.at(-1) : undefined;
    return { items: await viewItems(deps, handover, items), nextAfter: last?.id ?? null };
  }),
  route(handoverApi.edit, async (deps, { caller, params: { id }, body }) =>
    viewHandover(deps, await editHandover(deps, caller, id, body)),
  ),
  route(handoverApi.submit, async (deps, { caller, params: { id }, body }) =>
    viewHandover(deps, await submitHandover(deps, caller, { id, ...body })),
  ),
  route(handoverApi.withdraw, async (deps, { caller, params: { id }, body }) =>
    viewHandover(deps, await withdrawHandover(deps, caller, { id, ...body })),
  ),
  route(handoverApi.retry, async (deps, { caller, params: { id }, body }) =>
    viewHandover(deps, await retryHandover(deps, caller, { id, ...body })),
  ),
];
