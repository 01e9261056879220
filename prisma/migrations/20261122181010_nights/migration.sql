-- AlterTable
ALTER TABLE "ModelRun" ADD COLUMN     "estimatedMicros" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "KnowledgePassage" ADD COLUMN     "unfitModel" TEXT;

-- AlterTable
ALTER TABLE "ScoringWork" ADD COLUMN     "forgetAfter" UUID,
ADD COLUMN     "forgottenAt" TIMESTAMPTZ;

-- AlterTable
ALTER TABLE "MessageSignal" ADD COLUMN     "manner" TEXT NOT NULL DEFAULT 'plain';
