import { describe, expect, test } from 'vitest';
import { faceHash, faceOf, revisionPressed, type CardSubject } from '#server/approval/card-face.ts';
import { pressWords } from '#server/approval/press-words.ts';
import { Refusal } from '#server/base/refusal.ts';

const asked = new Date('2026-03-01T02:00:00Z');
const open: CardSubject = {
  approvalId: '0190a0a0-0000-7000-8000-000000000001',
  kind: 'discount',
  state: 'pending',
  title: '云帆 50 人版',
  reason: '竞品报价更低',
  risk: 'low',
  measure: 15,
  amountFen: 1_280_050,
  amountAfterFen: 1_088_000,
  says: null,
  revision: 3,
  question: null,
  requesterName: '李雷',
  customerName: '上海云帆科技有限公司',
  createdAt: asked,
  ended: null,
  seat: { state: 'open', decidedAt: null },
  locale: 'zh-CN',
};
const face = (change: Partial<CardSubject> = {}) => faceOf('key', 'https://crm.example.com', { ...open, ...change });
const labels = (change: Partial<CardSubject> = {}) => face(change).buttons.map(({ label }) => label);

describe('a card', () => {
  test('says what is asked, by whom, for which customer, how much, why and when', () => {
    expect(face()).toMatchObject({
      title: '折扣审批 · 云帆 50 人版',
      lines: [
        { label: '申请人', text: '李雷' },
        { label: '客户', text: '上海云帆科技有限公司' },
        { label: '金额', text: '¥12,800.50 → ¥10,880' },
        { label: '折扣', text: '15 %' },
        { label: '原因', text: '竞品报价更低' },
        { label: '时间', text: '2026-03-01 10:00' },
      ],
      risk: '',
      url: 'https://crm.example.com/inbox.html#/approvals/0190a0a0-0000-7000-8000-000000000001',
      verdict: '',
    });
  });

  test('about a broadcast says whom it goes to, and how it begins', () => {
    const broadcast = {
      kind: 'broadcast' as const,
      measure: 120,
      says: '春季新品上市',
      amountFen: null,
      amountAfterFen: null,
    };
    expect(face({ ...broadcast, customerName: null }).lines).toEqual([
      { label: '申请人', text: '李雷' },
      { label: '触达人数', text: '120 人' },
      { label: '内容', text: '春季新品上市' },
      { label: '原因', text: '竞品报价更低' },
      { label: '时间', text: '2026-03-01 10:00' },
    ]);
  });

  test('of low risk is decided on it; rejecting needs a reason and opens the page', () => {
    expect(labels()).toEqual(['拒绝', '同意']);
    expect(face().buttons.map(({ opensPage }) => opensPage)).toEqual([true, false]);
  });

  test.each(['medium', 'high'] as const)('of %s risk can only be opened, and says so', (risk) => {
    expect(labels({ risk })).toEqual(['查看']);
    expect(face({ risk }).risk).not.toBe('');
  });

  test('whose requester was asked for more shows the question, and is opened', () => {
    const { lines, buttons } = face({ question: '毛利多少？' });
    expect(lines).toContainEqual({ label: '待补充', text: '毛利多少？' });
    expect(buttons.map(({ label }) => label)).toEqual(['查看']);
  });

  test.each([
    ['approved', '已同意 · 王经理 · 2026-03-01 10:30'],
    ['rejected', '已拒绝 · 王经理 · 2026-03-01 10:30：价格已到底'],
    ['withdrawn', '已撤回 · 2026-03-01 10:30'],
    ['expired', '已过期 · 2026-03-01 10:30'],
  ] as const)('that is %s says by whom and when, and nothing is left to press', (state, verdict) => {
    const isByPerson = state === 'approved' || state === 'rejected';
    const words = state === 'rejected' ? '价格已到底' : null;
    const ended = { by: isByPerson ? '王经理' : null, at: new Date('2026-03-01T02:30:00Z'), words };
    for (const seat of ['closed', 'approved', 'open', 'passed_on'] as const) {
      const shown = face({ state, ended, seat: { state: seat, decidedAt: null } });
      expect(shown.verdict).toBe(verdict);
      expect(shown.buttons).toEqual([]);
      expect(shown.risk).toBe('');
    }
  });

  test('of one who has decided while others are still asked says so', () => {
    expect(face({ seat: { state: 'approved', decidedAt: asked } })).toMatchObject({
      buttons: [],
      verdict: '你已同意，等待其他人 · 2026-03-01 10:00',
    });
    expect(face({ seat: { state: 'passed_on', decidedAt: null } }).verdict).toBe('已转交他人处理');
  });

  test('says in English what it says in Chinese', () => {
    const english = face({ locale: 'en-US' });
    expect(english.title).toBe('Discount · 云帆 50 人版');
    expect(english.buttons.map(({ label }) => label)).toEqual(['Reject', 'Approve']);
  });

  test('that looks different has another hash, and the same has the same', () => {
    expect(faceHash(face())).toBe(faceHash(face()));
    expect(faceHash(face())).not.toBe(faceHash(face({ revision: 4 })));
    expect(faceHash(face())).not.toBe(faceHash(face({ reason: '别的' })));
  });

  test('brings back with a press which content it showed', () => {
    const [, approve] = face().buttons;
    expect(revisionPressed(approve?.action ?? '')).toBe(3);
    for (const other of ['approve', 'approve_', 'approve_x', 'reject', 'open', 'approve_1_2', '']) {
      expect(revisionPressed(other)).toBeNull();
    }
  });
});

test('whose press changed nothing is told why, in their language', () => {
  const at = '2026-03-01T02:30:00.000Z';
  const decided = new Refusal('approval.already_decided', '', 409, {
    by: { id: '1', name: '王经理' },
    at,
    decision: 'approved',
  });
  expect(pressWords('zh-CN', decided)).toBe('这条审批已由王经理于 2026-03-01 10:30 同意，你的操作没有生效。');
  expect(pressWords('en', decided)).toContain('approved by 王经理 at 2026-03-01 10:30');
  const stranger = new Refusal('approval.not_asked', '', 403, {
    asked: [
      { id: '1', name: '王经理' },
      { id: '2', name: '赵总' },
    ],
  });
  expect(pressWords('zh-CN', stranger)).toContain('当前处理人：王经理、赵总');
  for (const code of ['withdrawn', 'expired', 'changed', 'own_request', 'in_form', 'something_else']) {
    expect(pressWords('zh-CN', new Refusal(`approval.${code}`, '', 409))).not.toBe('');
  }
});
