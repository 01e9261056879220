import { beforeAll, expect, test } from 'vitest';
import { joinAccount } from '#server/member/join-account.ts';
import { memberColumns, memberDocuments } from '#server/member/member-columns.ts';
import { callerOf, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld({ platforms: [new FakePlatform('wecom'), new FakePlatform('dingtalk')] });

// The rows of this file name things that are not there.
beforeAll(async () => {
  const { rows } = await world.deps.pool.query<{ table: string; name: string }>(
    `SELECT conrelid::regclass::text AS "table", conname AS name FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`,
  );
  for (const { table, name } of rows) await world.deps.pool.query(`ALTER TABLE ${table} DROP CONSTRAINT "${name}"`);
});

test('of two members who are one, nothing names the emptied one but what is never rewritten', async () => {
  const { deps } = world;
  const admin = await makeMember(deps, { role: 'admin' });
  const kept = await makeMember(deps);
  const gone = await makeMember(deps, { platform: 'dingtalk', key: 'u1' });
  await nameEverywhere(gone.id);
  const joining = { platform: 'dingtalk', key: 'u1', memberId: kept.id };
  await joinAccount(deps, await callerOf(deps, admin), joining);
  const naming: string[] = [];
  for (const { table, column } of memberColumns) {
    const { rows } = await deps.pool.query(`SELECT 1 FROM "${table}" WHERE "${column}" = $1`, [gone.id]);
    if (rows.length > 0) naming.push(`${table}.${column}`);
  }
  expect(naming.toSorted()).toEqual([
    'ApprovalHistory.memberId',
    'AuditEntry.memberId',
    'BroadcastDelivery.memberId',
    'BroadcastRecipient.memberId',
    'MemberIdentity.cameFrom',
    'ModelRun.memberId',
    'SegmentVersion.memberId',
  ]);
});

test('every column that names a member is known to whoever joins two', async () => {
  const { rows } = await world.deps.pool.query<{ table: string; column: string; type: string }>(
    `SELECT table_name AS "table", column_name AS "column", data_type AS type FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name <> '_prisma_migrations' AND data_type IN ('uuid', 'jsonb', 'ARRAY') ORDER BY 1, 2`,
  );
  const listed = memberColumns.map(({ table, column }) => `${table}.${column}`);
  const uuids = rows.filter(({ type }) => type === 'uuid').map(({ table, column }) => `${table}.${column}`);
  expect(listed.toSorted().filter((name) => !uuids.includes(name))).toEqual([]);
  // What these name is something else. A new name is looked at by whoever brings it.
  const others =
    /\.(id|approvalId|broadcastId|channelId|contactId|conversationId|customerId|deliveryId|departmentId|documentId|fileId|followId|forgetAfter|handoverId|key|listId|madeId|materialId|messageId|modelId|openOf|opportunityId|planAfter|rescoreAfter|runId|segmentId|seriesId|subjectId|summaryId|tagId|taskId|upToMessageId|undoneById)$/;
  expect(uuids.filter((name) => !others.test(name) && !listed.includes(name))).toEqual([]);
  const documents = new Set(
    rows.filter(({ type }) => type === 'jsonb').map(({ table, column }) => `${table}.${column}`),
  );
  expect(
    memberDocuments.map(({ table, column }) => `${table}.${column}`).filter((name) => !documents.has(name)),
  ).toEqual([]);
});

/** A row of each table in whose columns of members this one stands, written without asking what it means. */
async function nameEverywhere(memberId: string): Promise<void> {
  for (const [table, columns] of Map.groupBy(memberColumns, (one) => one.table)) {
    if (table === 'MemberIdentity') continue;
    const { rows } = await world.deps.pool.query<{ column: string; type: string }>(
      `SELECT column_name AS "column", data_type AS type FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL`,
      [table],
    );
    const named = columns.map(({ column }) => column);
    const needed = rows.filter(({ column }) => !named.includes(column));
    const names = [...needed.map(({ column }) => column), ...named];
    const values = [...needed.map(({ type }) => sampleOf(type)), ...named.map(() => `'${memberId}'`)];
    await world.deps.pool.query(
      `INSERT INTO "${table}" (${names.map((name) => `"${name}"`).join(', ')}) VALUES (${values.join(', ')})`,
    );
  }
}

function sampleOf(type: string): string {
  if (type === 'uuid') return 'gen_random_uuid()';
  if (type === 'jsonb') return `'{}'`;
  if (type.startsWith('timestamp') || type === 'date') return 'now()';
  if (type === 'boolean') return 'false';
  return /int|double|numeric/.test(type) ? '0' : `'x'`;
}
