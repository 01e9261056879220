-- DropIndex
DROP INDEX "FollowTag_tagId_idx";

-- CreateIndex
CREATE INDEX "FollowTag_tagId_followId_idx" ON "FollowTag"("tagId", "followId");

-- CreateIndex
CREATE INDEX "Customer_stage_id_idx" ON "Customer"("stage", "id");
