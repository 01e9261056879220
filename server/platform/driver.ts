import type { Platform } from './platform.ts';

/** How main.ts makes a platform without knowing its name. */
export interface PlatformDriver {
  name: string;
  /** Environment keys it reads, for .env.example. */
  env: readonly EnvKey[];
  /** Null when this deployment has not set it up; throws a sentence when it is set up by half. */
  create(env: Record<string, string | undefined>, tools: PlatformTools): Platform | null;
}

/** What a platform is given to work with. */
export interface PlatformTools {
  /** One credential for every process: read from the store, refreshed by one caller while the others wait. */
  sharedToken(
    name: string,
    refresh: () => Promise<{ value: string; expiresInMs: number }>,
    options?: { isBad?: string },
  ): Promise<string>;
  now(): Date;
  /** Told of every call, for the metrics. Never given a body or a credential. */
  observeCall(call: { platform: string; call: string; code: string; durationMs: number }): void;
}

export interface EnvKey {
  key: string;
  /** What it is, for whoever fills it in. */
  about: string;
  default?: string;
  /** Where any of these is set, the deployment has a platform of its own and starts no sandbox. */
  secret?: boolean;
}
