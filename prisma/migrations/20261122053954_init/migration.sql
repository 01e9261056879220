-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "SharedToken" (
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ NOT NULL,
    "updatedAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "SharedToken_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "Setting" (
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updatedAt" TIMESTAMPTZ NOT NULL,
    "updatedBy" UUID,

    CONSTRAINT "Setting_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "AuditEntry" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "memberId" UUID,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "AuditEntry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ModelRun" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "useCase" TEXT NOT NULL,
    "promptVersion" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "inputHash" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "inputTokens" INTEGER NOT NULL DEFAULT 0,
    "outputTokens" INTEGER NOT NULL DEFAULT 0,
    "costMicros" BIGINT NOT NULL DEFAULT 0,
    "latencyMs" INTEGER NOT NULL DEFAULT 0,
    "droppedCount" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "answer" TEXT,

    CONSTRAINT "ModelRun_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Binding" (
    "contactId" UUID NOT NULL,
    "customerId" UUID NOT NULL,
    "role" TEXT NOT NULL DEFAULT 'other',
    "reasons" JSONB NOT NULL,
    "madeBy" UUID,
    "madeAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "contact_bound_once_to_customer" PRIMARY KEY ("contactId","customerId")
);

-- CreateTable
CREATE TABLE "BindingChange" (
    "id" BIGSERIAL NOT NULL,
    "contactId" UUID NOT NULL,
    "customerId" UUID NOT NULL,
    "action" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "previousRole" TEXT,
    "reasons" JSONB NOT NULL,
    "memberId" UUID,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "undoneById" BIGINT,

    CONSTRAINT "BindingChange_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Contact" (
    "id" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "avatar" TEXT,
    "type" TEXT NOT NULL DEFAULT 'messenger',
    "gender" INTEGER NOT NULL DEFAULT 0,
    "unionKey" TEXT,
    "corpName" TEXT,
    "corpFullName" TEXT,
    "position" TEXT,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "syncedAt" TIMESTAMPTZ,
    "optedOutAt" TIMESTAMPTZ,

    CONSTRAINT "Contact_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Follow" (
    "id" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "remark" TEXT,
    "description" TEXT,
    "remarkCorpName" TEXT,
    "remarkPhones" TEXT,
    "phoneHashes" TEXT[],
    "addWay" INTEGER,
    "channel" TEXT,
    "channelAt" TIMESTAMPTZ,
    "addedAt" TIMESTAMPTZ,
    "changedAt" TIMESTAMPTZ NOT NULL,
    "archiveConsent" TEXT NOT NULL DEFAULT 'unknown',
    "consentAt" TIMESTAMPTZ,
    "shownAt" TIMESTAMPTZ,

    CONSTRAINT "Follow_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Tag" (
    "id" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "groupKey" TEXT NOT NULL,
    "groupName" TEXT NOT NULL,
    "order" BIGINT NOT NULL DEFAULT 0,
    "deletedAt" TIMESTAMPTZ,

    CONSTRAINT "Tag_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "FollowTag" (
    "followId" UUID NOT NULL,
    "tagId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "FollowTag_pkey" PRIMARY KEY ("followId","tagId")
);

-- CreateTable
CREATE TABLE "Welcome" (
    "codeHash" TEXT NOT NULL,
    "platform" TEXT NOT NULL,
    "contactKey" TEXT NOT NULL,
    "memberKey" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "lastError" TEXT,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sentAt" TIMESTAMPTZ,

    CONSTRAINT "Welcome_pkey" PRIMARY KEY ("codeHash")
);

-- CreateTable
CREATE TABLE "ChatSource" (
    "id" TEXT NOT NULL,
    "platform" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "modelAllowed" BOOLEAN NOT NULL DEFAULT false,
    "cursor" TEXT NOT NULL DEFAULT '0',
    "passedOver" JSONB NOT NULL DEFAULT '{}',
    "updatedAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "ChatSource_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ArchiveGap" (
    "id" UUID NOT NULL,
    "sourceId" TEXT NOT NULL,
    "fromSeq" BIGINT NOT NULL,
    "toSeq" BIGINT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "reason" TEXT NOT NULL DEFAULT 'missing',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "foundAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "nextAttemptAt" TIMESTAMPTZ,

    CONSTRAINT "ArchiveGap_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "EarlyRecall" (
    "sourceId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "EarlyRecall_pkey" PRIMARY KEY ("sourceId","key")
);

-- CreateTable
CREATE TABLE "Conversation" (
    "id" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "lastMessageAt" TIMESTAMPTZ,
    "messageCount" INTEGER NOT NULL DEFAULT 0,
    "hasNews" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "Conversation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Message" (
    "id" UUID NOT NULL,
    "conversationId" UUID NOT NULL,
    "sourceId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "sender" TEXT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "kind" TEXT NOT NULL,
    "text" TEXT NOT NULL DEFAULT '',
    "media" TEXT,
    "recalledAt" TIMESTAMPTZ,

    CONSTRAINT "Message_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Customer" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "nameCore" TEXT NOT NULL DEFAULT '',
    "sameAs" TEXT,
    "regionCode" TEXT,
    "industryCode" TEXT,
    "grade" TEXT,
    "stage" TEXT NOT NULL DEFAULT 'new',
    "source" TEXT,
    "ownerId" UUID,
    "phone" TEXT,
    "phoneHash" TEXT,
    "website" TEXT,
    "address" TEXT,
    "custom" JSONB NOT NULL DEFAULT '{}',
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Customer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CustomerField" (
    "key" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "labelEn" TEXT,
    "type" TEXT NOT NULL,
    "options" TEXT[],
    "required" BOOLEAN NOT NULL DEFAULT false,
    "order" INTEGER NOT NULL DEFAULT 0,
    "archivedAt" TIMESTAMPTZ,

    CONSTRAINT "CustomerField_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "CustomerNote" (
    "id" UUID NOT NULL,
    "customerId" UUID NOT NULL,
    "authorId" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "CustomerNote_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CustomerChange" (
    "id" BIGSERIAL NOT NULL,
    "customerId" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "memberId" UUID,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "field" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,

    CONSTRAINT "CustomerChange_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "InboundEvent" (
    "id" BIGSERIAL NOT NULL,
    "platform" TEXT NOT NULL,
    "bodyHash" BYTEA NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "strand" SMALLINT NOT NULL,
    "event" JSONB NOT NULL,
    "occurredAt" TIMESTAMPTZ NOT NULL,
    "receivedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "nextAttemptAt" TIMESTAMPTZ,
    "handledAt" TIMESTAMPTZ,

    CONSTRAINT "InboundEvent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SyncRun" (
    "id" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "cursor" JSONB NOT NULL DEFAULT '{}',
    "done" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER,
    "repaired" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "startedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,
    "finishedAt" TIMESTAMPTZ,

    CONSTRAINT "SyncRun_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Department" (
    "id" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "parentKey" TEXT,
    "order" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "Department_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Member" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL DEFAULT 'rep',
    "status" TEXT NOT NULL DEFAULT 'active',
    "position" TEXT,
    "avatar" TEXT,
    "locale" TEXT NOT NULL DEFAULT 'zh-CN',
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "leftAt" TIMESTAMPTZ,

    CONSTRAINT "Member_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "MemberIdentity" (
    "platform" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "memberId" UUID NOT NULL,
    "syncedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "MemberIdentity_pkey" PRIMARY KEY ("platform","key")
);

-- CreateTable
CREATE TABLE "DepartmentMember" (
    "departmentId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "isLeader" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "DepartmentMember_pkey" PRIMARY KEY ("departmentId","memberId")
);

-- CreateTable
CREATE TABLE "Session" (
    "tokenHash" TEXT NOT NULL,
    "memberId" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("tokenHash")
);

-- CreateTable
CREATE TABLE "Score" (
    "id" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "value" INTEGER NOT NULL,
    "factors" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "override" INTEGER,
    "overrideReason" TEXT,
    "overrideBy" UUID,
    "overrideAt" TIMESTAMPTZ,

    CONSTRAINT "Score_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Summary" (
    "id" UUID NOT NULL,
    "conversationId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "statements" TEXT NOT NULL,
    "signals" TEXT NOT NULL,
    "suggestedTags" TEXT[],
    "replyDraft" TEXT,
    "upToMessageId" UUID,
    "messageCount" INTEGER NOT NULL,
    "droppedCount" INTEGER NOT NULL DEFAULT 0,
    "runId" UUID,
    "promptVersion" TEXT NOT NULL,

    CONSTRAINT "Summary_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SummaryAttempt" (
    "conversationId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "outcome" TEXT,
    "upToMessageId" UUID,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "nextAt" TIMESTAMPTZ,

    CONSTRAINT "SummaryAttempt_pkey" PRIMARY KEY ("conversationId")
);

-- CreateTable
CREATE TABLE "ReplyDraft" (
    "memberId" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "updatedAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "ReplyDraft_pkey" PRIMARY KEY ("memberId","contactId")
);

-- CreateTable
CREATE TABLE "SuggestionFeedback" (
    "id" UUID NOT NULL,
    "summaryId" UUID,
    "contactId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "verdict" TEXT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SuggestionFeedback_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Task" (
    "id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "contactId" UUID,
    "customerId" UUID,
    "assigneeId" UUID NOT NULL,
    "createdBy" UUID,
    "dueAt" TIMESTAMPTZ,
    "remindAt" TIMESTAMPTZ,
    "quote" TEXT,
    "messageId" UUID,
    "promiseKey" TEXT,
    "doneAt" TIMESTAMPTZ,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "Task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Notice" (
    "key" TEXT NOT NULL,
    "memberId" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "path" TEXT,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "claimedAt" TIMESTAMPTZ,
    "nextAttemptAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sentAt" TIMESTAMPTZ,

    CONSTRAINT "Notice_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "AuditEntry_subject_id_idx" ON "AuditEntry"("subject", "id");

-- CreateIndex
CREATE INDEX "ModelRun_useCase_inputHash_idx" ON "ModelRun"("useCase", "inputHash");

-- CreateIndex
CREATE INDEX "ModelRun_at_idx" ON "ModelRun"("at");

-- CreateIndex
CREATE INDEX "Binding_customerId_idx" ON "Binding"("customerId");

-- CreateIndex
CREATE INDEX "BindingChange_contactId_id_idx" ON "BindingChange"("contactId", "id");

-- CreateIndex
CREATE INDEX "BindingChange_customerId_id_idx" ON "BindingChange"("customerId", "id");

-- CreateIndex
CREATE INDEX "Contact_unionKey_idx" ON "Contact"("unionKey");

-- CreateIndex
CREATE UNIQUE INDEX "Contact_platform_key_key" ON "Contact"("platform", "key");

-- CreateIndex
CREATE INDEX "Follow_memberId_state_idx" ON "Follow"("memberId", "state");

-- CreateIndex
CREATE INDEX "Follow_phoneHashes_idx" ON "Follow" USING GIN ("phoneHashes");

-- CreateIndex
CREATE UNIQUE INDEX "Follow_contactId_memberId_key" ON "Follow"("contactId", "memberId");

-- CreateIndex
CREATE UNIQUE INDEX "Tag_platform_key_key" ON "Tag"("platform", "key");

-- CreateIndex
CREATE INDEX "FollowTag_tagId_idx" ON "FollowTag"("tagId");

-- CreateIndex
CREATE INDEX "Welcome_state_expiresAt_idx" ON "Welcome"("state", "expiresAt");

-- CreateIndex
CREATE INDEX "ArchiveGap_sourceId_state_nextAttemptAt_idx" ON "ArchiveGap"("sourceId", "state", "nextAttemptAt");

-- CreateIndex
CREATE UNIQUE INDEX "ArchiveGap_sourceId_fromSeq_key" ON "ArchiveGap"("sourceId", "fromSeq");

-- CreateIndex
CREATE INDEX "Conversation_hasNews_idx" ON "Conversation"("hasNews");

-- CreateIndex
CREATE UNIQUE INDEX "Conversation_contactId_memberId_key" ON "Conversation"("contactId", "memberId");

-- CreateIndex
CREATE INDEX "Message_conversationId_at_idx" ON "Message"("conversationId", "at");

-- CreateIndex
CREATE UNIQUE INDEX "one_row_per_message" ON "Message"("sourceId", "key");

-- CreateIndex
CREATE UNIQUE INDEX "customer_exists_already" ON "Customer"("sameAs");

-- CreateIndex
CREATE INDEX "Customer_ownerId_updatedAt_idx" ON "Customer"("ownerId", "updatedAt");

-- CreateIndex
CREATE INDEX "Customer_updatedAt_id_idx" ON "Customer"("updatedAt", "id");

-- CreateIndex
CREATE INDEX "Customer_phoneHash_idx" ON "Customer"("phoneHash");

-- CreateIndex
CREATE INDEX "Customer_name_idx" ON "Customer"("name");

-- CreateIndex
CREATE INDEX "CustomerNote_customerId_at_idx" ON "CustomerNote"("customerId", "at");

-- CreateIndex
CREATE INDEX "CustomerChange_customerId_version_idx" ON "CustomerChange"("customerId", "version");

-- CreateIndex
CREATE INDEX "InboundEvent_state_strand_idx" ON "InboundEvent"("state", "strand");

-- CreateIndex
CREATE UNIQUE INDEX "one_row_per_event" ON "InboundEvent"("platform", "bodyHash");

-- CreateIndex
CREATE INDEX "SyncRun_platform_kind_startedAt_idx" ON "SyncRun"("platform", "kind", "startedAt");

-- CreateIndex
CREATE UNIQUE INDEX "Department_platform_key_key" ON "Department"("platform", "key");

-- CreateIndex
CREATE INDEX "MemberIdentity_memberId_idx" ON "MemberIdentity"("memberId");

-- CreateIndex
CREATE INDEX "DepartmentMember_memberId_idx" ON "DepartmentMember"("memberId");

-- CreateIndex
CREATE INDEX "Session_memberId_idx" ON "Session"("memberId");

-- CreateIndex
CREATE INDEX "Score_contactId_at_idx" ON "Score"("contactId", "at");

-- CreateIndex
CREATE INDEX "Summary_conversationId_at_idx" ON "Summary"("conversationId", "at");

-- CreateIndex
CREATE INDEX "SummaryAttempt_nextAt_idx" ON "SummaryAttempt"("nextAt");

-- CreateIndex
CREATE UNIQUE INDEX "one_task_per_promise" ON "Task"("promiseKey");

-- CreateIndex
CREATE INDEX "Task_assigneeId_state_dueAt_idx" ON "Task"("assigneeId", "state", "dueAt");

-- CreateIndex
CREATE INDEX "Task_contactId_state_idx" ON "Task"("contactId", "state");

-- CreateIndex
CREATE INDEX "Task_customerId_state_idx" ON "Task"("customerId", "state");

-- CreateIndex
CREATE INDEX "Task_state_remindAt_idx" ON "Task"("state", "remindAt");

-- CreateIndex
CREATE INDEX "Notice_state_nextAttemptAt_idx" ON "Notice"("state", "nextAttemptAt");

-- AddForeignKey
ALTER TABLE "Binding" ADD CONSTRAINT "Binding_contactId_fkey" FOREIGN KEY ("contactId") REFERENCES "Contact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Binding" ADD CONSTRAINT "Binding_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "Customer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Follow" ADD CONSTRAINT "Follow_contactId_fkey" FOREIGN KEY ("contactId") REFERENCES "Contact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "FollowTag" ADD CONSTRAINT "FollowTag_followId_fkey" FOREIGN KEY ("followId") REFERENCES "Follow"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "FollowTag" ADD CONSTRAINT "FollowTag_tagId_fkey" FOREIGN KEY ("tagId") REFERENCES "Tag"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Conversation" ADD CONSTRAINT "Conversation_contactId_fkey" FOREIGN KEY ("contactId") REFERENCES "Contact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Message" ADD CONSTRAINT "Message_conversationId_fkey" FOREIGN KEY ("conversationId") REFERENCES "Conversation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "CustomerNote" ADD CONSTRAINT "CustomerNote_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "Customer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "CustomerChange" ADD CONSTRAINT "CustomerChange_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "Customer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MemberIdentity" ADD CONSTRAINT "MemberIdentity_memberId_fkey" FOREIGN KEY ("memberId") REFERENCES "Member"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DepartmentMember" ADD CONSTRAINT "DepartmentMember_departmentId_fkey" FOREIGN KEY ("departmentId") REFERENCES "Department"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DepartmentMember" ADD CONSTRAINT "DepartmentMember_memberId_fkey" FOREIGN KEY ("memberId") REFERENCES "Member"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_memberId_fkey" FOREIGN KEY ("memberId") REFERENCES "Member"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Summary" ADD CONSTRAINT "Summary_conversationId_fkey" FOREIGN KEY ("conversationId") REFERENCES "Conversation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SummaryAttempt" ADD CONSTRAINT "SummaryAttempt_conversationId_fkey" FOREIGN KEY ("conversationId") REFERENCES "Conversation"("id") ON DELETE CASCADE ON UPDATE CASCADE;
