import { reactive, readonly } from 'vue';
import { isApiError } from '#miniapp/api/api-error.ts';
import { goToLogin, logIn } from '#miniapp/api/session.ts';
import type { Host, Opened } from '#miniapp/host/host.ts';

export type Opening =
  | { phase: 'opening' }
  | { phase: 'login_failed'; error: unknown }
  | { phase: 'failed'; error: unknown }
  | { phase: 'elsewhere'; without: NonNullable<Opened['without']> }
  | { phase: 'open'; contactKey: string; canSend: boolean };

/** From an empty page to a known contact: who uses it, then whose chat it stands beside. */
export function openSidebar(host: Host) {
  const state = reactive<{ now: Opening }>({ now: { phase: 'opening' } });

  async function open(): Promise<void> {
    state.now = { phase: 'opening' };
    // A code in the address is taken out of it first: the bridge's signature is for the address as it then is.
    if (!new URLSearchParams(location.search).has('code')) host.prepare();
    try {
      await logIn(host.platform, host.askForCode);
    } catch (error) {
      state.now =
        isApiError(error) && error.status >= 400 && error.status < 500
          ? { phase: 'login_failed', error }
          : { phase: 'failed', error };
      return;
    }
    try {
      const { contactKey, without, canSend } = await host.open();
      state.now =
        contactKey === null
          ? { phase: 'elsewhere', without: without ?? 'no_contact' }
          : { phase: 'open', contactKey, canSend };
    } catch (error) {
      state.now = { phase: 'failed', error };
    }
  }

  async function logInAgain(): Promise<void> {
    try {
      await goToLogin(host.platform);
    } catch (error) {
      state.now = { phase: 'login_failed', error };
    }
  }

  return { state: readonly(state), open, logInAgain };
}
