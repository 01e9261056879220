-- DropIndex
DROP INDEX "BroadcastRecipient_deliveryId_contactId_idx";

-- CreateIndex
CREATE INDEX "BroadcastRecipient_deliveryId_idx" ON "BroadcastRecipient"("deliveryId");
