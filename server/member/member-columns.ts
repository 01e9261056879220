/** A column that names a member, and what becomes of it when two members turn out to be one. */
export interface MemberColumn {
  table: string;
  column: string;
  /** `kept`: a record of who it was then, which nobody rewrites. */
  fate: 'moved' | 'kept';
  /** The other columns of a key in which a member stands once. */
  once?: readonly string[];
  /** What of the row that goes the one that stays must have: assignments of `kept` from `gone`. */
  gains?: string;
}

const moved = (table: string, ...columns: string[]): MemberColumn[] =>
  columns.map((column) => ({ table, column, fate: 'moved' }));
const kept = (table: string, ...columns: string[]): MemberColumn[] =>
  columns.map((column) => ({ table, column, fate: 'kept' }));

/** The seat on which more was done. */
const seatRank = (row: string) =>
  `array_position(ARRAY['closed', 'passed_on', 'waiting', 'open', 'rejected', 'approved'], ${row}.state)`;
const ofFullerSeat = (column: string) =>
  `"${column}" = CASE WHEN ${seatRank('gone')} > ${seatRank('kept')} THEN gone."${column}" ELSE kept."${column}" END`;
const ofNewer = (stamp: string) => (column: string) =>
  `"${column}" = CASE WHEN gone."${stamp}" > kept."${stamp}" THEN gone."${column}" ELSE kept."${column}" END`;

/** All of them; a test walks the database and finds the one that is missing here. */
export const memberColumns: readonly MemberColumn[] = [
  ...moved('Session', 'memberId'),
  ...moved('TakenRequest', 'memberId'),
  {
    table: 'DepartmentMember',
    column: 'memberId',
    fate: 'moved',
    once: ['departmentId'],
    gains: '"isLeader" = kept."isLeader" OR gone."isLeader"',
  },

  ...moved('Notice', 'memberId'),
  {
    table: 'Follow',
    column: 'memberId',
    fate: 'moved',
    once: ['contactId'],
    gains: ['state', 'remark', 'description', 'remarkCorpName', 'remarkPhones', 'phoneHashes', 'changedAt']
      .map(ofNewer('changedAt'))
      .join(', '),
  },
  {
    table: 'Conversation',
    column: 'memberId',
    fate: 'moved',
    once: ['contactId'],
    gains:
      '"lastMessageAt" = greatest(kept."lastMessageAt", gone."lastMessageAt"), "messageCount" = kept."messageCount" + gone."messageCount", "hasNews" = kept."hasNews" OR gone."hasNews"',
  },
  ...moved('Customer', 'ownerId'),
  ...moved('CustomerNote', 'authorId'),
  ...moved('CustomerChange', 'memberId'),
  ...moved('Binding', 'madeBy'),
  ...moved('BindingChange', 'memberId'),

  ...moved('Task', 'assigneeId', 'createdBy'),
  { table: 'Todo', column: 'memberId', fate: 'moved', once: ['taskId', 'platform'] },
  {
    table: 'ReplyDraft',
    column: 'memberId',
    fate: 'moved',
    once: ['contactId'],
    gains: ['text', 'updatedAt'].map(ofNewer('updatedAt')).join(', '),
  },
  ...moved('SuggestionFeedback', 'memberId'),
  ...moved('Score', 'overrideBy'),
  ...moved('ChurnAlert', 'ownerId', 'closedBy'),

  ...moved('Approval', 'requesterId', 'decidedBy'),
  {
    table: 'ApprovalSeat',
    column: 'memberId',
    fate: 'moved',
    once: ['approvalId', 'level'],
    gains: ['state', 'because', 'dueAt', 'openedAt', 'decidedAt'].map(ofFullerSeat).join(', '),
  },
  ...moved('ApprovalSeat', 'standsFor'),
  {
    table: 'ApprovalCopy',
    column: 'memberId',
    fate: 'moved',
    once: ['approvalId'],
    gains: '"readAt" = coalesce(kept."readAt", gone."readAt")',
  },
  { table: 'ApprovalCard', column: 'memberId', fate: 'moved', once: ['approvalId', 'platform'] },
  ...moved('ApprovalAttachment', 'addedBy'),
  ...moved('ApprovalPolicy', 'updatedBy'),
  ...moved('ApprovalDelegate', 'memberId', 'toMemberId', 'createdBy'),
  ...kept('ApprovalHistory', 'memberId'),
  ...moved('FieldGrant', 'memberId'),
  ...moved('Opportunity', 'ownerId', 'createdBy'),
  ...moved('OpportunityChange', 'memberId'),
  ...moved('Handover', 'fromMemberId', 'createdBy'),
  ...moved('HandoverItem', 'toMemberId'),
  ...moved('Material', 'createdBy'),
  ...moved('MaterialFile', 'createdBy'),
  ...moved('MaterialUse', 'memberId'),
  ...moved('KnowledgeDocument', 'updatedBy'),
  ...moved('Channel', 'createdBy'),
  ...moved('Segment', 'ownerId'),
  ...kept('SegmentVersion', 'memberId'),
  ...moved('ContactList', 'createdBy'),
  ...moved('Broadcast', 'ownerId', 'cancelledBy', 'submittedBy'),
  // Of what was frozen, approved and sent.
  ...kept('BroadcastRecipient', 'memberId'),
  ...kept('BroadcastDelivery', 'memberId'),
  ...moved('Series', 'ownerId'),
  ...moved('SeriesRun', 'memberId', 'pausedBy'),
  { table: 'SidebarUse', column: 'memberId', fate: 'moved', once: ['day'], gains: 'opens = kept.opens + gone.opens' },

  ...moved('Setting', 'updatedBy'),
  ...kept('AuditEntry', 'memberId'),
  ...kept('ModelRun', 'memberId'),
  // The accounts themselves go over one by one, with how they came.
  ...kept('MemberIdentity', 'memberId', 'cameFrom'),
];

