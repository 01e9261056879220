import type { PlatformKey } from './key.ts';

export type MediaKind = 'image' | 'video' | 'file';

/** Files the platform keeps for some days, to be named in messages; a call that names one it no longer has is `not_found`. */
export interface MediaStore {
  /** In bytes, and by Content-Type; [] takes any. */
  limits: Record<MediaKind, { bytesMin: number; bytesMax: number; types: readonly string[] }>;
  upload(file: { kind: MediaKind; name: string; type: string; bytes: Buffer }): Promise<{
    key: PlatformKey;
    expiresAt: Date;
  }>;
}
