import type { Platform } from '#server/platform/platform.ts';
import type { Platforms } from './deps.ts';
import { Refusal } from './refusal.ts';

export function listPlatforms(all: readonly Platform[]): Platforms {
  return {
    all,
    get(name) {
      const platform = all.find((candidate) => candidate.name === name);
      if (!platform) throw new Refusal('platform.unknown', 'This deployment is not connected to that platform.', 404);
      return platform;
    },
  };
}
