-- AlterTable
ALTER TABLE "Summary" ADD COLUMN     "readMessageIds" UUID[] DEFAULT ARRAY[]::UUID[],
ADD COLUMN     "replySources" TEXT;

-- AlterTable
ALTER TABLE "SuggestionFeedback" ADD COLUMN     "distance" DOUBLE PRECISION,
ADD COLUMN     "promptVersion" TEXT,
ADD COLUMN     "runId" UUID;

-- CreateIndex
CREATE INDEX "SuggestionFeedback_at_idx" ON "SuggestionFeedback"("at");

-- CreateIndex
CREATE INDEX "SuggestionFeedback_promptVersion_at_idx" ON "SuggestionFeedback"("promptVersion", "at");
