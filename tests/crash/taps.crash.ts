import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { openDatabase } from '#server/base/database.ts';
import { makeFieldCipher, sealJson } from '#server/base/field-cipher.ts';
import { newSessionToken } from '#server/member/session.ts';
import { startDouble } from '#tests/bot/wecom-double.ts';
import { cloneDatabase } from '#tests/support/database.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { freePort, startProduct } from '#tests/support/product.ts';
import { patienceMs } from '#tests/support/patience.ts';
import { definedOf } from './kills.ts';

const APPROVALS = 1000;
const AT_ONCE = 50;

test(
  'two managers tap on 1,000 approvals at the same moment, through two processes: each is decided once, and the other is told',
  { timeout: 400_000 },
  async () => {
    const database = await cloneDatabase();
    const { db, close } = openDatabase(database.url, () => {}, 4);
    const double = await startDouble();
    const origin = 'http://zhike.test';
    const secret = 'a secret of the taps, 32 characters long';
    const cipher = makeFieldCipher(secret);
    const products = await Promise.all(
      ['a', 'b'].map(async () => {
        const port = await freePort();
        const product = startProduct({
          ...definedOf(double.env),
          DATABASE_URL: database.url,
          DATA_DIR: freshFolder(),
          SESSION_SECRET: secret,
          PUBLIC_URL: origin,
          PORT: String(port),
        });
        return { ...product, url: `http://127.0.0.1:${port}` };
      }),
    );
    try {
      for (const product of products) await product.says(/Zhike is running/);
      const requester = await db.member.create({ data: { name: '李雷' } });
      const customer = await db.customer.create({ data: { kind: 'organisation', name: '云帆科技' } });
      const managers: { id: string; cookie: string }[] = [];
      for (const name of ['王经理', '赵经理']) {
        const member = await db.member.create({ data: { name, role: 'manager' } });
        const { token, tokenHash } = newSessionToken();
        const expiresAt = new Date(Date.now() + 3_600_000);
        await db.session.create({ data: { tokenHash, memberId: member.id, platform: 'wecom', expiresAt } });
        managers.push({ id: member.id, cookie: `zhike_session=${token}` });
      }
      const ids = Array.from({ length: APPROVALS }, () => randomUUID());
      await db.approval.createMany({
        data: ids.map((id) => ({
          id,
          kind: 'sensitive_reveal',
          requesterId: requester.id,
          customerId: customer.id,
          title: cipher.encrypt('phone'),
          reason: cipher.encrypt('call back'),
          content: sealJson(cipher, { customerId: customer.id, field: 'phone', hours: 4 }),
          measure: 4,
          risk: 'low',
          levels: [{ of: 'any', escalateAfterMinutes: null }],
        })),
      });
      await db.approvalSeat.createMany({
        data: ids.flatMap((approvalId) =>
          managers.map(({ id: memberId }) => ({ approvalId, memberId, level: 0, state: 'open' })),
        ),
      });

      const taps = ids.flatMap((id, at) =>
        managers.map((manager, which) => ({ id, manager, url: products[(at + which) % 2]?.url ?? '' })),
      );
      const answers = new Map<string, { status: number; code: string }[]>();
      const tap = async ({ id, manager, url }: (typeof taps)[number]) => {
        const response = await fetch(`${url}/api/approvals/${id}/decide`, {
          method: 'POST',
          headers: { Origin: origin, Cookie: manager.cookie, 'Content-Type': 'application/json' },
          body: JSON.stringify({ revision: 1, decision: 'approve' }),
        });
        const body = (await response.json()) as { error?: { code: string } };
        answers.set(id, [...(answers.get(id) ?? []), { status: response.status, code: body.error?.code ?? '' }]);
      };
      const waiting = [...taps];
      const hands = Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) await tap(next);
      });
      await Promise.all(hands);

      const pairs = [...answers.values()].map((both) => both.map(({ status, code }) => `${status} ${code}`).toSorted());
      expect(pairs).toHaveLength(APPROVALS);
      expect(new Set(pairs.map(String))).toEqual(new Set(['200 ,409 approval.already_decided']));
      expect(await db.approvalHistory.count({ where: { action: 'approved' } })).toBe(APPROVALS);
      expect(await db.approvalSeat.count({ where: { state: 'approved' } })).toBe(APPROVALS);
      await expect
        .poll(() => db.approval.count({ where: { state: 'approved', effectState: 'done' } }), { timeout: patienceMs })
        .toBe(APPROVALS);
      expect(await db.fieldGrant.count()).toBe(APPROVALS);
      expect(await db.approvalHistory.count({ where: { action: 'effect_done' } })).toBe(APPROVALS);
    } finally {
      for (const product of products) product.process.kill('SIGKILL');
      await Promise.all(products.map(({ ended }) => ended));
      await double.close();
      await close();
      await database.drop();
    }
  },
);
