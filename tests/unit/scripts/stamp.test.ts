import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filesBelow, hashOf, hashOfFiles, readStamp, writeStamp } from '../../../scripts/setup/steps.mjs';

describe('stamps of finished set-up steps', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stamps-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('a stamp is read back, and nothing else is left beside it', () => {
    const path = join(folder, 'below', 'stamp.json');
    writeStamp(path, 'abc', { python: '3.11' });
    expect(readStamp(path)).toEqual({ inputs: 'abc', facts: { python: '3.11' } });
    expect(readdirSync(join(folder, 'below'))).toEqual(['stamp.json']);
  });

  test.each(['', '{"inputs": "ab', 'null', '{"inputs": 3, "facts": {}}'])(
    'a broken stamp (%j) counts as none',
    (text) => {
      const path = join(folder, 'stamp.json');
      writeFileSync(path, text);
      expect(readStamp(path)).toBeUndefined();
    },
  );

  test('different lists of inputs have different hashes, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (one, other) => {
        expect(hashOf(one) === hashOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
    expect(hashOf(['ab', 'c'])).not.toBe(hashOf(['a', 'bc']));
  });

  test('an edited, an added and a renamed file change the hash of a folder', () => {
    const hash = () => hashOfFiles(filesBelow(folder, (name) => name.endsWith('.ts')));
    writeFileSync(join(folder, 'a.ts'), '1');
    const before = hash();
    writeFileSync(join(folder, 'notes.md'), 'not a source');
    expect(hash()).toBe(before);
    writeFileSync(join(folder, 'a.ts'), '2');
    const edited = hash();
    writeFileSync(join(folder, 'b.ts'), '');
    expect(new Set([before, edited, hash()]).size).toBe(3);
  });
});
