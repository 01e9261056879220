import { mkdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, vi } from 'vitest';
import type { FaultEdit, SettingsEdit } from '#bot/sandbox/fault-api.ts';
import type { Act, ActResult, SandboxState } from '#bot/sandbox/sandbox-api.ts';
import type { SandboxContact } from '#bot/sandbox/wecom-window-api.ts';
import { launchBrowser } from '#tests/support/browser.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { patienceMs } from '#tests/support/patience.ts';
import { startProduct, type Product } from '#tests/support/product.ts';

/** Pictures of what the journeys end in go to the folder this names: `ZHIKE_PICTURES=docs npm test tests/journeys`. */
const pictures = process.env['ZHIKE_PICTURES'];

export interface Journey {
  readonly product: Product;
  readonly databaseUrl: string;
  /** Of the sandbox's page; ends in a slash. */
  readonly url: string;
  /** A window of its own: own cookies, own storage. Read in Chinese, in Shanghai. */
  open(address?: string, options?: WindowOptions): Promise<Page>;
  /** Asks the sandbox's control API. */
  state(): Promise<SandboxState>;
  /** Keys of the contacts this member has and that one has not. */
  contacts(member: string, without: string): Promise<string[]>;
  faults(edit: FaultEdit): Promise<void>;
  act(deed: Act): Promise<ActResult>;
  settings(edit: SettingsEdit): Promise<void>;
  /** DingTalk's half of the same. */
  dingtalk<Answer>(name: string, body?: object): Promise<Answer>;
}

export interface WindowOptions {
  width?: number;
  height?: number;
  locale?: 'zh-CN' | 'en-US';
  /** Who logs in there; the story's rep when left out. */
  as?: string;
}

