import { inject, type InjectionKey } from 'vue';
import { goToLogin } from '#miniapp/api/session.ts';
import { useAction } from '#miniapp/ui/use-action.ts';

export const platformKey: InjectionKey<string> = Symbol('platform');

/** Leaves the page; drafts are on the server or in this window's storage and come back. */
export function useLogInAgain() {
  const platform = inject(platformKey, '');
  return useAction(() => goToLogin(platform));
}
