import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../../eval/demo/package-root.js';

describe('the folder that holds models, robots and the simulator', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'package-root-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function makePackage(...path: string[]): string {
    const root = join(folder, ...path);
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'package.xml'), '');
    return root;
  }

  it('is the checkout of a program in its dist', () => {
    const checkout = makePackage('checkout');
    expect(findPackageRoot(join(checkout, 'dist/eval/demo/package-root.js'), '')).toBe(`${checkout}/`);
  });

  it('is the share folder above an installed bundle, whatever else is sourced', () => {
    const share = makePackage('install', 'share', 'jepa_mpc');
    makePackage('other', 'share', 'jepa_mpc');
    const program = join(share, 'bundle/dist/eval/demo/package-root.js');
    expect(findPackageRoot(program, join(folder, 'other'))).toBe(`${share}/`);
  });

  it('is found through the sourced prefixes if the install space links to the bundle', () => {
    const share = makePackage('install', 'share', 'jepa_mpc');
    const program = join(folder, 'build/jepa_mpc/bundle/dist/eval/demo/package-root.js');
    expect(findPackageRoot(program, `${folder}/nowhere:${folder}/install`)).toBe(`${share}/`);
  });
});
