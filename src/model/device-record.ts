import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

import type { Logger } from '../core/types.js';
import { cachePath } from './cache-path.js';
import type { Device } from './devices.js';

/** Milliseconds that a plan takes, by device. */
export type PlanTimes = ReadonlyMap<Device, number>;

const DEVICE = z.enum(['cpu', 'cuda', 'tensorrt', 'webgpu']);

const RECORD = z.object({
  times: z.array(z.tuple([DEVICE, z.number().positive()])).default([]),
  /** Tries in a row that never ended: the process died, or was killed because loading took too long. */
  unfinished: z.array(z.tuple([DEVICE, z.number().int().positive()])).default([]),
});

/** What is known of the devices for one model on one machine. It outlives the process, so that a device that ends it is noticed. */
export class DeviceRecord {
  readonly path: string;
  readonly #logger: Logger | undefined;
  readonly #times: Map<Device, number>;
  readonly #unfinished: Map<Device, number>;

  /** @param path of a file; one that cannot be read counts as absent */
  constructor(path: string, logger?: Logger) {
    this.path = path;
    this.#logger = logger;
    const { times, unfinished } = readRecord(path);
    this.#times = new Map(times);
    this.#unfinished = new Map(unfinished);
  }

  /** Empty before anything was measured. */
  get times(): PlanTimes {
    return this.#times;
  }

  /** Tries of a device, one after the other, that have begun and never ended. */
  unfinished(device: Device): number {
    return this.#unfinished.get(device) ?? 0;
  }

  /** Notes that a device is about to be tried. */
  begin(device: Device): void {
    this.#unfinished.set(device, this.unfinished(device) + 1);
    this.#write();
  }

  /** Notes that the try ended, well or with an error. */
  end(device: Device): void {
    this.#unfinished.delete(device);
    this.#write();
  }

  /** Keeps what was measured, in place of what was before. */
  keep(times: PlanTimes): void {
    this.#times.clear();
    for (const [device, ms] of times) this.#times.set(device, ms);
    this.#write();
  }

  #write(): void {
    const partial = `${this.path}.${String(process.pid)}`;
    const text = JSON.stringify({ times: [...this.#times], unfinished: [...this.#unfinished] }, null, 2);
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      writeFileSync(partial, `${text}\n`);
      renameSync(partial, this.path);
    } catch (error) {
      // It saves time at the next start, nothing else.
      this.#logger?.debug(`${this.path} cannot be written: ${String(error)}`);
    }
  }
}

function readRecord(path: string): z.infer<typeof RECORD> {
  try {
    return RECORD.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return { times: [], unfinished: [] };
  }
}

/**
 * Where the record for one model on one machine is kept.
 *
 * @param facts everything that a time depends on: another fact, another record
 */
export function recordPath(facts: readonly unknown[], env: NodeJS.ProcessEnv = process.env): string {
  const key = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
  return cachePath('devices', `${key}.json`, env);
}
