import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { GpuLibraries, isNvidia, loadLibrary } from '../../../src/model/gpu-libraries.js';
import { compileLibrary } from '../../fixtures/shared-library.js';
import { tinyModelFolder } from '../../fixtures/tiny-model.js';

const VERSION = '1.30.0';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-'));
  mkdirSync(join(folder, 'lib'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeFile(load: Record<string, readonly string[]>, onnxRuntime = VERSION): void {
  writeFileSync(join(folder, 'libraries.json'), JSON.stringify({ onnxRuntime, load }));
}

/** Libraries that a fake system loads, all but those named. */
function system(...broken: string[]) {
  const loaded: string[] = [];
  const load = (path: string): string | null => {
    loaded.push(path);
    return broken.includes(path) ? `${path}: cannot open shared object file` : null;
  };
  return { loaded, load };
}

describe('the libraries of a GPU', () => {
  it('are loaded in the order of the file, the driver first, and once', () => {
    writeFile({ cuda: ['libcuda.so.1', 'lib/libcudart.so.13', '/opt/cuda/libcudnn.so.9'] });
    const { loaded, load } = system();
    const libraries = new GpuLibraries(folder, VERSION, load);
    expect(libraries.loadFor('cuda')).toBeNull();
    expect(libraries.loadFor('cuda')).toBeNull();
    expect(loaded).toEqual(['libcuda.so.1', join(folder, 'lib/libcudart.so.13'), '/opt/cuda/libcudnn.so.9']);
  });

  it('name the driver where its library does not load, and load nothing after it', () => {
    writeFile({ cuda: ['libcuda.so.1', 'lib/libcudart.so.13'] });
    const { loaded, load } = system('libcuda.so.1');
    expect(new GpuLibraries(folder, VERSION, load).loadFor('cuda')).toMatchObject({
      found: 'libcuda.so.1: cannot open shared object file',
      remedy: expect.stringContaining("NVIDIA's driver") as string,
    });
    expect(loaded).toEqual(['libcuda.so.1']);
  });

  it('name the first library that does not load, and the folder to make again', () => {
    const broken = join(folder, 'lib/libcublas.so.13');
    writeFile({ cuda: ['lib/libcudart.so.13', 'lib/libcublas.so.13', 'lib/libcudnn.so.9'] });
    expect(new GpuLibraries(folder, VERSION, system(broken).load).loadFor('cuda')).toMatchObject({
      found: `${broken}: cannot open shared object file`,
      remedy: expect.stringContaining(`rm -r ${folder}`) as string,
    });
  });

  it('are refused for another version of ONNX Runtime, whose providers do not fit', () => {
    writeFile({ cuda: ['libcuda.so.1'] }, '1.29.0');
    const { loaded, load } = system();
    const libraries = new GpuLibraries(folder, VERSION, load);
    libraries.loadRuntime();
    expect(libraries.loadFor('cuda')).toMatchObject({
      found: `a provider of ONNX Runtime 1.29.0 in ${folder}, and ONNX Runtime ${VERSION}`,
    });
    expect(loaded).toEqual([]);
  });

  it.each([
    ['cuda', 'npm run setup -- --gpu ('],
    ['tensorrt', 'npm run setup -- --gpu=tensorrt ('],
  ] as const)('that are not there cost nothing, and %s says how to get them', (device, command) => {
    const { loaded, load } = system();
    const libraries = new GpuLibraries(join(folder, 'absent'), VERSION, load);
    libraries.loadRuntime();
    expect(libraries.has(device)).toBe(false);
    expect(libraries.loadFor(device)).toMatchObject({
      found: 'its provider is not installed',
      remedy: expect.stringContaining(command) as string,
    });
    expect(loaded).toEqual([]);
  });

  it('are those of cuda and tensorrt alone', () => {
    expect(['cpu', 'cuda', 'tensorrt', 'webgpu'].filter(isNvidia)).toEqual(['cuda', 'tensorrt']);
  });
});

describe('loading a library into this process', () => {
  it('keeps it, although it is no addon of Node.js', () => {
    const path = join(folder, 'libplain.so');
    compileLibrary('int plain(void) { return 1; }', path);
    expect(loadLibrary(path)).toBeNull();
    expect(readFileSync('/proc/self/maps', 'utf8')).toContain(path);
  });

  it('says which library is missing: its own, or one that it needs', () => {
    expect(loadLibrary(join(folder, 'libabsent.so'))).toMatch(
      /libabsent\.so: cannot open shared object file/,
    );
    compileLibrary('int inner(void) { return 1; }', join(folder, 'libinner.so'), [
      '-Wl,-soname,libinner.so.13',
    ]);
    const outer = join(folder, 'libouter.so');
    compileLibrary('int inner(void); int outer(void) { return inner(); }', outer, [`-L${folder}`, '-linner']);
    expect(loadLibrary(outer)).toMatch(/^libinner\.so\.13: cannot open shared object file/);
    // Loaded before, it is found by its name, wherever it lies.
    expect(loadLibrary(join(folder, 'libinner.so'))).toBeNull();
    expect(loadLibrary(outer)).toBeNull();
  });

  it.runIf(process.arch === 'x64')(
    'lets the npm package find a provider outside node_modules, as far as to a driver that cannot do what it needs',
    async () => {
      const lib = join(folder, 'lib');
      const require = createRequire(import.meta.url);
      const runtime = join(
        dirname(require.resolve('onnxruntime-node/package.json')),
        'bin/napi-v6/linux',
        process.arch,
      );
      symlinkSync(join(runtime, 'libonnxruntime.so.1'), join(lib, 'libonnxruntime.so.1'));
      compileLibrary(
        'void* host; void Provider_SetHost(void* given) { host = given; } void* Provider_GetHost(void) { return host; }',
        join(lib, 'libonnxruntime_providers_shared.so'),
      );
      // As the real one, it needs a function of the driver that the fake one lacks.
      const driver = join(folder, 'libcuda.so.1');
      compileLibrary('int cuInit(unsigned flags) { return 100; }', driver, ['-Wl,-soname,libcuda.so.1']);
      compileLibrary(
        'int cuTensorMapEncodeTiled(void); void* GetProvider(void) { return (void*)(long)cuTensorMapEncodeTiled(); }',
        join(lib, 'libonnxruntime_providers_cuda.so'),
        ['-Wl,-z,now', driver],
      );
      writeFile({ cuda: [driver] });

      const libraries = new GpuLibraries(folder, VERSION);
      libraries.loadRuntime();
      const { InferenceSession } = await import('onnxruntime-node');
      expect(libraries.loadFor('cuda')).toBeNull();
      const opening = InferenceSession.create(join(tinyModelFolder, 'predictor.onnx'), {
        executionProviders: ['cuda'],
      });
      await expect(opening).rejects.toThrow(/Failed to load shared library/);
      expect(libraries.whyNoProvider('cuda')).toMatch(/undefined symbol: cuTensorMapEncodeTiled/);
      const maps = readFileSync('/proc/self/maps', 'utf8');
      expect(maps).toContain(join(lib, 'libonnxruntime_providers_shared.so'));
      expect(maps).toContain(driver);
      expect(maps).not.toContain(join(runtime, 'libonnxruntime_providers'));
    },
  );
});
