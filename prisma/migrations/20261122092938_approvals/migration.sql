-- AlterTable
ALTER TABLE "MemberIdentity" ADD COLUMN     "cameFrom" UUID,
ADD COLUMN     "emailHash" TEXT,
ADD COLUMN     "joinedBy" TEXT NOT NULL DEFAULT 'own',
ADD COLUMN     "leftAt" TIMESTAMPTZ,
ADD COLUMN     "name" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "phoneHash" TEXT;

-- CreateTable
CREATE TABLE "Approval" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "mode" TEXT NOT NULL DEFAULT 'own',
    "requesterId" UUID NOT NULL,
    "customerId" UUID,
    "contactId" UUID,
    "subject" TEXT,
    "title" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "measure" DOUBLE PRECISION NOT NULL,
    "amountFen" BIGINT,
    "risk" TEXT NOT NULL,
    "levels" JSONB NOT NULL,
    "level" INTEGER NOT NULL DEFAULT 0,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "question" TEXT,
    "requestKey" TEXT,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,
    "expiresAt" TIMESTAMPTZ,
    "remindedAt" TIMESTAMPTZ,
    "decidedAt" TIMESTAMPTZ,
    "decidedBy" UUID,
    "effectState" TEXT NOT NULL DEFAULT 'none',
    "effectAttempts" INTEGER NOT NULL DEFAULT 0,
    "effectError" TEXT,
    "effectAt" TIMESTAMPTZ,
    "formPlatform" TEXT,
    "formKey" TEXT,
    "form" JSONB,
    "formState" TEXT NOT NULL DEFAULT 'none',
    "formAttempts" INTEGER NOT NULL DEFAULT 0,
    "formNextAttemptAt" TIMESTAMPTZ,

    CONSTRAINT "Approval_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApprovalSeat" (
    "id" UUID NOT NULL,
    "approvalId" UUID NOT NULL,
    "level" INTEGER NOT NULL,
    "memberId" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "because" TEXT NOT NULL DEFAULT 'policy',
    "standsFor" UUID,
    "dueAt" TIMESTAMPTZ,
    "openedAt" TIMESTAMPTZ,
    "decidedAt" TIMESTAMPTZ,

    CONSTRAINT "ApprovalSeat_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApprovalCopy" (
    "approvalId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "readAt" TIMESTAMPTZ,

    CONSTRAINT "ApprovalCopy_pkey" PRIMARY KEY ("approvalId","memberId")
);

-- CreateTable
CREATE TABLE "ApprovalHistory" (
    "id" BIGSERIAL NOT NULL,
    "approvalId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "memberId" UUID,
    "action" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "ApprovalHistory_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApprovalCard" (
    "key" TEXT NOT NULL,
    "approvalId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "memberKey" TEXT NOT NULL,
    "level" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'owed',
    "shownFace" TEXT NOT NULL DEFAULT '',
    "wantedFace" TEXT NOT NULL DEFAULT '',
    "updateCode" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "claimedAt" TIMESTAMPTZ,
    "nextAttemptAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "ApprovalCard_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "ApprovalAttachment" (
    "id" UUID NOT NULL,
    "approvalId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "content" TEXT NOT NULL,
    "addedBy" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ApprovalAttachment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApprovalPolicy" (
    "kind" TEXT NOT NULL,
    "policy" JSONB NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "updatedAt" TIMESTAMPTZ NOT NULL,
    "updatedBy" UUID,

    CONSTRAINT "ApprovalPolicy_pkey" PRIMARY KEY ("kind")
);

-- CreateTable
CREATE TABLE "ApprovalDelegate" (
    "id" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "toMemberId" UUID NOT NULL,
    "fromAt" TIMESTAMPTZ NOT NULL,
    "untilAt" TIMESTAMPTZ NOT NULL,
    "createdBy" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ApprovalDelegate_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "FieldGrant" (
    "id" UUID NOT NULL,
    "approvalId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "customerId" UUID NOT NULL,
    "field" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "FieldGrant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Handover" (
    "id" UUID NOT NULL,
    "fromMemberId" UUID NOT NULL,
    "leaver" BOOLEAN NOT NULL,
    "reason" TEXT NOT NULL,
    "message" TEXT NOT NULL DEFAULT '',
    "state" TEXT NOT NULL DEFAULT 'draft',
    "approvalId" UUID,
    "createdBy" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,
    "startedAt" TIMESTAMPTZ,
    "finishedAt" TIMESTAMPTZ,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "Handover_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "HandoverItem" (
    "id" UUID NOT NULL,
    "handoverId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "subjectId" UUID NOT NULL,
    "toMemberId" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'planned',
    "code" TEXT,
    "lastError" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "askedAt" TIMESTAMPTZ,
    "doneAt" TIMESTAMPTZ,
    "nextAttemptAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "HandoverItem_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Opportunity" (
    "id" UUID NOT NULL,
    "customerId" UUID NOT NULL,
    "contactId" UUID,
    "ownerId" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "amountFen" BIGINT,
    "discountBp" INTEGER NOT NULL DEFAULT 0,
    "stage" TEXT NOT NULL DEFAULT 'discovery',
    "stageAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expectedOn" DATE,
    "outcome" TEXT,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdBy" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "Opportunity_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "OpportunityChange" (
    "id" BIGSERIAL NOT NULL,
    "opportunityId" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "memberId" UUID,
    "approvalId" UUID,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "field" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,

    CONSTRAINT "OpportunityChange_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SidebarUse" (
    "memberId" UUID NOT NULL,
    "day" DATE NOT NULL,
    "opens" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "SidebarUse_pkey" PRIMARY KEY ("memberId","day")
);

-- CreateTable
CREATE TABLE "Todo" (
    "taskId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "memberKey" TEXT NOT NULL,
    "sourceKey" TEXT NOT NULL,
    "todoKey" TEXT,
    "state" TEXT NOT NULL DEFAULT 'owed',
    "wantedFace" TEXT NOT NULL DEFAULT '',
    "shownFace" TEXT NOT NULL DEFAULT '',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "claimedAt" TIMESTAMPTZ,
    "nextAttemptAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Todo_pkey" PRIMARY KEY ("taskId","memberId","platform")
);

-- CreateIndex
CREATE UNIQUE INDEX "one_request_per_key" ON "Approval"("requestKey");

-- CreateIndex
CREATE INDEX "Approval_requesterId_createdAt_idx" ON "Approval"("requesterId", "createdAt");

-- CreateIndex
CREATE INDEX "Approval_state_expiresAt_idx" ON "Approval"("state", "expiresAt");

-- CreateIndex
CREATE INDEX "Approval_effectState_idx" ON "Approval"("effectState");

-- CreateIndex
CREATE INDEX "Approval_formState_idx" ON "Approval"("formState");

-- CreateIndex
CREATE INDEX "Approval_formPlatform_formKey_idx" ON "Approval"("formPlatform", "formKey");

-- CreateIndex
CREATE INDEX "Approval_subject_idx" ON "Approval"("subject");

-- CreateIndex
CREATE INDEX "ApprovalSeat_memberId_state_idx" ON "ApprovalSeat"("memberId", "state");

-- CreateIndex
CREATE INDEX "ApprovalSeat_state_dueAt_idx" ON "ApprovalSeat"("state", "dueAt");

-- CreateIndex
CREATE UNIQUE INDEX "one_seat_per_level" ON "ApprovalSeat"("approvalId", "level", "memberId");

-- CreateIndex
CREATE INDEX "ApprovalCopy_memberId_idx" ON "ApprovalCopy"("memberId");

-- CreateIndex
CREATE INDEX "ApprovalHistory_approvalId_id_idx" ON "ApprovalHistory"("approvalId", "id");

-- CreateIndex
CREATE INDEX "ApprovalCard_state_nextAttemptAt_idx" ON "ApprovalCard"("state", "nextAttemptAt");

-- CreateIndex
CREATE UNIQUE INDEX "one_card_per_member" ON "ApprovalCard"("approvalId", "memberId", "platform");

-- CreateIndex
CREATE INDEX "ApprovalAttachment_approvalId_idx" ON "ApprovalAttachment"("approvalId");

-- CreateIndex
CREATE INDEX "ApprovalDelegate_memberId_untilAt_idx" ON "ApprovalDelegate"("memberId", "untilAt");

-- CreateIndex
CREATE UNIQUE INDEX "FieldGrant_approvalId_key" ON "FieldGrant"("approvalId");

-- CreateIndex
CREATE INDEX "FieldGrant_memberId_customerId_field_idx" ON "FieldGrant"("memberId", "customerId", "field");

-- CreateIndex
CREATE INDEX "Handover_fromMemberId_state_idx" ON "Handover"("fromMemberId", "state");

-- CreateIndex
CREATE INDEX "Handover_state_idx" ON "Handover"("state");

-- CreateIndex
CREATE INDEX "HandoverItem_state_nextAttemptAt_idx" ON "HandoverItem"("state", "nextAttemptAt");

-- CreateIndex
CREATE INDEX "HandoverItem_kind_subjectId_idx" ON "HandoverItem"("kind", "subjectId");

-- CreateIndex
CREATE UNIQUE INDEX "handed_over_once" ON "HandoverItem"("handoverId", "kind", "subjectId");

-- CreateIndex
CREATE INDEX "Opportunity_customerId_idx" ON "Opportunity"("customerId");

-- CreateIndex
CREATE INDEX "Opportunity_updatedAt_id_idx" ON "Opportunity"("updatedAt", "id");

-- CreateIndex
CREATE INDEX "Opportunity_ownerId_stage_idx" ON "Opportunity"("ownerId", "stage");

-- CreateIndex
CREATE INDEX "Opportunity_stage_stageAt_idx" ON "Opportunity"("stage", "stageAt");

-- CreateIndex
CREATE INDEX "OpportunityChange_opportunityId_version_idx" ON "OpportunityChange"("opportunityId", "version");

-- CreateIndex
CREATE INDEX "Todo_platform_todoKey_idx" ON "Todo"("platform", "todoKey");

-- CreateIndex
CREATE INDEX "Todo_state_nextAttemptAt_idx" ON "Todo"("state", "nextAttemptAt");

-- CreateIndex
CREATE INDEX "MemberIdentity_phoneHash_idx" ON "MemberIdentity"("phoneHash");

-- CreateIndex
CREATE INDEX "MemberIdentity_emailHash_idx" ON "MemberIdentity"("emailHash");

-- AddForeignKey
ALTER TABLE "ApprovalSeat" ADD CONSTRAINT "ApprovalSeat_approvalId_fkey" FOREIGN KEY ("approvalId") REFERENCES "Approval"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApprovalCopy" ADD CONSTRAINT "ApprovalCopy_approvalId_fkey" FOREIGN KEY ("approvalId") REFERENCES "Approval"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApprovalHistory" ADD CONSTRAINT "ApprovalHistory_approvalId_fkey" FOREIGN KEY ("approvalId") REFERENCES "Approval"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApprovalCard" ADD CONSTRAINT "ApprovalCard_approvalId_fkey" FOREIGN KEY ("approvalId") REFERENCES "Approval"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApprovalAttachment" ADD CONSTRAINT "ApprovalAttachment_approvalId_fkey" FOREIGN KEY ("approvalId") REFERENCES "Approval"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "HandoverItem" ADD CONSTRAINT "HandoverItem_handoverId_fkey" FOREIGN KEY ("handoverId") REFERENCES "Handover"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Opportunity" ADD CONSTRAINT "Opportunity_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "Customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "OpportunityChange" ADD CONSTRAINT "OpportunityChange_opportunityId_fkey" FOREIGN KEY ("opportunityId") REFERENCES "Opportunity"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Accounts of members who had left have left.
UPDATE "MemberIdentity" account SET "leftAt" = member."leftAt"
FROM "Member" member WHERE member.id = account."memberId" AND member.status = 'left';

-- What was done to an approval is never changed afterwards, by nobody. The engine ends a statement at every semicolon,
-- so those of the function are written \x3b.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
  E'BEGIN RAISE EXCEPTION ''% is append-only'', TG_TABLE_NAME\x3b END\x3b';
CREATE TRIGGER approval_history_is_append_only BEFORE UPDATE OR DELETE ON "ApprovalHistory"
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
