-- CreateTable
CREATE TABLE "KnowledgeDocument" (
    "id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'reading',
    "error" TEXT,
    "upload" INTEGER NOT NULL DEFAULT 1,
    "readUpload" INTEGER,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,
    "updatedBy" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "KnowledgeDocument_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "KnowledgePassage" (
    "id" UUID NOT NULL,
    "documentId" UUID,
    "materialId" UUID,
    "materialVersion" INTEGER,
    "position" INTEGER NOT NULL,
    "headings" TEXT[],
    "text" TEXT NOT NULL,
    "tokens" tsvector NOT NULL,

    CONSTRAINT "KnowledgePassage_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "KnowledgeDocument_name_key" ON "KnowledgeDocument"("name");

-- CreateIndex
CREATE INDEX "KnowledgeDocument_state_idx" ON "KnowledgeDocument"("state");

-- CreateIndex
CREATE INDEX "KnowledgeDocument_updatedAt_id_idx" ON "KnowledgeDocument"("updatedAt", "id");

-- CreateIndex
CREATE INDEX "KnowledgePassage_tokens_idx" ON "KnowledgePassage" USING GIN ("tokens");

-- CreateIndex
CREATE UNIQUE INDEX "KnowledgePassage_documentId_position_key" ON "KnowledgePassage"("documentId", "position");

-- CreateIndex
CREATE UNIQUE INDEX "KnowledgePassage_materialId_position_key" ON "KnowledgePassage"("materialId", "position");

-- AddForeignKey
ALTER TABLE "KnowledgePassage" ADD CONSTRAINT "KnowledgePassage_documentId_fkey" FOREIGN KEY ("documentId") REFERENCES "KnowledgeDocument"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "KnowledgePassage" ADD CONSTRAINT "KnowledgePassage_materialId_fkey" FOREIGN KEY ("materialId") REFERENCES "Material"("id") ON DELETE CASCADE ON UPDATE CASCADE;
