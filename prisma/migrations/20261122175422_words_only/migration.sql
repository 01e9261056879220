-- AlterTable
ALTER TABLE "KnowledgePassage" ADD COLUMN     "unfitModel" TEXT;
