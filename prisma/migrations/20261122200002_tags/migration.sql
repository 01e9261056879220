-- DropForeignKey
ALTER TABLE "FollowTag" DROP CONSTRAINT "FollowTag_followId_fkey";

-- DropIndex
DROP INDEX "FollowTag_tagId_followId_idx";

-- AlterTable
ALTER TABLE "FollowTag" ADD COLUMN     "contactId" UUID,
ADD COLUMN     "state" TEXT;

-- What is there is taken over from the follow
UPDATE "FollowTag" t SET "contactId" = f."contactId", "state" = f."state" FROM "Follow" f WHERE f."id" = t."followId";

-- AlterTable
ALTER TABLE "FollowTag" ALTER COLUMN "contactId" SET NOT NULL,
ALTER COLUMN "state" SET NOT NULL;

-- CreateIndex
CREATE UNIQUE INDEX "Follow_id_contactId_state_key" ON "Follow"("id", "contactId", "state");

-- CreateIndex
CREATE INDEX "FollowTag_tagId_state_contactId_idx" ON "FollowTag"("tagId", "state", "contactId");

-- AddForeignKey
ALTER TABLE "FollowTag" ADD CONSTRAINT "FollowTag_followId_contactId_state_fkey" FOREIGN KEY ("followId", "contactId", "state") REFERENCES "Follow"("id", "contactId", "state") ON DELETE CASCADE ON UPDATE CASCADE;
