-- AlterTable
ALTER TABLE "ScoringWork" ADD COLUMN     "forgetAfter" UUID,
ADD COLUMN     "forgottenAt" TIMESTAMPTZ;
