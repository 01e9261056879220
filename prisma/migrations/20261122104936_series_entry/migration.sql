-- AlterTable
ALTER TABLE "Contact" ADD COLUMN     "optSaidAt" TIMESTAMPTZ;

-- AlterTable
ALTER TABLE "Series" ADD COLUMN     "sweptVersion" INTEGER;

-- CreateTable
CREATE TABLE "SeriesSeen" (
    "seriesId" UUID NOT NULL,
    "contactId" UUID NOT NULL,

    CONSTRAINT "SeriesSeen_pkey" PRIMARY KEY ("seriesId","contactId")
);

-- CreateIndex
CREATE INDEX "Follow_channel_channelAt_idx" ON "Follow"("channel", "channelAt");

-- AddForeignKey
ALTER TABLE "SeriesSeen" ADD CONSTRAINT "SeriesSeen_seriesId_fkey" FOREIGN KEY ("seriesId") REFERENCES "Series"("id") ON DELETE CASCADE ON UPDATE CASCADE;
