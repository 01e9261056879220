-- DropIndex
DROP INDEX "FollowTag_tagId_idx";

-- AlterTable
ALTER TABLE "Contact" ADD COLUMN     "optSaidAt" TIMESTAMPTZ,
ADD COLUMN     "optedOutBy" TEXT;

-- AlterTable
ALTER TABLE "Welcome" ADD COLUMN     "channel" TEXT;

-- CreateTable
CREATE TABLE "Broadcast" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "platform" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'draft',
    "pausedAt" TIMESTAMPTZ,
    "segmentId" UUID,
    "rule" JSONB,
    "segmentVersion" INTEGER,
    "audience" JSONB NOT NULL,
    "content" JSONB NOT NULL,
    "sendAt" TIMESTAMPTZ,
    "ownerId" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "testedHash" TEXT,
    "testedAt" TIMESTAMPTZ,
    "planning" TEXT,
    "planVersion" INTEGER,
    "planTotal" INTEGER,
    "planDone" INTEGER NOT NULL DEFAULT 0,
    "planAfter" UUID,
    "planClaimedAt" TIMESTAMPTZ,
    "planError" TEXT,
    "plannedAt" TIMESTAMPTZ,
    "planCounts" JSONB,
    "contentHash" TEXT,
    "recipientHash" TEXT,
    "frozenContent" JSONB,
    "fromDay" DATE,
    "untilDay" DATE,
    "approvalId" UUID,
    "submittedBy" UUID,
    "submitReason" TEXT,
    "frozenAt" TIMESTAMPTZ,
    "approvedAt" TIMESTAMPTZ,
    "startedAt" TIMESTAMPTZ,
    "confirmBy" TIMESTAMPTZ,
    "finishedAt" TIMESTAMPTZ,
    "cancelledAt" TIMESTAMPTZ,
    "cancelledBy" UUID,
    "cancelReason" TEXT,
    "resultsAt" TIMESTAMPTZ,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "Broadcast_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "BroadcastChunk" (
    "broadcastId" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "contactIds" UUID[],

    CONSTRAINT "BroadcastChunk_pkey" PRIMARY KEY ("broadcastId","number")
);

-- CreateTable
CREATE TABLE "BroadcastRecipient" (
    "broadcastId" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "part" TEXT NOT NULL,
    "reason" TEXT,
    "memberId" UUID,
    "variant" TEXT,
    "deliveryId" UUID,
    "state" TEXT NOT NULL DEFAULT 'planned',
    "failure" TEXT,
    "deliveredAt" TIMESTAMPTZ,
    "repliedAt" TIMESTAMPTZ,

    CONSTRAINT "BroadcastRecipient_pkey" PRIMARY KEY ("broadcastId","contactId")
);

