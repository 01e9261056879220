-- AlterTable
ALTER TABLE "ContactList" ADD COLUMN     "notTaken" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "TakenRequest" (
    "key" UUID NOT NULL,
    "memberId" UUID NOT NULL,
    "contentHash" TEXT NOT NULL,
    "madeId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "TakenRequest_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "TakenRequest_at_idx" ON "TakenRequest"("at");
