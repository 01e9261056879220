-- AlterTable
ALTER TABLE "Broadcast" ADD COLUMN     "fromDay" DATE,
ADD COLUMN     "frozenContent" JSONB,
ADD COLUMN     "submitReason" TEXT,
ADD COLUMN     "submittedBy" UUID,
ADD COLUMN     "untilDay" DATE;

-- CreateTable
CREATE TABLE "BroadcastChunk" (
    "broadcastId" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "contactIds" UUID[],

    CONSTRAINT "BroadcastChunk_pkey" PRIMARY KEY ("broadcastId","number")
);
