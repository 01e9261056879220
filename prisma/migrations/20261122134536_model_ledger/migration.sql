-- DropIndex
DROP INDEX "ModelRun_at_idx";

-- AlterTable
ALTER TABLE "ModelRun" ADD COLUMN     "cachedTokens" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "contactId" UUID,
ADD COLUMN     "memberId" UUID;

-- CreateTable
CREATE TABLE "ModelDay" (
    "day" INTEGER NOT NULL,
    "spentMicros" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "ModelDay_pkey" PRIMARY KEY ("day")
);

-- CreateIndex
CREATE INDEX "ModelRun_at_id_idx" ON "ModelRun"("at", "id");

-- CreateIndex
CREATE INDEX "ModelRun_promptVersion_at_idx" ON "ModelRun"("promptVersion", "at");
