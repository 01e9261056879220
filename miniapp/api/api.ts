import type { approvalApi } from '#server/approval/approval-api.ts';
import type { delegateApi } from '#server/approval/delegate-api.ts';
import type { policyApi } from '#server/approval/policy-api.ts';
import type { bindingApi } from '#server/binding/binding-api.ts';
import type { broadcastApi } from '#server/broadcast/broadcast-api.ts';
import type { broadcastRulesApi } from '#server/broadcast/broadcast-rules-api.ts';
import type { resultsApi } from '#server/broadcast/results-api.ts';
import type { channelApi } from '#server/channel/channel-api.ts';
import type { contactApi } from '#server/contact/contact-api.ts';
import type { conversationApi } from '#server/conversation/conversation-api.ts';
import type { customerApi } from '#server/customer/customer-api.ts';
import type { handoverApi } from '#server/handover/handover-api.ts';
import type { healthApi } from '#server/health/health-api.ts';
import type { inboundApi } from '#server/inbound/inbound-api.ts';
import type { knowledgeApi } from '#server/knowledge/knowledge-api.ts';
import type { materialApi } from '#server/material/material-api.ts';
import type { memberApi } from '#server/member/member-api.ts';
import type { opportunityApi } from '#server/opportunity/opportunity-api.ts';
import type { scoringModelApi } from '#server/scoring/model-api.ts';
import type { scoringApi } from '#server/scoring/scoring-api.ts';
import type { segmentApi } from '#server/segment/segment-api.ts';
import type { seriesApi } from '#server/series/series-api.ts';
import type { sidebarApi } from '#server/sidebar/sidebar-api.ts';
import type { summaryApi } from '#server/summary/summary-api.ts';
import type { taskApi } from '#server/task/task-api.ts';
import type { teamApi } from '#server/team/team-api.ts';
import type { usageApi } from '#server/usage/usage-api.ts';
import { to } from './call.ts';

