import { shallowReactive } from 'vue';

export type Theme = 'light' | 'dark';
export type ThemeChoice = Theme | 'auto';

const KEPT_KEY = 'zhike.theme';
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');

export const theme = shallowReactive({ choice: 'auto' as ThemeChoice });

/** Sets data-theme, data-host and data-mode, by which tokens.css chooses. */
export function startTheme(host: string): void {
  const root = document.documentElement;
  root.dataset['host'] = host;
  const mode = new URLSearchParams(location.search).get('mode');
  if (mode === 'care') root.dataset['mode'] = 'care';
  theme.choice = asTheme(kept()) ?? 'auto';
  apply();
  // Safari 13 knows only the older name.
  if ('addEventListener' in prefersDark) prefersDark.addEventListener('change', apply);
  else (prefersDark as MediaQueryList).addListener(apply);
}

export function chooseTheme(choice: ThemeChoice): void {
  theme.choice = choice;
  try {
    localStorage.setItem(KEPT_KEY, choice);
  } catch {
    // Storage may be off or full: the choice then holds for this page.
  }
  apply();
}

function apply(): void {
  document.documentElement.dataset['theme'] = current();
}

/** The address, the choice made here, what the client says of itself in its user agent, the system. */
function current(): Theme {
  const asked = asTheme(new URLSearchParams(location.search).get('theme'));
  const chosen = theme.choice === 'auto' ? null : theme.choice;
  const byClient = asTheme(/colorscheme\/(light|dark)/i.exec(navigator.userAgent)?.[1]?.toLowerCase() ?? null);
  return asked ?? chosen ?? byClient ?? (prefersDark.matches ? 'dark' : 'light');
}

const asTheme = (word: string | null): Theme | null => (word === 'light' || word === 'dark' ? word : null);

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT_KEY);
  } catch {
    return null;
  }
}
