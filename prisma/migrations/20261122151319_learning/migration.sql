-- DropIndex
DROP INDEX "ModelRun_at_idx";

-- AlterTable
ALTER TABLE "ModelRun" ADD COLUMN     "cachedTokens" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "contactId" UUID,
ADD COLUMN     "memberId" UUID;

-- AlterTable
ALTER TABLE "Score" ADD COLUMN     "modelId" UUID,
ADD COLUMN     "vector" BYTEA,
ALTER COLUMN "factors" DROP NOT NULL;

-- AlterTable
ALTER TABLE "Summary" ADD COLUMN     "readMessageIds" UUID[] DEFAULT ARRAY[]::UUID[],
ADD COLUMN     "replySources" TEXT;

-- AlterTable
ALTER TABLE "SuggestionFeedback" ADD COLUMN     "distance" DOUBLE PRECISION,
ADD COLUMN     "promptVersion" TEXT,
ADD COLUMN     "runId" UUID;

-- CreateTable
CREATE TABLE "ModelDay" (
    "day" INTEGER NOT NULL,
    "spentMicros" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "ModelDay_pkey" PRIMARY KEY ("day")
);

-- CreateTable
CREATE TABLE "Health" (
    "contactId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "level" TEXT NOT NULL,
    "risk" INTEGER,
    "method" TEXT NOT NULL,
    "factors" TEXT NOT NULL,

    CONSTRAINT "Health_pkey" PRIMARY KEY ("contactId")
);

