import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { createRng, deriveSeed } from '../../dist/src/math/rng.js';
import { writeTensors } from './tensor-file.mjs';

/** Files that both sides read: the same noise and the same problems for both. */
export class Inputs {
  /**
   * @param {string} folder an empty temporary folder
   * @param {number} seed
   */
  constructor(folder, seed) {
    this.folder = folder;
    this.seed = seed;
  }

  /**
   * A file with `noise [iterations, samples, horizon, actionDim]`, standard normals.
   *
   * @param {number} index another index, other noise
   */
  noise({ samples, horizon, iterations }, actionDim, index) {
    const shape = [iterations, samples, horizon, actionDim];
    const file = join(this.folder, `noise-${shape.join('x')}-${index}.safetensors`);
    if (!existsSync(file)) {
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
      createRng(deriveSeed(this.seed, index)).normals(data);
      writeTensors(file, { noise: { data, shape } });
    }
    return file;
  }

  /** A file with `count` problems of the case that the reference has open; see bench/reference/jepa_mpc_reference/problems.py. */
  async problems(reference, name, count) {
    const file = join(this.folder, `problems-${name}.safetensors`);
    if (!existsSync(file)) await reference.ask('problems', { count, seed: this.seed, file });
    return file;
  }

  /** Where a side may write what both look at afterwards; no name is ever given twice. */
  fresh(name) {
    this.#files++;
    return join(this.folder, `${name}-${this.#files}.safetensors`);
  }

  #files = 0;
}