/** Documents in which members stand by their ids. */
export const memberDocuments: readonly { table: string; column: string }[] = [
  { table: 'ApprovalPolicy', column: 'policy' },
  { table: 'Approval', column: 'levels' },
  { table: 'Channel', column: 'duty' },
  { table: 'Channel', column: 'onDuty' },
  { table: 'Segment', column: 'rule' },
  { table: 'Broadcast', column: 'audience' },
];

/** The statements that move everything from member $1 to member $2, in their order. */
export function moveStatements(): string[] {
  return [
    ...memberColumns.filter(({ fate }) => fate === 'moved').flatMap(moveColumn),
    ...memberDocuments.map(
      ({ table, column }) =>
        `UPDATE "${table}" SET "${column}" = replace("${column}"::text, $1::uuid::text, $2::uuid::text)::jsonb WHERE strpos("${column}"::text, $1::uuid::text) > 0`,
    ),
    // Nobody decides in their own place.
    `DELETE FROM "ApprovalDelegate" WHERE "memberId" = $2::uuid AND "toMemberId" = $2::uuid AND $1::uuid IS NOT NULL`,
  ];
}

function moveColumn({ table, column, once, gains }: MemberColumn): string[] {
  const move = `UPDATE "${table}" SET "${column}" = $2::uuid WHERE "${column}" = $1::uuid`;
  if (!once) return [move];
  const pair = [
    `gone."${column}" = $1::uuid`,
    `kept."${column}" = $2::uuid`,
    ...once.map((other) => `gone."${other}" = kept."${other}"`),
  ].join(' AND ');
  return [
    ...(gains ? [`UPDATE "${table}" kept SET ${gains} FROM "${table}" gone WHERE ${pair}`] : []),
    ...(table === 'Conversation' ? ['Message', 'Summary'].map((part) => moveWords(part, pair)) : []),
    `DELETE FROM "${table}" gone USING "${table}" kept WHERE ${pair}`,
    move,
  ];
}

/** What was said and understood in two conversations that are one. */
function moveWords(part: string, pair: string): string {
  return `UPDATE "${part}" SET "conversationId" = kept.id FROM "Conversation" gone, "Conversation" kept WHERE ${pair} AND "${part}"."conversationId" = gone.id`;
}