-- CreateTable
CREATE TABLE "ChurnAlert" (
    "id" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "customerId" UUID,
    "ownerId" UUID,
    "at" TIMESTAMPTZ NOT NULL,
    "risk" INTEGER NOT NULL,
    "factors" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "openOf" UUID,
    "closedAt" TIMESTAMPTZ,
    "closedBy" UUID,
    "reason" TEXT,

    CONSTRAINT "ChurnAlert_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "KnowledgeDocument" (
    "id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'reading',
    "error" TEXT,
    "upload" INTEGER NOT NULL DEFAULT 1,
    "readUpload" INTEGER,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,
    "updatedBy" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "KnowledgeDocument_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "KnowledgePassage" (
    "id" UUID NOT NULL,
    "documentId" UUID,
    "materialId" UUID,
    "materialVersion" INTEGER,
    "position" INTEGER NOT NULL,
    "headings" TEXT[],
    "text" TEXT NOT NULL,
    "tokens" tsvector NOT NULL,

    CONSTRAINT "KnowledgePassage_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ScoringModel" (
    "id" UUID NOT NULL,
    "target" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "trainedAt" TIMESTAMPTZ NOT NULL,
    "fromAt" TIMESTAMPTZ NOT NULL,
    "untilAt" TIMESTAMPTZ NOT NULL,
    "rows" INTEGER NOT NULL,
    "positives" INTEGER NOT NULL,
    "trainSeconds" DOUBLE PRECISION NOT NULL,
    "body" BYTEA NOT NULL,
    "recalibrations" JSONB NOT NULL DEFAULT '[]',
    "findings" JSONB NOT NULL,
    "drift" JSONB,
    "decision" JSONB,

    CONSTRAINT "ScoringModel_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ScoringWork" (
    "target" TEXT NOT NULL,
    "outcomes" INTEGER NOT NULL DEFAULT 0,
    "trainState" TEXT NOT NULL DEFAULT 'idle',
    "trainStartedAt" TIMESTAMPTZ,
    "trainDone" INTEGER NOT NULL DEFAULT 0,
    "trainTotal" INTEGER NOT NULL DEFAULT 0,
    "trainError" TEXT,
    "nightlyAt" TIMESTAMPTZ,
    "rescoreMethod" TEXT,
    "rescoreAfter" UUID,
    "rescoreRunning" BOOLEAN NOT NULL DEFAULT false,
    "rescoreDone" INTEGER NOT NULL DEFAULT 0,
    "rescoreTotal" INTEGER NOT NULL DEFAULT 0,
    "rescoreStartedAt" TIMESTAMPTZ,
    "rescoreEndedAt" TIMESTAMPTZ,
    "newsAt" TIMESTAMPTZ,
    "timeDay" INTEGER,

    CONSTRAINT "ScoringWork_pkey" PRIMARY KEY ("target")
);

-- CreateTable
CREATE TABLE "ScoreDue" (
    "contactId" UUID NOT NULL,

    CONSTRAINT "ScoreDue_pkey" PRIMARY KEY ("contactId")
);

-- CreateTable
CREATE TABLE "MessageSignal" (
    "messageId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "contactId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "quote" TEXT NOT NULL,

    CONSTRAINT "MessageSignal_pkey" PRIMARY KEY ("messageId","kind")
);

-- CreateIndex
CREATE UNIQUE INDEX "one_open_churn_alert" ON "ChurnAlert"("openOf");

-- CreateIndex
CREATE INDEX "ChurnAlert_state_risk_id_idx" ON "ChurnAlert"("state", "risk", "id");

-- CreateIndex
CREATE INDEX "ChurnAlert_contactId_at_idx" ON "ChurnAlert"("contactId", "at");

-- CreateIndex
CREATE UNIQUE INDEX "KnowledgeDocument_name_key" ON "KnowledgeDocument"("name");

-- CreateIndex
CREATE INDEX "KnowledgeDocument_state_idx" ON "KnowledgeDocument"("state");

-- CreateIndex
CREATE INDEX "KnowledgeDocument_updatedAt_id_idx" ON "KnowledgeDocument"("updatedAt", "id");

-- CreateIndex
CREATE INDEX "KnowledgePassage_tokens_idx" ON "KnowledgePassage" USING GIN ("tokens");

-- CreateIndex
CREATE UNIQUE INDEX "KnowledgePassage_documentId_position_key" ON "KnowledgePassage"("documentId", "position");

-- CreateIndex
CREATE UNIQUE INDEX "KnowledgePassage_materialId_position_key" ON "KnowledgePassage"("materialId", "position");

-- CreateIndex
CREATE INDEX "ScoringModel_target_state_idx" ON "ScoringModel"("target", "state");

-- CreateIndex
CREATE UNIQUE INDEX "one_model_per_version" ON "ScoringModel"("target", "version");

-- CreateIndex
CREATE INDEX "MessageSignal_contactId_at_idx" ON "MessageSignal"("contactId", "at");

-- CreateIndex
CREATE INDEX "ModelRun_at_id_idx" ON "ModelRun"("at", "id");

-- CreateIndex
CREATE INDEX "ModelRun_promptVersion_at_idx" ON "ModelRun"("promptVersion", "at");

-- CreateIndex
CREATE INDEX "SuggestionFeedback_at_idx" ON "SuggestionFeedback"("at");

-- CreateIndex
CREATE INDEX "SuggestionFeedback_promptVersion_at_idx" ON "SuggestionFeedback"("promptVersion", "at");

-- AddForeignKey
ALTER TABLE "Health" ADD CONSTRAINT "Health_contactId_fkey" FOREIGN KEY ("contactId") REFERENCES "Contact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ChurnAlert" ADD CONSTRAINT "ChurnAlert_contactId_fkey" FOREIGN KEY ("contactId") REFERENCES "Contact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "KnowledgePassage" ADD CONSTRAINT "KnowledgePassage_documentId_fkey" FOREIGN KEY ("documentId") REFERENCES "KnowledgeDocument"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "KnowledgePassage" ADD CONSTRAINT "KnowledgePassage_materialId_fkey" FOREIGN KEY ("materialId") REFERENCES "Material"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MessageSignal" ADD CONSTRAINT "MessageSignal_messageId_fkey" FOREIGN KEY ("messageId") REFERENCES "Message"("id") ON DELETE CASCADE ON UPDATE CASCADE;
