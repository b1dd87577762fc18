import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's own name for whichever mirror is near. */
export const DEFAULT_MIRROR = 'http://deb.debian.org/debian';

/**
 * The mirrors that a machine takes its release of Debian from, with Debian's own at the end. Some may be other people's archives for the
 * same release: the caller checks what each one is.
 *
 * @param {readonly string[]} sources the texts of apt's source lists, in either format
 * @param {string} codename of the machine's release, such as "bookworm"; empty where it is not Debian
 * @returns {string[]} URLs without a slash at the end, each once
 */
export function mirrorCandidates(sources, codename) {
  const own = sources
    .flatMap((text) => entriesOf(text))
    .filter(({ suites, components }) => suites.includes(codename) && components.includes('main'))
    .flatMap(({ uris }) => uris)
    .filter((uri) => /^https?:\/\//.test(uri))
    .map((uri) => uri.replace(/\/+$/, ''));
  return [...new Set([...own, DEFAULT_MIRROR])];
}

/**
 * @param {string} [root] of the file system
 * @returns {{ sources: string[], codename: string }} what the machine's apt is configured with; an empty codename where it is not Debian
 */
export function readAptSources(root = '/') {
  const etc = join(root, 'etc');
  const lists = join(etc, 'apt', 'sources.list.d');
  const paths = [
    join(etc, 'apt', 'sources.list'),
    ...(existsSync(lists) ? readdirSync(lists) : [])
      .filter((name) => /\.(list|sources)$/.test(name))
      .sort()
      .map((name) => join(lists, name)),
  ].filter((path) => existsSync(path));
  const release = join(etc, 'os-release');
  const os = existsSync(release) ? readFileSync(release, 'utf8') : '';
  const isDebian = /^ID="?debian"?$/m.test(os);
  return {
    sources: paths.map((path) => readFileSync(path, 'utf8')),
    codename: (isDebian && /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(os)?.[1]) || '',
  };
}

/** @typedef {{ uris: string[], suites: string[], components: string[] }} Entry of archives with binary packages */

/**
 * @param {string} text of a source list, with a line for each entry or with a paragraph of fields
 * @returns {Entry[]}
 */
function entriesOf(text) {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const oneLine = lines.flatMap((line) => {
    const [, uri = '', suite = '', components = ''] =
      /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return uri === '' ? [] : [{ uris: [uri], suites: [suite], components: wordsOf(components) }];
  });
  const paragraphs = lines
    .join('\n')
    .split(/\n\s*\n/)
    .map((paragraph) => fieldsOf(paragraph))
    .filter((field) => wordsOf(field('types')).includes('deb') && field('enabled').trim() !== 'no')
    .map((field) => ({
      uris: wordsOf(field('uris')),
      suites: wordsOf(field('suites')),
      components: wordsOf(field('components')),
    }));
  return [...oneLine, ...paragraphs];
}

/**
 * @param {string} paragraph in the format of deb822
 * @returns {(name: string) => string} the value of a field, by its name in lower case; empty when it is not there
 */
function fieldsOf(paragraph) {
  const unfolded = paragraph.replace(/\n[ \t]+/g, ' ');
  const fields = new Map(
    [...unfolded.matchAll(/^([A-Za-z-]+):(.*)$/gm)].map(([, name = '', value = '']) => [
      name.toLowerCase(),
      value,
    ]),
  );
  return (name) => fields.get(name) ?? '';
}

/** @param {string} text */
const wordsOf = (text) => text.split(/\s+/).filter((word) => word !== '');
