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

-- CreateIndex
CREATE INDEX "ChannelArrival_followId_idx" ON "ChannelArrival"("followId");

-- CreateIndex
CREATE INDEX "ChannelArrival_state_nextAttemptAt_idx" ON "ChannelArrival"("state", "nextAttemptAt");

-- CreateIndex
CREATE INDEX "Follow_channel_addedAt_idx" ON "Follow"("channel", "addedAt");

-- AddForeignKey
ALTER TABLE "ChannelArrival" ADD CONSTRAINT "ChannelArrival_channelId_fkey" FOREIGN KEY ("channelId") REFERENCES "Channel"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ChannelArrival" ADD CONSTRAINT "ChannelArrival_followId_fkey" FOREIGN KEY ("followId") REFERENCES "Follow"("id") ON DELETE CASCADE ON UPDATE CASCADE;
