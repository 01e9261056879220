/** The platform's own id of a thing. Unique per platform and kind of thing only. */
export type PlatformKey = string;
