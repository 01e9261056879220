import type { Frame, FrameLocator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';
import { en } from '#miniapp/i18n/en.ts';
import { zhCN } from '#miniapp/i18n/zh-CN.ts';
import { axeFindings } from '#tests/support/axe.ts';
import { useJourney } from '#tests/support/journey.ts';

const journey = useJourney();

const themes = ['light', 'dark'] as const;
const sidebarLooks = { themes, widths: [300, 360, 420] };
const languages = [
  { locale: 'zh-CN', words: zhCN, cast: 'contact' },
  { locale: 'en-US', words: en, cast: 'secondContact' },
] as const;

/** Adds up what axe finds, with the name of the screen. */
function examine() {
  const findings: string[] = [];
  return {
    findings,
    async screen(name: string, document: Page | Frame, looks: { themes: readonly string[]; widths?: number[] }) {
      for (const one of await axeFindings(document, looks)) findings.push(`${name}, ${one}`);
    },
  };
}

interface Beside {
  page: Page;
  sidebar: FrameLocator;
  frame(): Frame;
}

async function besideChat({ locale, cast }: (typeof languages)[number]): Promise<Beside> {
  const { demo } = await journey.state();
  const page = await journey.open(`#story=1&contact=${demo[cast]}`, { locale });
  const sidebar = page.frameLocator('iframe');
  await sidebar.getByRole('tab').first().waitFor();
  return {
    page,
    sidebar,
    frame() {
      const [, frame] = page.frames();
      if (!frame) throw new Error('The page has no frame.');
      return frame;
    },
  };
}

describe.each(languages)('axe finds nothing in $locale, in either theme', (language) => {
  const { locale, words } = language;
  const named = (word: string) => new RegExp(word.replace(/\{\w+\}/g, '.+').replace(/\|.*/, ''));

  test('on the desk, at 1280 and 1440 px', async () => {
    const { members } = await journey.state();
    const admin = members.find(({ position }) => position.includes('管理员'));
    const page = await journey.open('desk.html', { locale, as: String(admin?.key) });
    await journey.act({ kind: 'unknown_event', name: 'change_weather' });
    const { findings, screen } = examine();
    for (const word of ['desk.tab.inbound', 'desk.tab.sync', 'desk.tab.sources'] as const) {
      await page.getByRole('link', { name: words[word] }).click();
      await page.getByRole('table').waitFor();
      for (const width of [1280, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await screen(`${words[word]} ${width}`, page, { themes });
      }
    }
    const rep = await journey.open('desk.html', { locale });
    await rep.getByText(words['desk.adminOnly']).waitFor();
    await screen('not for reps', rep, { themes });
    expect(findings).toEqual([]);
  });

  test('on the page of the sandbox, at 1280 and 1440 px', async () => {
    const { page } = await besideChat(language);
    const { findings, screen } = examine();
    for (const width of [1280, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      for (const tab of await page.getByRole('tab').all()) {
        await tab.click();
        await screen(`${await tab.innerText()} ${width}`, page, { themes });
      }
    }
    expect(findings).toEqual([]);
  });

  test('on the tabs and sheets of the sidebar, at 300, 360 and 420 px', async () => {
    const { sidebar, frame } = await besideChat(language);
    const { findings, screen } = examine();
    const look = (name: string) => screen(name, frame(), sidebarLooks);
    const button = (word: string) => sidebar.getByRole('button', { name: named(word) }).first();
    const tab = async (word: string) => sidebar.getByRole('tab', { name: word }).click();
    const sheet = async (name: string, word: string) => {
      await button(word).click();
      await sidebar.getByRole('dialog').waitFor();
      await look(name);
      await sidebar.getByRole('dialog').press('Escape');
      await sidebar.getByRole('dialog').waitFor({ state: 'detached' });
    };

    await button(words['reply.sources']).waitFor();
    await look('assist');
    await sheet('more', words['header.more']);
    await sheet('tags', words['tag.add']);
    await button(words['reply.sources']).click();
    await look('sources');
    await sheet('message', words['quote.show']);
    await button(words['summary.all']).click();
    await button(words['score.why']).click();
    await look('assist, unfolded');
    await sheet('override', words['score.wrong']);

    await tab(words['tab.follow']);
    await button(words['task.accept']).waitFor();
    await look('follow, proposed');
    await button(words['task.accept']).click();
    await button(words['task.snooze']).waitFor();
    await button(words['follow.done']).click();
    await button(words['time.own']).click();
    await look('follow, accepted');
    await sheet('snooze', words['task.snooze']);

    await tab(words['tab.profile']);
    await button(words['binding.search']).waitFor();
    await look('profile, unbound');
    await sheet('bind', words['binding.search']);
    await button(words['binding.search']).click();
    await button(words['binding.create']).click();
    await look('create and bind');
    await button(words['binding.createAndBind']).click();
    await button(words['profile.showEmpty']).click();
    await button(words['profile.edit'].replace('{label}', words['field.region'])).click();
    await button(words['binding.history']).click();
    await button(words['messages.show']).click();
    await sidebar.getByRole('listitem').filter({ hasText: words['message.us'] }).first().waitFor();
    await look('profile, bound and unfolded');
    await sheet('paste', words['paste.title']);
    expect(findings).toEqual([]);
  });

  test('on the states of the sidebar, at 300, 360 and 420 px', async () => {
    const { page, sidebar, frame } = await besideChat(language);
    const { findings, screen } = examine();
    const look = (name: string) => screen(name, frame(), sidebarLooks);

    let round = 0;
    const openAnew = async (tab: string) => {
      round += 1;
      await frame().goto(`${journey.url}sidebar.html?sandbox_frame=1&round=${round}${tab}`);
    };
    /** As if the product had answered so. */
    const answered = async (name: string, change: (view: SidebarView) => Partial<SidebarView>, until: string) => {
      await page.route('**/api/sidebar?*', async (route) => {
        const answer = await route.fetch();
        const view = (await answer.json()) as SidebarView;
        await route.fulfill({ response: answer, json: { ...view, ...change(view) } });
      });
      await openAnew('#/assist');
      await sidebar.getByText(named(until)).first().waitFor();
      await look(name);
      // The page may be asking once more: that answer is let out first.
      await page.unrouteAll({ behavior: 'wait' });
    };
    await answered('AI down', () => ({ summaryState: 'unavailable' }), words['summary.old']);
    await answered('AI off', () => ({ summaryState: 'off', summary: null }), words['ai.off']);
    await answered('AI at work', () => ({ summaryState: 'pending', summary: null }), words['summary.pending']);
    await answered(
      'no chat',
      () => ({ summaryState: 'empty', summary: null, score: null, tasks: [] }),
      words['summary.empty'],
    );
    await answered(
      'deleted by the contact',
      ({ contact }) => ({
        contact: { ...contact, follow: contact.follow && { ...contact.follow, state: 'removed_by_contact' } },
      }),
      words['header.removedByContact'],
    );
    await openAnew('#/assist');
    await sidebar.getByRole('textbox').first().fill('¥10,880');
    await page.context().setOffline(true);
    await sidebar.getByText(named(words['strip.offline'])).waitFor();
    await look('offline');
    await page.context().setOffline(false);
    await sidebar.getByText(named(words['strip.offline'])).waitFor({ state: 'detached' });
    await sidebar.getByRole('button', { name: words['reply.send'], exact: true }).click();
    await sidebar.getByRole('button', { name: words['undo'] }).waitFor();
    await look('about to send');
    await sidebar.getByRole('button', { name: words['undo'] }).click();

    await page.route('**/api/**', (route) =>
      route.fulfill({ status: 401, json: { error: { code: 'session.missing', message: '' } } }),
    );
    await sidebar.getByRole('textbox').first().fill('¥10,880.');
    await sidebar.getByText(words['strip.expired']).waitFor();
    await look('session ended');
    await page.unrouteAll({ behavior: 'ignoreErrors' });

    await frame().goto(`${journey.url}sidebar.html?sandbox_frame=1&contact=wmNobody`);
    await page.locator('[data-tour="sidebar"] select').selectOption('normal');
    await sidebar.getByText(words['elsewhere.no_contact']).waitFor();
    await look('from the workbench');
    expect(findings).toEqual([]);
  });
});
