import type { PlatformDriver } from '#server/platform/platform.ts';

/** Every chat platform this build can speak. */
export const platforms: readonly PlatformDriver[] = [];

export interface Sandbox {
  url: string;
  /** The environment with which the product speaks to this sandbox. */
  env: Record<string, string>;
  close(): Promise<void>;
}

export async function startSandbox(_options: {
  port: number;
  productUrl: string;
  stateFile: string;
}): Promise<Sandbox> {
  throw new Error('This build has no sandbox.');
}
