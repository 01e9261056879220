import { inject, provide, type InjectionKey } from 'vue';
import type { Host } from '#miniapp/host/host.ts';

const key: InjectionKey<Host> = Symbol('host');
export const provideHost = (host: Host): void => provide(key, host);

export function useHost(): Host {
  const host = inject(key);
  if (!host) throw new Error('Outside of the inbox.');
  return host;
}
