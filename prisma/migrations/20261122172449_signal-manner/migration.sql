-- AlterTable
ALTER TABLE "MessageSignal" ADD COLUMN     "manner" TEXT NOT NULL DEFAULT 'plain';
