-- CreateIndex
CREATE INDEX "Opportunity_updatedAt_id_idx" ON "Opportunity"("updatedAt", "id");

-- AddForeignKey
ALTER TABLE "Opportunity" ADD CONSTRAINT "Opportunity_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "Customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
