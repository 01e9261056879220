import type { PlatformKey } from './key.ts';

/** The platform's own approval forms: the company's templates, decided where the company is used to. */
export interface ApprovalForms {
  /** Starts a form from a template. `fields` go by the labels of the template. */
  start(form: {
    template: string;
    by: PlatformKey;
    fields: { label: string; text: string }[];
    /** Who decides, in sequence; [] leaves it to the template. */
    approvers: { of: 'any' | 'all'; members: PlatformKey[] }[];
  }): Promise<PlatformKey>;
  /** A form of this template started by `by` since `since` whose field `label` reads `text`; null when there is none. */
  find(of: {
    template: string;
    by: PlatformKey;
    since: Date;
    label: string;
    text: string;
  }): Promise<PlatformKey | null>;
  read(form: PlatformKey): Promise<FormState>;
  /** Decides for a member whose turn it is. `rejected` when it is not. */
  decide(form: PlatformKey, decision: { by: PlatformKey; agree: boolean; remark: string }): Promise<void>;
  withdraw(form: PlatformKey, by: PlatformKey): Promise<void>;
}

export interface FormState {
  state: 'running' | 'agreed' | 'refused' | 'withdrawn';
  finishedAt: Date | null;
  /** In order. Who has a turn now has `result` null. */
  turns: { member: PlatformKey; result: 'agreed' | 'refused' | 'passed_on' | null; at: Date | null; remark: string }[];
}
