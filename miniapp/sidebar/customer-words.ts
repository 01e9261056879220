import type { BindingView } from '#server/binding/binding-api.ts';
import type { CustomerView } from '#server/customer/customer-api.ts';
import { t, type MessageKey } from '#miniapp/i18n/i18n.ts';

type Stage = CustomerView['stage'];
type Role = BindingView['role'];
type Grade = NonNullable<CustomerView['grade']>;

const stageKeys: Record<Stage, MessageKey & `stage.${string}`> = {
  new: 'stage.new',
  contacted: 'stage.contacted',
  qualified: 'stage.qualified',
  quoted: 'stage.quoted',
  won: 'stage.won',
  lost: 'stage.lost',
};
const roleKeys: Record<Role, MessageKey & `role.${string}`> = {
  decision_maker: 'role.decision_maker',
  user: 'role.user',
  influencer: 'role.influencer',
  buyer: 'role.buyer',
  other: 'role.other',
};
const gradeSet: Record<Grade, true> = { A: true, B: true, C: true, D: true };

// A word the contract gains and these tables lack does not compile.
export const stages = Object.keys(stageKeys) as Stage[];
export const roles = Object.keys(roleKeys) as Role[];
export const grades = Object.keys(gradeSet) as Grade[];

export const isStage = (word: string): word is Stage => word in stageKeys;
export const stageWord = (stage: Stage): string => plain(stageKeys[stage]);
export const whyBound = ({ rule, name }: BindingView['reasons'][number]): string =>
  t(`binding.why.${rule}`, { name: name ?? '' });
export const roleWord = (role: Role): string => plain(roleKeys[role]);

const plain = t as (key: MessageKey) => string;
