import type { DingtalkFaults, DingtalkNotice, DingtalkSettings } from './dingtalk-phone-api.ts';

/** The company in DingTalk: a part of the sandbox's World. */
export interface DingtalkWorld {
  app: DingtalkApp;
  departments: DingtalkDepartment[];
  /** By userid. */
  users: Record<string, DingtalkUser>;
  demo: { rep: string; manager: string; secondManager: string; director: string };
  credentials: DingtalkCredential[];
  /** client: of a page's bridge; browser: of the login page outside of DingTalk. */
  logins: { code: string; kind: 'client' | 'browser'; user: string; expiresAt: number; used: boolean }[];
  /** Where the product may answer who wrote to the robot. */
  sessions: { id: string; user: string; expiresAt: number }[];
  /** By outTrackId. */
  cards: Record<string, Card>;
  /** By callbackRouteKey; '' is the product's own callback address, wherever it runs. */
  cardRoutes: Record<string, { url: string; secret: string }>;
  notices: Notice[];
  workNotices: WorkNotice[];
  /** By task id. */
  todos: Record<string, Todo>;
  templates: FormTemplate[];
  /** By processInstanceId. */
  forms: Record<string, Form>;
  /** Events the product has not taken yet, in order. */
  pending: DingtalkEvent[];
  lastEvent: DingtalkEvent | null;
  /** Events HTTP could not deliver: for failed_list. */
  failed: { event: DingtalkEvent; at: number }[];
  faults: DingtalkFaults;
  settings: DingtalkSettings;
}

/** What the developer console shows of the app; made once and kept over a reset. */
export interface DingtalkApp {
  corpId: string;
  clientId: string;
  clientSecret: string;
  agentId: string;
  callbackToken: string;
  callbackAesKey: string;
  cardTemplateId: string;
  cardSecret: string;
}

export interface DingtalkDepartment {
  id: number;
  name: string;
  parentId: number;
  order: number;
}

export interface DingtalkUser {
  userid: string;
  unionid: string;
  /** The same person's key in WeCom. */
  member: string | null;
  name: string;
  title: string;
  mobile: string;
  email: string;
  departments: number[];
  leaderOf: number[];
  managerId: string | null;
  active: boolean;
  admin: boolean;
  boss: boolean;
  hiredAt: number;
}

interface DingtalkCredential {
  kind: 'token' | 'ticket' | 'user';
  /** Whose, of a person's own token. */
  user?: string;
  value: string;
  madeAt: number;
  expiresAt: number;
}

export interface Card {
  outTrackId: string;
  template: string;
  params: Record<string, string>;
  /** By userid. */
  privateParams: Record<string, Record<string, string>>;
  callback: { type: 'STREAM' } | { type: 'HTTP'; routeKey: string } | null;
  userIdType: 1 | 2;
  spaces: { type: string; id: string; users: string[]; summary: string; at: number }[];
  createdAt: number;
  updatedAt: number;
}

export interface Notice extends DingtalkNotice {
  /** task_id or processQueryKey. */
  sendKey: string;
}

export interface WorkNotice {
  taskId: number;
  at: number;
  users: string[];
  invalidUsers: string[];
  invalidDepartments: string[];
  dropped: { user: string; code: number }[];
  content: string;
}

export interface Todo {
  id: string;
  sourceId: string;
  subject: string;
  description: string;
  fields: { fieldKey: string; fieldValue: string }[];
  /** Union ids. */
  creator: string;
  modifier: string;
  executors: { union: string; isDone: boolean }[];
  participants: string[];
  appUrl: string;
  pcUrl: string;
  dueAt: number | null;
  priority: number;
  type: string;
  isOnlyShowExecutor: boolean;
  isDone: boolean;
  createdAt: number;
  modifiedAt: number;
  finishedAt: number | null;
}

export interface FormTemplate {
  code: string;
  name: string;
  fields: { id: string; name: string; type: string; required: boolean; options: string[]; bizAlias: string }[];
  /** The flow of the console, for forms started without approvers. */
  flow: ('manager' | 'director')[];
  mayWithdraw: boolean;
}

export interface FormTask {
  id: number;
  user: string;
  /** Of Form.steps. */
  step: number;
  status: 'NEW' | 'RUNNING' | 'PAUSED' | 'CANCELED' | 'COMPLETED' | 'TERMINATED';
  result: 'AGREE' | 'REFUSE' | 'REDIRECTED' | 'NONE';
  createdAt: number;
  finishedAt: number | null;
}

interface FormRecord {
  user: string;
  type: string;
  result: 'AGREE' | 'REFUSE' | 'NONE';
  remark: string;
  at: number;
  ccUsers?: string[];
}

export interface Form {
  id: string;
  number: string;
  template: string;
  title: string;
  originator: string;
  departmentId: number;
  values: { id: string; name: string; value: string; type: string; bizAlias: string }[];
  steps: { of: 'AND' | 'OR' | 'NONE'; users: string[] }[];
  /** Whether the approvers were named at the start and not by the console's flow. */
  isNamed: boolean;
  step: number;
  cc: string[];
  ccPosition: 'START' | 'FINISH' | 'START_FINISH';
  status: 'RUNNING' | 'TERMINATED' | 'COMPLETED';
  result: 'agree' | 'refuse' | null;
  tasks: FormTask[];
  records: FormRecord[];
  createdAt: number;
  finishedAt: number | null;
}

/** Something DingTalk tells the app: the fields are those of the Stream form, HTTP adds its envelope. */
export interface DingtalkEvent {
  id: string;
  type: string;
  bornAt: number;
  fields: Record<string, unknown>;
}

/** Between the sandbox and the product, in whichever way the console says. */
export interface DingtalkWire {
  tell(event: Pick<DingtalkEvent, 'type' | 'fields'>): void;
  /** The last event once more. */
  repeat(): void;
  /** A message on one of the product's connections; what the product answers, null when it does not. Never sent twice. */
  ask(topic: string, data: Record<string, unknown>, withinMs: number): Promise<unknown>;
  askByHttp(
    url: string,
    headers: Record<string, string>,
    data: Record<string, unknown>,
    withinMs: number,
  ): Promise<unknown>;
  /** K02@0015: a ticket for one connection. */
  openConnection(body: Record<string, unknown>): { endpoint: string; ticket: string };
  connections(): number;
  cut(gently: boolean): void;
  verify(): Promise<boolean>;
}
