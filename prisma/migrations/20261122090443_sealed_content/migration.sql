-- AlterTable
ALTER TABLE "Approval" ALTER COLUMN "content" SET DATA TYPE TEXT;
