import { readFile } from 'node:fs/promises';

/** Version of this package, from its package.json: next to dist, in a checkout and where it is installed. */
export async function packageVersion(): Promise<string> {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
