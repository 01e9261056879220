-- AlterTable
ALTER TABLE "MemberIdentity" ADD COLUMN     "cameFrom" UUID,
ADD COLUMN     "leftAt" TIMESTAMPTZ;

-- AlterTable
ALTER TABLE "Todo" ADD COLUMN     "sourceKey" TEXT NOT NULL;

-- Accounts of members who left are gone with them.
UPDATE "MemberIdentity" account SET "leftAt" = member."leftAt"
FROM "Member" member WHERE member.id = account."memberId" AND member.status = 'left';