/** The product in its sandbox, set up by `env`, and a browser to use it with, for one file of tests. */
export function useJourney(env: Record<string, string> = {}): Journey {
  let database: TestDatabase;
  let product: Product;
  let browser: Browser | undefined;
  let url: string;
  const dataDir = freshFolder();
  const windows: Page[] = [];
  /** What the pages threw. */
  const thrown: string[] = [];

  beforeAll(async () => {
    database = await cloneDatabase();
    product = startProduct({ DATA_DIR: dataDir, DATABASE_URL: database.url, ...env });
    const [, page] = await product.says(/Open (http:\S+)/);
    url = String(page);
    await everybodyIsKnown(database.url, env['SANDBOX_WITHOUT'] === 'dingtalk' ? 1 : 2);
  });
  beforeEach(({ task, onTestFinished }) => {
    thrown.length = 0;
    onTestFinished(async () => {
      if (task.result?.state === 'fail') {
        for (const page of windows) console.error(await textOf(page));
        console.error(`The pages threw: ${thrown.join('\n')}\nThe product said:\n${product.output()}`);
      }
      for (const page of windows.splice(0)) await page.context().close();
      expect(thrown, 'what the pages threw').toEqual([]);
    });
  });
  afterAll(async () => {
    await browser?.close();
    product?.process.kill('SIGINT');
    await product?.ended;
    await database?.drop();
  });

  async function control<Answer>(name: string, body?: object): Promise<Answer> {
    const response = await fetch(`${url}sandbox/api/${name}`, {
      method: body ? 'POST' : 'GET',
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
    if (!response.ok) throw new Error(`The sandbox answered ${name} with ${response.status}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  return {
    get product() {
      return product;
    },
    get databaseUrl() {
      return database.url;
    },
    get url() {
      return url;
    },
    async open(address = '', { width = 1440, height = 900, locale = 'zh-CN', as } = {}) {
      browser ??= await launchBrowser();
      const context = await browser.newContext({
        viewport: { width, height },
        locale,
        timezoneId: 'Asia/Shanghai',
        reducedMotion: 'reduce',
      });
      if (as) await context.addCookies([{ name: 'sandbox_member', value: as, url }]);
      const page = await context.newPage();
      windows.push(page);
      page.on('pageerror', (error) => thrown.push(String(error.stack)));
      await page.goto(new URL(address, url).href);
      return page;
    },
    state: () => control('state'),
    async contacts(member, without) {
      const [theirs, others] = await Promise.all(
        [member, without].map((key) => control<{ contacts: SandboxContact[] }>(`contacts?member=${key}`)),
      );
      const known = new Set(others?.contacts.map(({ key }) => key));
      return (theirs?.contacts ?? []).map(({ key }) => key).filter((key) => !known.has(key));
    },
    async faults(edit) {
      await control('faults', edit);
    },
    act: (deed) => control('act', deed),
    async settings(edit) {
      await control('settings', edit);
    },
    dingtalk: (name, body) => control(`dingtalk/${name}`, body),
  };
}

/** The company's first day is so far that its people are read from each messenger, and joined where they are one. */
async function everybodyIsKnown(databaseUrl: string, messengers: number): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    await vi.waitFor(
      async () => {
        const { rows } = await client.query<{ read: number; twice: number }>(
          `SELECT (SELECT count(DISTINCT platform) FROM "SyncRun" WHERE kind = 'members' AND state = 'done')::int AS read,
             (count(*) - count(DISTINCT name))::int AS twice FROM "Member" WHERE status = 'active'`,
        );
        // Nobody there has a namesake: who stands there twice is still to be joined.
        expect(rows[0]).toEqual({ read: messengers, twice: 0 });
      },
      { timeout: 2 * patienceMs, interval: 300 },
    );
  } finally {
    await client.end();
  }
}

/** Calls to the product's API as this member, as their browser would make them. */
export async function callerAs(url: string, member: string): Promise<Call> {
  const cookies = new Map<string, string>([['sandbox_member', member]]);
  const call: Call = async (method, address, body) => {
    const response = await fetch(new URL(address, url), {
      method,
      redirect: 'manual',
      headers: {
        Origin: new URL(url).origin,
        Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body ? { 'Content-Type': body instanceof Blob ? body.type : 'application/json' } : {}),
      },
      ...(body ? { body: body instanceof Blob ? body : JSON.stringify(body) } : {}),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return response;
  };
  const { url: login } = (await (await call('GET', '/api/login?platform=wecom&page=/sidebar.html')).json()) as {
    url: string;
  };
  const back = new URL((await call('GET', login)).headers.get('location') ?? '').searchParams;
  const answer = await call('POST', '/api/login', {
    platform: 'wecom',
    code: back.get('code'),
    state: back.get('state'),
  });
  if (!answer.ok) throw new Error(`${member} could not log in: ${await answer.text()}`);
  return call;
}
/** A Blob goes as it is, anything else as JSON. */
export type Call = (method: string, address: string, body?: object) => Promise<Response>;

/** The frame beside the chat, which holds the product's own page. */
export const sidebarOf = (page: Page): FrameLocator => page.frameLocator('iframe[title="知客侧边栏"]');

/** A card of the sidebar, by its heading. */
export const card = (sidebar: FrameLocator, title: string): Locator => sidebar.getByRole('region', { name: title });

/** True once it shows; what never shows ends the test. */
export async function shows(what: Locator): Promise<true> {
  await what.waitFor();
  return true;
}

export async function openTab(sidebar: FrameLocator, name: '助手' | '跟进' | '素材' | '商机' | '资料'): Promise<void> {
  await sidebar.getByRole('tab', { name }).click();
}

export async function picture(what: Page | Locator, name: string): Promise<void> {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  const style = '[aria-live] { visibility: hidden }';
  await what.screenshot({ path: path.join(pictures, `${name}.png`), style });
}

async function textOf(page: Page): Promise<string> {
  const texts = await Promise.all(
    page.frames().map((frame) => frame.evaluate('document.body.innerText').catch(() => '(gone)')),
  );
  return `${page.url()} shows:\n${texts.join('\n— in its frame —\n')}`;
}
