import { z } from 'zod';
import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { isSwitchedOn, MODEL_SETTING, readModelSetting, type ModelSetting } from '#server/base/model-setting.ts';
import { Refusal } from '#server/base/refusal.ts';
import { saveSetting } from '#server/base/setting.ts';
import { listSources } from '#server/conversation/chat-source-store.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { wakeAttempts } from '#server/summary/wake-attempts.ts';
import { useCases, type ModelSettings, type ModelSettingsView } from './usage-api.ts';
import { listDecisions, lockModelSetting, type SwitchEntry } from './usage-store.ts';

const SUBJECT = `setting:${MODEL_SETTING}`;
const CHANGES_SHOWN = 100;
const DEFAULT_HOST = 'api.openai.com';

export async function viewModelSettings(deps: Deps): Promise<ModelSettingsView> {
  const [setting, sources, decisions] = [
    await readModelSetting(deps.db, deps.config),
    await listSources(deps.db, deps.platforms.all),
    await listDecisions(deps.db, SUBJECT, CHANGES_SHOWN),
  ];
  const names = await listMemberNames(
    deps.db,
    decisions.map(({ memberId }) => memberId),
  );
  const { OPENAI_MODEL, OPENAI_BASE_URL } = deps.config;
  return {
    ...shown(setting),
    configured: deps.llm.configured,
    model: deps.llm.configured ? (OPENAI_MODEL ?? null) : null,
    host: deps.llm.configured ? (OPENAI_BASE_URL ? new URL(OPENAI_BASE_URL).host : DEFAULT_HOST) : null,
    sources: sources.map(({ id, platform, kind, enabled, modelAllowed }) => ({
      id,
      platform,
      kind,
      enabled,
      modelAllowed,
    })),
    changes: decisions.flatMap((entry) => changesOf(entry, names)),
  };
}

/** Saves what the model may be asked and for how much. Each decision stands in the audit log with its reason. */
export async function saveModelSettings(
  deps: Deps,
  caller: Caller,
  { reason, ...wish }: ModelSettings & { reason: string },
): Promise<ModelSettingsView> {
  if (wish.softYuan !== null && wish.softYuan > wish.hardYuan)
    throw new Refusal('usage.lines', 'The soft line must not be above the hard one.', 422);
  const before = await deps.db.$transaction(async (tx) => {
    await lockModelSetting(tx);
    const known = await readModelSetting(tx, deps.config);
    const changes = differences(known, wish);
    await saveSetting(tx, MODEL_SETTING, wish, caller.memberId);
    if (changes.length > 0) {
      const detail = { changes, reason };
      await recordAudit(tx, { memberId: caller.memberId, action: 'model.switched', subject: SUBJECT, detail });
    }
    return known;
  });
  await wakeWhatMayBeAsked(deps, before, wish);
  deps.live.publish('admin', { part: 'usage' });
  return viewModelSettings(deps);
}

/** What was kept back meanwhile is asked now, not with the next message. */
async function wakeWhatMayBeAsked(deps: Deps, before: ModelSetting, after: ModelSetting): Promise<void> {
  const useCase = 'summarise-conversation';
  if (!isSwitchedOn(after, useCase)) return;
  if (!isSwitchedOn(before, useCase)) await wakeAttempts(deps, 'off');
  const soft = ({ softYuan, hardYuan }: ModelSetting) => softYuan ?? hardYuan;
  if (soft(after) > soft(before)) await wakeAttempts(deps, 'refused_by_budget');
}

const shown = ({ on, useCases: chosen, softYuan, hardYuan }: ModelSetting): ModelSettings => ({
  on,
  useCases: Object.fromEntries(useCases.map((name) => [name, chosen[name] !== false])) as ModelSettings['useCases'],
  softYuan,
  hardYuan,
});

const switched = (isOn: boolean) => (isOn ? 'on' : 'off');
const amount = (yuan: number | null) => (yuan === null ? 'none' : String(yuan));

type Change = z.infer<typeof change>;
const change = z.object({ what: z.string(), to: z.string() });

function differences(before: ModelSetting, wish: ModelSettings): Change[] {
  const said = (setting: ModelSettings): Record<string, string> => ({
    on: switched(setting.on),
    ...Object.fromEntries(useCases.map((name) => [`useCase.${name}`, switched(setting.useCases[name])])),
    softYuan: amount(setting.softYuan),
    hardYuan: amount(setting.hardYuan),
  });
  const old = said(shown(before));
  return Object.entries(said(wish)).flatMap(([what, to]) => (old[what] === to ? [] : [{ what, to }]));
}

const ofSettings = z.object({ changes: z.array(change), reason: z.string() });
const ofSource = z.object({
  modelAllowed: z.boolean(),
  was: z.object({ modelAllowed: z.boolean() }).optional(),
  reason: z.string().default(''),
});

function changesOf(
  { at, memberId, subject, detail }: SwitchEntry,
  names: ReadonlyMap<string, string>,
): ModelSettingsView['changes'] {
  const by = memberId === null ? null : { id: memberId, name: names.get(memberId) ?? '' };
  const row = (reason: string) => (one: Change) => ({ at: at.toISOString(), by, ...one, reason });
  if (subject === SUBJECT) {
    const { changes, reason } = ofSettings.parse(detail);
    return changes.map(row(reason));
  }
  const { modelAllowed, was, reason } = ofSource.parse(detail);
  if (was?.modelAllowed === modelAllowed) return [];
  return [row(reason)({ what: subject.replace('chat-source:', 'source.'), to: switched(modelAllowed) })];
}
