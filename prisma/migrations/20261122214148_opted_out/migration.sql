-- CreateIndex
CREATE INDEX "Contact_id_optedOutAt_idx" ON "Contact"("id", "optedOutAt");
