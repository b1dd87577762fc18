import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { loadLibrary } from '../../../src/model/gpu-libraries.js';
import { TensorRtCache } from '../../../src/model/tensorrt-cache.js';
import { compileLibrary } from '../../fixtures/shared-library.js';

const PATH = 'ORT_TENSORRT_CACHE_PATH';
const GRAPH = new Uint8Array([1, 2, 3]);
let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tensorrt-'));
  env = { XDG_CACHE_HOME: folder };
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Folder of the engines for each session that is created, by graph and model. */
function folders(...sessions: readonly (readonly [Uint8Array, string])[]): (string | undefined)[] {
  const cache = new TensorRtCache(env);
  return sessions.map(([graph, model]) => {
    cache.use(graph, model);
    return env[PATH];
  });
}

it('engines are kept, in a folder for each graph of each model', () => {
  const other = new Uint8Array([1, 2, 4]);
  const [first, ofOtherGraph, ofOtherModel, again] = folders(
    [GRAPH, 'a'],
    [other, 'a'],
    [GRAPH, 'b'],
    [GRAPH, 'a'],
  );
  expect(again).toBe(first);
  expect(new Set([first, ofOtherGraph, ofOtherModel]).size).toBe(3);
  expect(first).toMatch(new RegExp(`^${folder}/jepa-mpc/tensorrt/[0-9a-f]{16}$`));
  expect(existsSync(first ?? '')).toBe(true);
  expect(env).toMatchObject({
    ORT_TENSORRT_ENGINE_CACHE_ENABLE: '1',
    ORT_TENSORRT_TIMING_CACHE_ENABLE: '1',
  });
});

it('what the user has set stays', () => {
  env = { ...env, [PATH]: '/mine', ORT_TENSORRT_ENGINE_CACHE_ENABLE: '0' };
  expect(folders([GRAPH, 'a'], [GRAPH, 'b'])).toEqual(['/mine', '/mine']);
  expect(env['ORT_TENSORRT_ENGINE_CACHE_ENABLE']).toBe('0');
});

it('nothing is kept where there is no folder to keep it in: it would be written to the working directory', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  env = { XDG_CACHE_HOME: file };
  expect(folders([GRAPH, 'a'])).toEqual([undefined]);
  expect(env).toEqual({ XDG_CACHE_HOME: file });
});

it('a library of this process reads what is set', () => {
  vi.stubEnv('XDG_CACHE_HOME', folder);
  vi.stubEnv(PATH, undefined);
  new TensorRtCache().use(GRAPH, 'a');
  const written = join(folder, 'written');
  const library = join(folder, 'libreader.so');
  const source = `#include <stdio.h>
    #include <stdlib.h>
    __attribute__((constructor)) static void read(void) { FILE* file = fopen("${written}", "w"); fputs(getenv("${PATH}"), file); fclose(file); }`;
  compileLibrary(source, library);
  expect(loadLibrary(library)).toBeNull();
  expect(readFileSync(written, 'utf8')).toBe(process.env[PATH]);
});
