-- DropIndex
DROP INDEX "BroadcastRecipient_broadcastId_part_reason_contactId_idx";
