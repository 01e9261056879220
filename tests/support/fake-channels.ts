import type {
  CodeDraft,
  CodeProfile,
  ContactChannels,
  LinkDraft,
  LinkProfile,
} from '#server/platform/contact-channel.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { FakePlatform } from './fake-platform.ts';

/** Whoever comes in by one is the test's to add. */
export class FakeChannels implements ContactChannels {
  limits = { membersMax: 100, stateBytesMax: 30 };
  codes = new Map<PlatformKey, CodeDraft & { at: Date }>();
  links = new Map<PlatformKey, LinkDraft & { at: Date }>();
  #platform: FakePlatform;
  #made = 0;

  constructor(platform: FakePlatform) {
    this.#platform = platform;
  }

  async createCode(code: CodeDraft): Promise<CodeProfile> {
    return this.#platform.answer('channels.createCode', [code], () => {
      this.#checkCode('channels.createCode', code);
      const key = `code-${(this.#made += 1)}`;
      this.codes.set(key, { ...code, at: this.#platform.now() });
      return codeOf(key);
    });
  }

  async findCode(of: { state: string; since: Date }): Promise<CodeProfile | null> {
    return this.#platform.answer('channels.findCode', [of], () => {
      const found = [...this.codes].find(([, { state, at }]) => state === of.state && at >= of.since);
      return found ? codeOf(found[0]) : null;
    });
  }

  async updateCode(key: PlatformKey, code: CodeDraft): Promise<void> {
    return this.#platform.answer('channels.updateCode', [key, code], () => {
      const before = this.codes.get(key) ?? this.#platform.missing('channels.updateCode');
      this.#checkCode('channels.updateCode', code);
      this.codes.set(key, { ...code, at: before.at });
    });
  }

  async removeCode(key: PlatformKey): Promise<void> {
    return this.#platform.answer('channels.removeCode', [key], () => {
      if (!this.codes.delete(key)) this.#platform.missing('channels.removeCode');
    });
  }

  async createLink(link: LinkDraft): Promise<LinkProfile> {
    return this.#platform.answer('channels.createLink', [link], () => {
      this.#checkMembers('channels.createLink', link.members);
      const key = `link-${(this.#made += 1)}`;
      this.links.set(key, { ...link, at: this.#platform.now() });
      return linkOf(key);
    });
  }

  async findLink(of: { name: string; since: Date }): Promise<LinkProfile | null> {
    return this.#platform.answer('channels.findLink', [of], () => {
      const found = [...this.links].find(([, { name, at }]) => name === of.name && at >= of.since);
      return found ? linkOf(found[0]) : null;
    });
  }

  async updateLink(key: PlatformKey, link: LinkDraft): Promise<void> {
    return this.#platform.answer('channels.updateLink', [key, link], () => {
      const before = this.links.get(key) ?? this.#platform.missing('channels.updateLink');
      this.#checkMembers('channels.updateLink', link.members);
      this.links.set(key, { ...link, at: before.at });
    });
  }

  async removeLink(key: PlatformKey): Promise<void> {
    return this.#platform.answer('channels.removeLink', [key], () => {
      if (!this.links.delete(key)) this.#platform.missing('channels.removeLink');
    });
  }

  linkUrl(url: string, state: string): string {
    return `${url}?state=${encodeURIComponent(state)}`;
  }

  #checkCode(call: 'channels.createCode' | 'channels.updateCode', { members, state }: CodeDraft): void {
    this.#checkMembers(call, members);
    if (Buffer.byteLength(state) > this.limits.stateBytesMax) this.#platform.refuse(call, 'state too long');
  }

  #checkMembers(call: `channels.${'create' | 'update'}${'Code' | 'Link'}`, members: PlatformKey[]): void {
    if (members.length === 0 || members.length > this.limits.membersMax) this.#platform.refuse(call, 'members');
    if (members.some((key) => !this.#platform.members.get(key)?.active)) this.#platform.missing(call);
  }
}

const codeOf = (key: PlatformKey): CodeProfile => ({ key, imageUrl: `https://fake.test/codes/${key}.png` });
const linkOf = (key: PlatformKey): LinkProfile => ({ key, url: `https://fake.test/links/${key}` });
