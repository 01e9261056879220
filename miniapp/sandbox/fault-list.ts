import type { DingtalkApiFault, DingtalkFaultEdit, DingtalkFaults } from '#bot/sandbox/dingtalk-phone-api.ts';
import type { ApiFault, FaultEdit, Faults } from '#bot/sandbox/fault-api.ts';
import { w } from './words.ts';

export type BridgeFault = Faults['bridge'][string];

/** One fault that is set, and the edit that takes it away. */
export interface SetFault<Edit = FaultEdit> {
  id: string;
  name: string;
  without: Edit;
}

const left = (calls: number | null): string => (calls === null ? w('fault.always') : w('fault.left', { n: calls }));

function nameOf(fault: ApiFault): string {
  const path = fault.path === '*' ? w('fault.path.all') : fault.path;
  const kind = fault.kind === 'code' ? String(fault.code) : w(`fault.${fault.kind}`);
  const delay = fault.kind === 'slow' ? ` ${w('log.ms', { n: fault.delayMs })}` : '';
  return `${kind}${delay} · ${path} · ${left(fault.calls)}`;
}

/** Everything that is not as it should be. */
export function setFaultsIn(faults: Faults): SetFault[] {
  const inApi = faults.api.map((fault, place) => ({
    id: `api ${place}`,
    name: nameOf(fault),
    without: { api: faults.api.filter((one) => one !== fault) },
  }));
  const inBridge = Object.entries(faults.bridge).map(([name, fault]) => ({
    id: `bridge ${name}`,
    name: `${w(`bridge.${fault.kind}`)} · ${name === '*' ? w('fault.bridge.all') : name} · ${left(fault.calls)}`,
    without: { bridge: Object.fromEntries(Object.entries(faults.bridge).filter(([other]) => other !== name)) },
  }));
  const inCallbacks = (['duplicate', 'reorder', 'lose'] as const)
    .filter((one) => faults.callbacks[one])
    .map((one) => ({ id: one, name: w(`fault.${one}`), without: { callbacks: { [one]: false } } }));
  const { mode } = faults.model;
  const inModel =
    mode === 'up'
      ? []
      : [
          {
            id: 'model',
            name: `${w('fault.model')}: ${w(`mode.${mode}`)}`,
            without: { model: { mode: 'up' as const } },
          },
        ];
  return [...inApi, ...inCallbacks, ...inModel, ...inBridge];
}

function dingtalkNameOf(fault: DingtalkApiFault): string {
  const path = fault.path === '*' ? w('fault.path.all') : fault.path;
  const kind = fault.kind === 'code' ? fault.code : w(`dtapi.${fault.kind}`);
  const delay = fault.kind === 'slow' ? ` ${w('log.ms', { n: fault.delayMs })}` : '';
  return `${kind}${delay} · ${path} · ${left(fault.calls)}`;
}

/** The same of DingTalk. */
export function setDingtalkFaultsIn(faults: DingtalkFaults): SetFault<DingtalkFaultEdit>[] {
  const { push, card, stream } = faults;
  const inApi = faults.api.map((fault, place) => ({
    id: `api ${place}`,
    name: dingtalkNameOf(fault),
    without: { api: faults.api.filter((one) => one !== fault) },
  }));
  const inBridge = Object.entries(faults.bridge).map(([name, fault]) => ({
    id: `bridge ${name}`,
    name: `${w(`bridge.${fault.kind === 'fail' ? 'no_permission' : fault.kind}`)} · ${name === '*' ? w('fault.bridge.all') : name} · ${left(fault.calls)}`,
    without: { bridge: Object.fromEntries(Object.entries(faults.bridge).filter(([other]) => other !== name)) },
  }));
  const inPush = (['duplicate', 'reorder', 'lose'] as const)
    .filter((one) => push[one])
    .map((one) => ({ id: one, name: w(`fault.${one}`), without: { push: { [one]: false } } }));
  const inCard = (['serviceDown', 'duplicateTap'] as const)
    .filter((one) => card[one])
    .map((one) => ({ id: one, name: w(`dtfault.${one}`), without: { card: { [one]: false } } }));
  const late = card.lateTapMs > 0 ? [lateTap(card.lateTapMs)] : [];
  const cut = stream.cut ? [{ id: 'cut', name: w('dtfault.cut'), without: { stream: { cut: false } } }] : [];
  return [...inCard, ...late, ...cut, ...inPush, ...inApi, ...inBridge];
}

const lateTap = (ms: number): SetFault<DingtalkFaultEdit> => ({
  id: 'late',
  name: `${w('dtfault.late')} ${w('log.ms', { n: ms })}`,
  without: { card: { lateTapMs: 0 } },
});
