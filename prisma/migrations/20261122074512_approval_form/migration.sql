-- AlterTable
ALTER TABLE "Approval" ADD COLUMN     "form" JSONB;
