/** A link of a Markdown page. */
export interface Link {
  readonly line: number;
  /** As written: a path, an anchor, or both. */
  readonly target: string;
}

/** The page without fenced code blocks; line numbers stay. */
function withoutFences(page: string): string {
  let fence: string | null = null;
  return page
    .split('\n')
    .map((line) => {
      const [, marker] = /^\s*(`{3,}|~{3,})/.exec(line) ?? [];
      if (fence === null && marker !== undefined) {
        fence = marker;
        return '';
      }
      if (fence !== null) {
        if (marker?.startsWith(fence) === true) fence = null;
        return '';
      }
      return line;
    })
    .join('\n');
}

/** Inline links, images and link definitions outside of code. */
export function linksOf(page: string): Link[] {
  return withoutFences(page)
    .split('\n')
    .flatMap((text, index) => {
      const prose = text.replaceAll(/`[^`]*`/g, '`');
      const inline = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)];
      const definitions = [...prose.matchAll(/^\s*\[[^\]]+\]:\s+(\S+)/g)];
      return [...inline, ...definitions].map(([, target = '']) => ({ line: index + 1, target }));
    });
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const line of withoutFences(page).split('\n')) {
    const [, heading] = /^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? [];
    if (heading === undefined) continue;
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
    const slug = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/**
 * Paths of the repository that inline code or plain text names, such as `src/core/types.ts`. Patterns and placeholders (`src/*`, `<name>`)
 * are no paths.
 */
export function pathsOf(page: string, folders: readonly string[]): Link[] {
  const pattern = new RegExp(`(?<![\\w./~$-])(?:${folders.join('|')})/[\\w./*<>{}…-]*`, 'g');
  return withoutFences(page)
    .split('\n')
    .flatMap((text, index) =>
      [...text.replaceAll(/\]\([^)]*\)/g, ']').matchAll(pattern)]
        .map(([path]) => path.replace(/[.,:]+$/, ''))
        .filter((path) => !/[*<>{}…]/.test(path))
        .map((target) => ({ line: index + 1, target })),
    );
}
