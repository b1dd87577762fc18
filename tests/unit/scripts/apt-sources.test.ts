import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_MIRROR,
  mirrorCandidates,
  readAptSources,
} from '../../../scripts/test-setup/gazebo/apt-sources.mjs';

describe("the mirrors of a machine's apt", () => {
  test.each([
    ['a line', 'deb http://near.example/debian/ bookworm main contrib'],
    ['a line with options', 'deb [arch=amd64 signed-by=/a.gpg] http://near.example/debian bookworm main'],
    [
      'fields',
      'Types: deb deb-src\n# a comment\nURIs: http://near.example/debian/\nSuites: bookworm bookworm-updates\nComponents: main\n',
    ],
    [
      'folded fields of another order',
      'Suites:\n bookworm\n bookworm-updates\nComponents: main\nURIs: http://near.example/debian\nTypes: deb\n',
    ],
  ])('come before the default one, from %s', (_, text) => {
    expect(mirrorCandidates([text], 'bookworm')).toEqual(['http://near.example/debian', DEFAULT_MIRROR]);
  });

  test.each([
    ['commented out', '# deb http://near.example/debian bookworm main'],
    ['of sources', 'deb-src http://near.example/debian bookworm main'],
    ['of another release', 'deb http://near.example/debian trixie main'],
    ['of security updates', 'deb http://near.example/debian-security bookworm-security main'],
    ['without main', 'deb http://near.example/debian bookworm contrib'],
    ['on a disc', 'deb cdrom:[Debian 12]/ bookworm main'],
    [
      'switched off',
      'Types: deb\nURIs: http://near.example/debian\nSuites: bookworm\nComponents: main\nEnabled: no\n',
    ],
  ])('are none of the entries %s', (_, text) => {
    expect(mirrorCandidates([text], 'bookworm')).toEqual([DEFAULT_MIRROR]);
  });

  test('two paragraphs are two entries, and a mirror named twice is one candidate', () => {
    const text =
      'Types: deb\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main\n\nTypes: deb\nURIs: http://b.example/debian/ http://a.example/debian/\nSuites: bookworm\nComponents: main\n';
    expect(mirrorCandidates([text], 'bookworm')).toEqual([
      'http://a.example/debian',
      'http://b.example/debian',
      DEFAULT_MIRROR,
    ]);
  });

  test.each([
    ['ID=debian\nVERSION_CODENAME=bookworm\n', ['http://near.example/debian', DEFAULT_MIRROR]],
    ['ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=bookworm\n', [DEFAULT_MIRROR]],
  ])('are read from the lists of the machine where that is Debian itself: %j', (release, expected) => {
    const root = mkdtempSync(join(tmpdir(), 'apt-'));
    try {
      mkdirSync(join(root, 'etc', 'apt', 'sources.list.d'), { recursive: true });
      writeFileSync(join(root, 'etc', 'os-release'), release);
      writeFileSync(
        join(root, 'etc', 'apt', 'sources.list.d', 'debian.list'),
        'deb http://near.example/debian bookworm main\n',
      );
      writeFileSync(
        join(root, 'etc', 'apt', 'sources.list.d', 'debian.list.save'),
        'deb http://old.example/debian bookworm main\n',
      );
      const { sources, codename } = readAptSources(root);
      expect(mirrorCandidates(sources, codename)).toEqual(expected);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