/** Every call the pages make. */
export const api = {
  loginUrl: to<typeof memberApi.loginUrl>('GET', '/api/login'),
  login: to<typeof memberApi.login>('POST', '/api/login'),
  logout: to<typeof memberApi.logout>('POST', '/api/logout'),
  me: to<typeof memberApi.me>('GET', '/api/me'),
  host: to<typeof memberApi.host>('GET', '/api/host'),

  sidebar: to<typeof sidebarApi.read>('GET', '/api/sidebar'),

  tags: to<typeof contactApi.tags>('GET', '/api/tags'),
  markTags: to<typeof contactApi.markTags>('POST', '/api/contacts/:id/tags'),
  saveRemark: to<typeof contactApi.saveRemark>('PATCH', '/api/contacts/:id/remark'),
  optOut: to<typeof contactApi.optOut>('POST', '/api/contacts/:id/opt-out'),
  optOutWords: to<typeof contactApi.optOutWords>('GET', '/api/settings/opt-out'),
  saveOptOutWords: to<typeof contactApi.saveOptOutWords>('PUT', '/api/settings/opt-out'),
  revealContactPhones: to<typeof contactApi.revealPhones>('POST', '/api/contacts/:id/phones/reveal'),

  editCustomer: to<typeof customerApi.edit>('PATCH', '/api/customers/:id'),
  revealCustomerPhone: to<typeof customerApi.revealPhone>('POST', '/api/customers/:id/phone/reveal'),
  requestReveal: to<typeof approvalApi.requestReveal>('POST', '/api/approvals/reveal'),
  attachToApproval: to<typeof approvalApi.attach>('POST', '/api/approvals/:id/attachments'),
  customerHistory: to<typeof customerApi.history>('GET', '/api/customers/:id/history'),
  customerNotes: to<typeof customerApi.notes>('GET', '/api/customers/:id/notes'),
  addNote: to<typeof customerApi.addNote>('POST', '/api/customers/:id/notes'),
  customerFields: to<typeof customerApi.fields>('GET', '/api/customer-fields'),
  regions: to<typeof customerApi.regions>('GET', '/api/regions'),
  industries: to<typeof customerApi.industries>('GET', '/api/industries'),

  candidates: to<typeof bindingApi.candidates>('GET', '/api/bindings/candidates'),
  bind: to<typeof bindingApi.bind>('POST', '/api/bindings'),
  createAndBind: to<typeof bindingApi.createAndBind>('POST', '/api/bindings/with-new-customer'),
  changeRole: to<typeof bindingApi.changeRole>('PATCH', '/api/bindings/:contactId/:customerId'),
  unbind: to<typeof bindingApi.unbind>('DELETE', '/api/bindings/:contactId/:customerId'),
  bindingHistory: to<typeof bindingApi.history>('GET', '/api/bindings/history'),
  undoBinding: to<typeof bindingApi.undo>('POST', '/api/bindings/history/:id/undo'),

  messages: to<typeof conversationApi.messages>('GET', '/api/conversations/messages'),
  paste: to<typeof conversationApi.paste>('POST', '/api/conversations/paste'),
  chatSources: to<typeof conversationApi.sources>('GET', '/api/chat-sources'),
  editChatSource: to<typeof conversationApi.editSource>('PATCH', '/api/chat-sources/:id'),

  documents: to<typeof knowledgeApi.list>('GET', '/api/knowledge'),
  document: to<typeof knowledgeApi.read>('GET', '/api/knowledge/:id'),
  uploadDocument: to<typeof knowledgeApi.upload>('POST', '/api/knowledge'),
  renameDocument: to<typeof knowledgeApi.rename>('PATCH', '/api/knowledge/:id'),
  removeDocument: to<typeof knowledgeApi.remove>('DELETE', '/api/knowledge/:id'),
  findPassages: to<typeof knowledgeApi.find>('GET', '/api/knowledge/passages'),

  refreshSummary: to<typeof summaryApi.refresh>('POST', '/api/summaries/refresh'),
  draftReply: to<typeof summaryApi.draft>('POST', '/api/reply-drafts'),
  saveDraft: to<typeof summaryApi.saveDraft>('PUT', '/api/reply-drafts/:contactId'),
  feedback: to<typeof summaryApi.feedback>('POST', '/api/suggestions/feedback'),

  scores: to<typeof scoringApi.history>('GET', '/api/scores'),
  overrideScore: to<typeof scoringApi.override>('POST', '/api/scores/override'),
  clearOverride: to<typeof scoringApi.clearOverride>('DELETE', '/api/scores/override'),

  scoringState: to<typeof scoringModelApi.state>('GET', '/api/scoring-models'),
  trainModel: to<typeof scoringModelApi.train>('POST', '/api/scoring-models/train'),
  promoteModel: to<typeof scoringModelApi.promote>('POST', '/api/scoring-models/:id/promote'),
  chooseScoring: to<typeof scoringModelApi.choose>('PUT', '/api/settings/scoring'),

  churnAlerts: to<typeof healthApi.alerts>('GET', '/api/churn-alerts'),
  closeChurnAlert: to<typeof healthApi.close>('POST', '/api/churn-alerts/:id/close'),

  usage: to<typeof usageApi.usage>('GET', '/api/usage'),
  modelRuns: to<typeof usageApi.runs>('GET', '/api/usage/runs'),
  prompts: to<typeof usageApi.prompts>('GET', '/api/prompts'),
  modelSettings: to<typeof usageApi.settings>('GET', '/api/settings/model'),
  saveModelSettings: to<typeof usageApi.saveSettings>('PUT', '/api/settings/model'),

  tasks: to<typeof taskApi.list>('GET', '/api/tasks'),
  createTask: to<typeof taskApi.create>('POST', '/api/tasks'),
  acceptTask: to<typeof taskApi.accept>('POST', '/api/tasks/:id/accept'),
  dismissTask: to<typeof taskApi.dismiss>('POST', '/api/tasks/:id/dismiss'),
  completeTask: to<typeof taskApi.complete>('POST', '/api/tasks/:id/complete'),
  reopenTask: to<typeof taskApi.reopen>('POST', '/api/tasks/:id/reopen'),
  snoozeTask: to<typeof taskApi.snooze>('POST', '/api/tasks/:id/snooze'),
  cancelTask: to<typeof taskApi.cancel>('POST', '/api/tasks/:id/cancel'),
  editTask: to<typeof taskApi.edit>('PATCH', '/api/tasks/:id'),

  approvals: to<typeof approvalApi.list>('GET', '/api/approvals'),
  approval: to<typeof approvalApi.read>('GET', '/api/approvals/:id'),
  previewApproval: to<typeof approvalApi.preview>('POST', '/api/approvals/preview'),
  decide: to<typeof approvalApi.decide>('POST', '/api/approvals/:id/decide'),
  decideMany: to<typeof approvalApi.decideMany>('POST', '/api/approvals/decide'),
  withdrawApproval: to<typeof approvalApi.withdraw>('POST', '/api/approvals/:id/withdraw'),
  remindApproval: to<typeof approvalApi.remind>('POST', '/api/approvals/:id/remind'),
  transferApproval: to<typeof approvalApi.transfer>('POST', '/api/approvals/:id/transfer'),
  askAboutApproval: to<typeof approvalApi.ask>('POST', '/api/approvals/:id/ask'),
  answerApproval: to<typeof approvalApi.answer>('POST', '/api/approvals/:id/answer'),
  commentApproval: to<typeof approvalApi.comment>('POST', '/api/approvals/:id/comments'),
  readAttachment: to<typeof approvalApi.readAttachment>('GET', '/api/approvals/:id/attachments/:attachmentId'),
  policies: to<typeof policyApi.list>('GET', '/api/approval-policies'),
  savePolicy: to<typeof policyApi.save>('PUT', '/api/approval-policies/:kind'),
  delegates: to<typeof delegateApi.list>('GET', '/api/approval-delegates'),
  addDelegate: to<typeof delegateApi.add>('POST', '/api/approval-delegates'),
  removeDelegate: to<typeof delegateApi.remove>('DELETE', '/api/approval-delegates/:id'),

  teamSummary: to<typeof teamApi.summary>('GET', '/api/team/summary'),
  pipeline: to<typeof teamApi.pipeline>('GET', '/api/team/pipeline'),
  reps: to<typeof teamApi.reps>('GET', '/api/team/reps'),
  silentCustomers: to<typeof teamApi.silent>('GET', '/api/team/silent'),
  remindTeam: to<typeof teamApi.remind>('POST', '/api/team/remind'),
  followUp: to<typeof teamApi.readSetting>('GET', '/api/settings/follow-up'),
  saveFollowUp: to<typeof teamApi.saveSetting>('PUT', '/api/settings/follow-up'),

  members: to<typeof memberApi.list>('GET', '/api/members'),
  editMember: to<typeof memberApi.edit>('PATCH', '/api/members/:id'),
  memberAccounts: to<typeof memberApi.accounts>('GET', '/api/member-accounts'),
  joinAccount: to<typeof memberApi.join>('POST', '/api/member-accounts/join'),
  separateAccount: to<typeof memberApi.separate>('POST', '/api/member-accounts/separate'),

  opportunities: to<typeof opportunityApi.list>('GET', '/api/opportunities'),
  opportunity: to<typeof opportunityApi.read>('GET', '/api/opportunities/:id'),
  prefillOpportunity: to<typeof opportunityApi.prefill>('GET', '/api/opportunities/prefill'),
  createOpportunity: to<typeof opportunityApi.create>('POST', '/api/opportunities'),
  editOpportunity: to<typeof opportunityApi.edit>('PATCH', '/api/opportunities/:id'),
  moveOpportunity: to<typeof opportunityApi.move>('POST', '/api/opportunities/:id/stage'),
  requestDiscount: to<typeof opportunityApi.requestDiscount>('POST', '/api/opportunities/:id/discount'),
  requestTerms: to<typeof opportunityApi.requestTerms>('POST', '/api/opportunities/:id/terms'),
  belongings: to<typeof handoverApi.belongings>('GET', '/api/handovers/belongings'),
  previewHandover: to<typeof handoverApi.preview>('POST', '/api/handovers/preview'),
  createHandover: to<typeof handoverApi.create>('POST', '/api/handovers'),
  handovers: to<typeof handoverApi.list>('GET', '/api/handovers'),
  handover: to<typeof handoverApi.read>('GET', '/api/handovers/:id'),
  handoverItems: to<typeof handoverApi.items>('GET', '/api/handovers/:id/items'),
  editHandover: to<typeof handoverApi.edit>('PATCH', '/api/handovers/:id'),
  submitHandover: to<typeof handoverApi.submit>('POST', '/api/handovers/:id/submit'),
  withdrawHandover: to<typeof handoverApi.withdraw>('POST', '/api/handovers/:id/withdraw'),
  retryHandover: to<typeof handoverApi.retry>('POST', '/api/handovers/:id/retry'),

  segmentFields: to<typeof segmentApi.fields>('GET', '/api/segments/fields'),
  segments: to<typeof segmentApi.list>('GET', '/api/segments'),
  segment: to<typeof segmentApi.read>('GET', '/api/segments/:id'),
  segmentVersions: to<typeof segmentApi.versions>('GET', '/api/segments/:id/versions'),
  createSegment: to<typeof segmentApi.create>('POST', '/api/segments'),
  editSegment: to<typeof segmentApi.edit>('PUT', '/api/segments/:id'),
  removeSegment: to<typeof segmentApi.remove>('DELETE', '/api/segments/:id'),
  countSegment: to<typeof segmentApi.count>('POST', '/api/segments/count'),
  draftSegment: to<typeof segmentApi.draft>('POST', '/api/segments/draft'),
  broadcasts: to<typeof broadcastApi.list>('GET', '/api/broadcasts'),
  broadcast: to<typeof broadcastApi.read>('GET', '/api/broadcasts/:id'),
  createBroadcast: to<typeof broadcastApi.create>('POST', '/api/broadcasts'),
  copyBroadcast: to<typeof broadcastApi.copy>('POST', '/api/broadcasts/:id/copy'),
  editBroadcast: to<typeof broadcastApi.edit>('PUT', '/api/broadcasts/:id'),
  removeBroadcast: to<typeof broadcastApi.remove>('DELETE', '/api/broadcasts/:id'),
  checkBroadcast: to<typeof broadcastApi.check>('POST', '/api/broadcasts/:id/check'),
  broadcastRecipients: to<typeof resultsApi.recipients>('GET', '/api/broadcasts/:id/recipients'),
  testBroadcast: to<typeof broadcastApi.test>('POST', '/api/broadcasts/:id/test'),
  submitBroadcast: to<typeof broadcastApi.submit>('POST', '/api/broadcasts/:id/submit'),
  withdrawBroadcast: to<typeof broadcastApi.withdraw>('POST', '/api/broadcasts/:id/withdraw'),
  pauseBroadcast: to<typeof broadcastApi.pause>('POST', '/api/broadcasts/:id/pause'),
  resumeBroadcast: to<typeof broadcastApi.resume>('POST', '/api/broadcasts/:id/resume'),
  cancelBroadcast: to<typeof broadcastApi.cancel>('POST', '/api/broadcasts/:id/cancel'),
  remindBroadcast: to<typeof broadcastApi.remind>('POST', '/api/broadcasts/:id/remind'),
  broadcastResults: to<typeof resultsApi.results>('GET', '/api/broadcasts/:id/results'),
  contactLists: to<typeof segmentApi.lists>('GET', '/api/contact-lists'),

  inbound: to<typeof inboundApi.list>('GET', '/api/inbound'),
  replay: to<typeof inboundApi.replay>('POST', '/api/inbound/:id/replay'),
  replayDead: to<typeof inboundApi.replayDead>('POST', '/api/inbound/replay-dead'),
  syncRuns: to<typeof inboundApi.syncRuns>('GET', '/api/sync-runs'),
  startSync: to<typeof inboundApi.startSync>('POST', '/api/sync-runs'),

  materials: to<typeof materialApi.list>('GET', '/api/materials'),
  materialFolders: to<typeof materialApi.folders>('GET', '/api/materials/folders'),
  material: to<typeof materialApi.read>('GET', '/api/materials/:id'),
  createMaterial: to<typeof materialApi.create>('POST', '/api/materials'),
  editMaterial: to<typeof materialApi.edit>('PUT', '/api/materials/:id'),
  archiveMaterial: to<typeof materialApi.archive>('POST', '/api/materials/:id/archive'),
  uploadMaterial: to<typeof materialApi.upload>('POST', '/api/material-files'),
  materialFile: to<typeof materialApi.fileInfo>('GET', '/api/material-files/:id/info'),
  materialLimits: to<typeof materialApi.limits>('GET', '/api/material-limits'),
  useMaterial: to<typeof materialApi.use>('POST', '/api/materials/:id/use'),
  checkWords: to<typeof materialApi.checkWords>('POST', '/api/materials/check-words'),
  sensitiveWords: to<typeof materialApi.words>('GET', '/api/settings/sensitive-words'),
  saveSensitiveWords: to<typeof materialApi.saveWords>('PUT', '/api/settings/sensitive-words'),

  channels: to<typeof channelApi.list>('GET', '/api/channels'),
  channel: to<typeof channelApi.read>('GET', '/api/channels/:id'),
  createChannel: to<typeof channelApi.create>('POST', '/api/channels'),
  editChannel: to<typeof channelApi.edit>('PUT', '/api/channels/:id'),
  archiveChannel: to<typeof channelApi.archive>('POST', '/api/channels/:id/archive'),
  channelBoard: to<typeof channelApi.board>('GET', '/api/channels/board'),

  allSeries: to<typeof seriesApi.list>('GET', '/api/series'),
  createSeries: to<typeof seriesApi.create>('POST', '/api/series'),
  editSeries: to<typeof seriesApi.edit>('PUT', '/api/series/:id'),
  moveSeries: to<typeof seriesApi.move>('POST', '/api/series/:id/state'),
  seriesRuns: to<typeof seriesApi.runs>('GET', '/api/series/:id/runs'),
  contactSeries: to<typeof seriesApi.ofContact>('GET', '/api/contacts/:id/series'),
  moveSeriesRun: to<typeof seriesApi.moveRun>('POST', '/api/series-runs/:id/state'),

  broadcastRules: to<typeof broadcastRulesApi.read>('GET', '/api/settings/broadcast-rules'),
  saveBroadcastRules: to<typeof broadcastRulesApi.save>('PUT', '/api/settings/broadcast-rules'),
  welcome: to<typeof channelApi.welcome>('GET', '/api/settings/welcome'),
  saveWelcome: to<typeof channelApi.saveWelcome>('PUT', '/api/settings/welcome'),

  createContactList: to<typeof segmentApi.createList>('POST', '/api/contact-lists'),
  matchContactList: to<typeof segmentApi.matchList>('POST', '/api/contact-lists/match'),
  removeContactList: to<typeof segmentApi.removeList>('DELETE', '/api/contact-lists/:id'),
};
