import { expect, test } from 'vitest';
import { initialRole } from '#server/member/member.ts';

test.each([
  ['销售专员', 'rep'],
  ['大客户经理', 'rep'],
  ['产品经理', 'rep'],
  [null, 'rep'],
  ['', 'rep'],
  ['区域经理', 'manager'],
  ['客户成功主管', 'manager'],
  ['事业部总监', 'director'],
  ['总经理', 'director'],
  ['市场总监', 'marketing'],
  ['市场专员', 'marketing'],
  ['系统管理员', 'admin'],
  ['仓库管理员', 'rep'],
  ['合同管理员', 'rep'],
  ['总经理助理', 'rep'],
])('a member hired as %s starts as %s', (position, role) => {
  expect(initialRole(position)).toBe(role);
});
