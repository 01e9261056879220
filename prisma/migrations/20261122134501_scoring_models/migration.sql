-- AlterTable
ALTER TABLE "Score" ADD COLUMN     "modelId" UUID,
ADD COLUMN     "vector" BYTEA,
ALTER COLUMN "factors" DROP NOT NULL;

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
CREATE INDEX "ScoringModel_target_state_idx" ON "ScoringModel"("target", "state");

-- CreateIndex
CREATE UNIQUE INDEX "one_model_per_version" ON "ScoringModel"("target", "version");

-- CreateIndex
CREATE INDEX "MessageSignal_contactId_at_idx" ON "MessageSignal"("contactId", "at");

-- AddForeignKey
ALTER TABLE "MessageSignal" ADD CONSTRAINT "MessageSignal_messageId_fkey" FOREIGN KEY ("messageId") REFERENCES "Message"("id") ON DELETE CASCADE ON UPDATE CASCADE;
