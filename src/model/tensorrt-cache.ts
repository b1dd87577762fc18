import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';

import { cachePath } from './cache-path.js';

/** Names the folder of engines; ONNX Runtime's TensorRT provider reads it when a session is created. */
const PATH = 'ORT_TENSORRT_CACHE_PATH';
const ENABLED = ['ORT_TENSORRT_ENGINE_CACHE_ENABLE', 'ORT_TENSORRT_TIMING_CACHE_ENABLE'] as const;

/**
 * Keeps the engines that TensorRT builds, which takes up to minutes, for the next start. The provider takes its settings from the environment
 * alone. It tells engines apart by the names and shapes of a graph and not by its weights, so each graph of each model gets its own folder.
 * What the user has set stays as it is.
 */
export class TensorRtCache {
  readonly #env: NodeJS.ProcessEnv;
  /** The value that this has set, which is not the user's. */
  #own: string | undefined;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#env = env;
  }

  /**
   * Call it right before a session is created.
   *
   * @param graph the ONNX file
   * @param modelSha256 of what the file refers to
   */
  use(graph: Uint8Array, modelSha256: string): void {
    if (this.#env[PATH] === this.#own) {
      const key = createHash('sha256').update(modelSha256).update(graph).digest('hex').slice(0, 16);
      const folder = cachePath('tensorrt', key, this.#env);
      try {
        mkdirSync(folder, { recursive: true });
      } catch {
        return; // engines are built again at each start
      }
      this.#env[PATH] = this.#own = folder;
    }
    for (const name of ENABLED) this.#env[name] ??= '1';
  }
}
