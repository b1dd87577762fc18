import { signal } from '@preact/signals';

/** `system` follows the setting of the operating system. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'jepa-mpc-theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = signal<Theme>(stored());
/** Counts the changes of colours, for what draws with them. */
export const colourVersion = signal(0);

const colours = new Map<string, string>();
let probe: HTMLElement | null = null;

/** Shows the stored theme, and follows the operating system. */
export function startTheme(): void {
  show(theme.value);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', forget);
}

export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  theme.value = next;
  show(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage, the choice lasts as long as the page.
  }
}

/** The colour that a custom property of the style sheet has now, for canvases. */
export function colour(name: string): string {
  const known = colours.get(name);
  if (known !== undefined) return known;
  if (probe === null) {
    probe = document.createElement('span');
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${name})`;
  const made = getComputedStyle(probe).color;
  colours.set(name, made);
  return made;
}

/** Whether movement that only pleases is to be left out. */
export function movesLess(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function show(choice: Theme): void {
  if (choice === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = choice;
  forget();
}

function forget(): void {
  colours.clear();
  colourVersion.value += 1;
}

function stored(): Theme {
  try {
    const text = localStorage.getItem(KEY);
    return THEMES.find((each) => each === text) ?? 'system';
  } catch {
    return 'system';
  }
}
