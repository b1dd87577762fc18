import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** A device that needs libraries which the set-up fetches on request. */
export type NvidiaDevice = 'cuda' | 'tensorrt';

export function isNvidia(device: string): device is NvidiaDevice {
  return device === 'cuda' || device === 'tensorrt';
}

/** What keeps a device from being used, and what to do. */
export interface MissingLibrary {
  readonly found: string;
  readonly remedy: string;
}

/** What the set-up has written (scripts/setup/gpu/gpu-prefix.mjs). */
interface LibraryFile {
  /** Version of ONNX Runtime that the providers belong to. */
  readonly onnxRuntime: string;
  /** Libraries to load for a provider, in order: paths, from the folder on, or a name that the system finds. */
  readonly load: Readonly<Partial<Record<NvidiaDevice, readonly string[]>>>;
}

const FILE = 'libraries.json';
const SET_UP = 'npm run setup -- --gpu (docs/gpu.md)';

/** Keeps a library loaded after Node.js, which finds no addon in it, has closed it; `RTLD_NODELETE` of glibc. */
const KEEP_LOADED = 0x1000;

/** Node.js reports so that a library was loaded and is no addon. */
const NO_ADDON = /did not self-register/;

/**
 * Loads a shared library into this process, for good.
 *
 * @returns why it cannot be loaded; null if it is
 */
export function loadLibrary(path: string): string | null {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_LAZY | KEEP_LOADED);
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return NO_ADDON.test(message) ? null : message;
  }
}

/**
 * The libraries of the providers for NVIDIA's GPUs. ONNX Runtime looks for a provider next to its own library, and the system for CUDA in its
 * own folders alone. So ONNX Runtime is loaded through a link next to the providers, before the npm package loads it, and CUDA before the
 * provider needs it. Neither needs `LD_LIBRARY_PATH`, and nothing is added to `node_modules`, which `npm ci` empties.
 */
export class GpuLibraries {
  readonly #folder: string;
  readonly #installed: string;
  readonly #load: (path: string) => string | null;
  readonly #file: LibraryFile | null;
  readonly #missing = new Map<NvidiaDevice, MissingLibrary | null>();

  /**
   * @param folder that the set-up has made; it may not exist
   * @param installed version of the npm package onnxruntime-node
   * @param load as {@link loadLibrary}
   */
  constructor(folder: string, installed: string, load = loadLibrary) {
    this.#folder = folder;
    this.#installed = installed;
    this.#load = load;
    this.#file = readLibraryFile(join(folder, FILE));
  }

  /** Loads ONNX Runtime from where its providers are. Without effect once the npm package has loaded it. */
  loadRuntime(): void {
    if (this.#file?.onnxRuntime === this.#installed)
      this.#load(join(this.#folder, 'lib', 'libonnxruntime.so.1'));
  }

  /** Whether there is a file for a device's provider; it may still not load. */
  has(device: NvidiaDevice): boolean {
    return this.#file?.load[device] !== undefined;
  }

  /** Loads what a device needs, once. @returns what does not load; null if everything does */
  loadFor(device: NvidiaDevice): MissingLibrary | null {
    const known = this.#missing.get(device);
    if (known !== undefined) return known;
    const missing = this.#tryToLoad(device);
    this.#missing.set(device, missing);
    return missing;
  }

  /**
   * Why ONNX Runtime could not load a provider, which it does not say. Call it only after that: a provider that is loaded before ONNX Runtime
   * does so cannot be used.
   *
   * @returns null if the provider is not at fault
   */
  whyNoProvider(device: NvidiaDevice): string | null {
    return this.#load(join(this.#folder, 'lib', `libonnxruntime_providers_${device}.so`));
  }

  #tryToLoad(device: NvidiaDevice): MissingLibrary | null {
    const file = this.#file;
    const names = file?.load[device];
    if (file === null || names === undefined) {
      const option = device === 'tensorrt' ? '=tensorrt' : '';
      return {
        found: 'its provider is not installed',
        remedy: `Install it: npm run setup -- --gpu${option} (docs/gpu.md).`,
      };
    }
    if (file.onnxRuntime !== this.#installed) {
      return {
        found: `a provider of ONNX Runtime ${file.onnxRuntime} in ${this.#folder}, and ONNX Runtime ${this.#installed}`,
        remedy: `Install the one that fits: ${SET_UP}.`,
      };
    }
    for (const name of names) {
      const isDriver = !name.includes('/');
      const problem = this.#load(isDriver || isAbsolute(name) ? name : join(this.#folder, name));
      if (problem === null) continue;
      return {
        found: problem,
        remedy: isDriver
          ? `Install NVIDIA's driver, or start the container with --gpus all; this says which: ${SET_UP}.`
          : `Repair it: rm -r ${this.#folder}, then ${SET_UP}.`,
      };
    }
    return null;
  }
}

function readLibraryFile(path: string): LibraryFile | null {
  if (!existsSync(path)) return null;
  // Written by the set-up of this checkout, as a whole.
  return JSON.parse(readFileSync(path, 'utf8')) as LibraryFile;
}
