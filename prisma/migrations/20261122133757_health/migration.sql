-- CreateTable
CREATE TABLE "Health" (
    "contactId" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "level" TEXT NOT NULL,
    "risk" INTEGER,
    "method" TEXT NOT NULL,
    "factors" TEXT NOT NULL,

    CONSTRAINT "Health_pkey" PRIMARY KEY ("contactId")
);

-- CreateTable
CREATE TABLE "ChurnAlert" (
    "id" UUID NOT NULL,
    "contactId" UUID NOT NULL,
    "customerId" UUID,
    "ownerId" UUID,
    "at" TIMESTAMPTZ NOT NULL,
    "risk" INTEGER NOT NULL,
    "factors" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "openOf" UUID,
    "closedAt" TIMESTAMPTZ,
    "closedBy" UUID,
    "reason" TEXT,

    CONSTRAINT "ChurnAlert_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "one_open_churn_alert" ON "ChurnAlert"("openOf");

-- CreateIndex
CREATE INDEX "ChurnAlert_state_risk_id_idx" ON "ChurnAlert"("state", "risk", "id");

-- CreateIndex
CREATE INDEX "ChurnAlert_contactId_at_idx" ON "ChurnAlert"("contactId", "at");

-- AddForeignKey
ALTER TABLE "Health" ADD CONSTRAINT "Health_contactId_fkey" FOREIGN KEY ("contactId") REFERENCES "Contact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ChurnAlert" ADD CONSTRAINT "ChurnAlert_contactId_fkey" FOREIGN KEY ("contactId") REFERENCES "Contact"("id") ON DELETE CASCADE ON UPDATE CASCADE;
