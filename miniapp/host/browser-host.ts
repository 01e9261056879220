import { contactInAddress, plainPage, type Host } from './host.ts';

/** An ordinary browser: nobody's chat is beside it, but a link may name a contact. */
export function browserHost(): Host {
  return {
    ...plainPage,
    name: 'browser',
    platform: new URLSearchParams(location.search).get('platform') ?? 'wecom',
    prepare() {},
    async open() {
      const contactKey = contactInAddress();
      return { contactKey, without: contactKey ? null : 'not_a_client', canSend: false };
    },
    async send() {
      return 'no_permission';
    },
  };
}
