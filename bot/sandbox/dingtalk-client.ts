import type { IncomingMessage } from 'node:http';
import { frameMark } from './dingtalk-phone-api.ts';

export const dingtalkClientPath = '/sandbox/dingtalk-client.js';

/** What DingTalk on an iPhone calls itself to the pages it opens; the colour scheme as its Android sister says it. */
export const dingtalkAgent = (theme: 'light' | 'dark'): string =>
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 ' +
  `AliApp(DingTalk/8.1.10) com.laiwang.DingTalk/47921111 Channel/201200 language/zh-Hans-CN colorScheme/${theme}`;

/** Whose DingTalk phone a request comes from: by the mark in its address, or in that of the page it was made by. */
export function phoneOf(request: IncomingMessage, url: URL): string | null {
  const own = url.searchParams.get(frameMark);
  if (own) return own;
  const { referer } = request.headers;
  if (!referer || !URL.canParse(referer)) return null;
  const page = new URL(referer);
  return page.host === request.headers.host ? page.searchParams.get(frameMark) : null;
}

const jarOf = (user: string): string => `sandbox_jar_${user.replaceAll(/\W/g, '')}_`;
const anyJar = /^sandbox_jar_/;

/** The cookies the product gets: those of the phone's own jar, or what is in none. */
export function cookiesFor(user: string | null, header: string | undefined): string {
  const cookies = (header ?? '').split(/; */).filter((cookie) => cookie !== '');
  if (user === null) return cookies.filter((cookie) => !anyJar.test(cookie)).join('; ');
  const jar = jarOf(user);
  return cookies
    .filter((cookie) => cookie.startsWith(jar))
    .map((cookie) => cookie.slice(jar.length))
    .join('; ');
}

/** What the product sets goes into the phone's own jar. */
export const jarred = (user: string, cookies: readonly string[]): string[] =>
  cookies.map((cookie) => jarOf(user) + cookie);