-- CreateTable
CREATE TABLE "BroadcastDelivery" (
    "id" UUID NOT NULL,
    "broadcastId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "memberKey" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "batch" INTEGER NOT NULL,
    "contactCount" INTEGER NOT NULL,
    "contactHash" TEXT NOT NULL,
    "contentHash" TEXT,
    "state" TEXT NOT NULL DEFAULT 'frozen',
    "key" TEXT,
    "claimedAt" TIMESTAMPTZ,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "nextAttemptAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sentAt" TIMESTAMPTZ,
    "confirmedAt" TIMESTAMPTZ,
    "syncedAt" TIMESTAMPTZ,
    "cancelOwed" BOOLEAN NOT NULL DEFAULT false,
    "remindedAt" TIMESTAMPTZ,
    "reminders" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "BroadcastDelivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ContactTouch" (
    "contactId" UUID NOT NULL,
    "broadcastId" UUID NOT NULL,
    "fromDay" DATE NOT NULL,
    "untilDay" DATE NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'reserved',

    CONSTRAINT "ContactTouch_pkey" PRIMARY KEY ("contactId","broadcastId")
);

-- CreateTable
CREATE TABLE "CallGate" (
    "platform" TEXT NOT NULL,
    "call" TEXT NOT NULL,
    "until" TIMESTAMPTZ NOT NULL,
    "strikes" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "CallGate_pkey" PRIMARY KEY ("platform","call")
);

-- CreateTable
CREATE TABLE "Channel" (
    "id" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "source" TEXT,
    "state" TEXT NOT NULL,
    "key" TEXT,
    "url" TEXT,
    "skipVerify" BOOLEAN NOT NULL DEFAULT true,
    "duty" JSONB NOT NULL,
    "dailyMax" INTEGER,
    "tagIds" UUID[],
    "welcomes" JSONB NOT NULL DEFAULT '[]',
    "expiresAt" TIMESTAMPTZ,
    "archivedAt" TIMESTAMPTZ,
    "createdBy" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,
    "wantedFace" TEXT NOT NULL DEFAULT '',
    "shownFace" TEXT NOT NULL DEFAULT '',
    "onDuty" JSONB NOT NULL DEFAULT '[]',
    "shownState" TEXT NOT NULL DEFAULT 'owed',
    "claimedAt" TIMESTAMPTZ,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "nextAttemptAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Channel_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ChannelArrival" (
    "channelId" UUID NOT NULL,
    "followId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'owed',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "nextAttemptAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ChannelArrival_pkey" PRIMARY KEY ("channelId","followId")
);

-- CreateTable
CREATE TABLE "Material" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "folder" TEXT NOT NULL DEFAULT '',
    "tags" TEXT[],
    "content" JSONB NOT NULL,
    "fileId" UUID,
    "createdBy" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,
    "archivedAt" TIMESTAMPTZ,

    CONSTRAINT "Material_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "MaterialFile" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "createdBy" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "MaterialFile_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "MaterialMedia" (
    "fileId" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "MaterialMedia_pkey" PRIMARY KEY ("fileId","platform")
);

-- CreateTable
CREATE TABLE "MaterialUse" (
    "id" BIGSERIAL NOT NULL,
    "materialId" UUID NOT NULL,
    "memberId" UUID,
    "place" TEXT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "MaterialUse_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Segment" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "rule" JSONB NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "ownerId" UUID NOT NULL,
    "count" INTEGER,
    "countBefore" INTEGER,
    "countedAt" TIMESTAMPTZ,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,
    "removedAt" TIMESTAMPTZ,

    CONSTRAINT "Segment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SegmentVersion" (
    "segmentId" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "rule" JSONB NOT NULL,
    "memberId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SegmentVersion_pkey" PRIMARY KEY ("segmentId","version")
);

-- CreateTable
CREATE TABLE "ContactList" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "createdBy" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removedAt" TIMESTAMPTZ,

    CONSTRAINT "ContactList_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ContactListEntry" (
    "listId" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ContactListEntry_pkey" PRIMARY KEY ("listId","contactId")
);

-- CreateTable
CREATE TABLE "Series" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'draft',
    "entry" JSONB NOT NULL,
    "steps" JSONB NOT NULL,
    "endOnReply" BOOLEAN NOT NULL DEFAULT false,
    "ownerId" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL,
    "startedAt" TIMESTAMPTZ,
    "sweptAt" TIMESTAMPTZ,
    "sweptVersion" INTEGER,

    CONSTRAINT "Series_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SeriesSeen" (
    "seriesId" UUID NOT NULL,
    "contactId" UUID NOT NULL,

    CONSTRAINT "SeriesSeen_pkey" PRIMARY KEY ("seriesId","contactId")
);

-- CreateTable
CREATE TABLE "SeriesRun" (
    "id" UUID NOT NULL,
    "seriesId" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "steps" JSONB NOT NULL,
    "endOnReply" BOOLEAN NOT NULL DEFAULT false,
    "step" INTEGER NOT NULL DEFAULT 0,
    "enteredAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "nextAt" TIMESTAMPTZ,
    "pausedBy" UUID,
    "leftBecause" TEXT,
    "endedAt" TIMESTAMPTZ,

    CONSTRAINT "SeriesRun_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SeriesStep" (
    "runId" UUID NOT NULL,
    "step" INTEGER NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "result" TEXT NOT NULL,
    "reason" TEXT,
    "taskId" UUID,

    CONSTRAINT "one_step_once" PRIMARY KEY ("runId","step")
);

-- CreateIndex
CREATE INDEX "Broadcast_state_sendAt_idx" ON "Broadcast"("state", "sendAt");

-- CreateIndex
CREATE INDEX "Broadcast_updatedAt_id_idx" ON "Broadcast"("updatedAt", "id");

-- CreateIndex
CREATE INDEX "Broadcast_segmentId_idx" ON "Broadcast"("segmentId");

-- CreateIndex
CREATE INDEX "BroadcastRecipient_deliveryId_idx" ON "BroadcastRecipient"("deliveryId");

-- CreateIndex
CREATE INDEX "BroadcastRecipient_contactId_idx" ON "BroadcastRecipient"("contactId");

-- CreateIndex
CREATE INDEX "BroadcastDelivery_state_nextAttemptAt_idx" ON "BroadcastDelivery"("state", "nextAttemptAt");

-- CreateIndex
CREATE INDEX "BroadcastDelivery_broadcastId_state_idx" ON "BroadcastDelivery"("broadcastId", "state");

-- CreateIndex
CREATE UNIQUE INDEX "one_delivery_per_member_and_batch" ON "BroadcastDelivery"("broadcastId", "memberId", "variant", "batch");

-- CreateIndex
CREATE UNIQUE INDEX "one_delivery_per_send" ON "BroadcastDelivery"("platform", "key");

-- CreateIndex
CREATE INDEX "ContactTouch_broadcastId_idx" ON "ContactTouch"("broadcastId");

-- CreateIndex
CREATE UNIQUE INDEX "Channel_state_key" ON "Channel"("state");

-- CreateIndex
CREATE INDEX "Channel_archivedAt_createdAt_idx" ON "Channel"("archivedAt", "createdAt");

-- CreateIndex
CREATE INDEX "Channel_shownState_nextAttemptAt_idx" ON "Channel"("shownState", "nextAttemptAt");

-- CreateIndex
CREATE INDEX "ChannelArrival_followId_idx" ON "ChannelArrival"("followId");

-- CreateIndex
CREATE INDEX "ChannelArrival_state_nextAttemptAt_idx" ON "ChannelArrival"("state", "nextAttemptAt");

-- CreateIndex
CREATE INDEX "Material_folder_updatedAt_idx" ON "Material"("folder", "updatedAt");

-- CreateIndex
CREATE INDEX "MaterialFile_sha256_idx" ON "MaterialFile"("sha256");

-- CreateIndex
CREATE INDEX "MaterialUse_materialId_at_idx" ON "MaterialUse"("materialId", "at");

-- CreateIndex
CREATE INDEX "Segment_removedAt_updatedAt_idx" ON "Segment"("removedAt", "updatedAt");

-- CreateIndex
CREATE INDEX "ContactListEntry_contactId_idx" ON "ContactListEntry"("contactId");

-- CreateIndex
CREATE INDEX "SeriesRun_state_nextAt_idx" ON "SeriesRun"("state", "nextAt");

-- CreateIndex
CREATE INDEX "SeriesRun_contactId_idx" ON "SeriesRun"("contactId");

-- CreateIndex
CREATE UNIQUE INDEX "one_run_per_contact" ON "SeriesRun"("seriesId", "contactId");

-- CreateIndex
CREATE INDEX "Follow_channel_addedAt_idx" ON "Follow"("channel", "addedAt");

-- CreateIndex
CREATE INDEX "Follow_channel_channelAt_idx" ON "Follow"("channel", "channelAt");

-- CreateIndex
CREATE INDEX "FollowTag_tagId_followId_idx" ON "FollowTag"("tagId", "followId");

-- CreateIndex
CREATE INDEX "Customer_stage_id_idx" ON "Customer"("stage", "id");

-- AddForeignKey
ALTER TABLE "ChannelArrival" ADD CONSTRAINT "ChannelArrival_channelId_fkey" FOREIGN KEY ("channelId") REFERENCES "Channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ChannelArrival" ADD CONSTRAINT "ChannelArrival_followId_fkey" FOREIGN KEY ("followId") REFERENCES "Follow"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Material" ADD CONSTRAINT "Material_fileId_fkey" FOREIGN KEY ("fileId") REFERENCES "MaterialFile"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MaterialMedia" ADD CONSTRAINT "MaterialMedia_fileId_fkey" FOREIGN KEY ("fileId") REFERENCES "MaterialFile"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MaterialUse" ADD CONSTRAINT "MaterialUse_materialId_fkey" FOREIGN KEY ("materialId") REFERENCES "Material"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SegmentVersion" ADD CONSTRAINT "SegmentVersion_segmentId_fkey" FOREIGN KEY ("segmentId") REFERENCES "Segment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ContactListEntry" ADD CONSTRAINT "ContactListEntry_listId_fkey" FOREIGN KEY ("listId") REFERENCES "ContactList"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SeriesSeen" ADD CONSTRAINT "SeriesSeen_seriesId_fkey" FOREIGN KEY ("seriesId") REFERENCES "Series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SeriesRun" ADD CONSTRAINT "SeriesRun_seriesId_fkey" FOREIGN KEY ("seriesId") REFERENCES "Series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SeriesStep" ADD CONSTRAINT "SeriesStep_runId_fkey" FOREIGN KEY ("runId") REFERENCES "SeriesRun"("id") ON DELETE CASCADE ON UPDATE CASCADE;
