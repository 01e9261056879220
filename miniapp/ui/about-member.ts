import type { MemberView } from '#server/member/member-api.ts';

/** Position and departments; who is known on two platforms has the same department twice. */
export const aboutMember = ({ position, departments }: Pick<MemberView, 'position' | 'departments'>): string =>
  [...new Set([position, ...departments.map(({ name }) => name)])].filter(Boolean).join(' · ');
