-- AlterTable
ALTER TABLE "ModelRun" ADD COLUMN     "estimatedMicros" BIGINT NOT NULL DEFAULT 0;
