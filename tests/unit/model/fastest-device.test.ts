import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import type { Logger } from '../../../src/core/types.js';
import { DeviceRecord, recordPath } from '../../../src/model/device-record.js';
import type { Device } from '../../../src/model/devices.js';
import { openFastest } from '../../../src/model/fastest-device.js';
import { machineFacts } from '../../../src/model/machine-facts.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'devices-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function failure(code: 'model.device-unavailable' | 'params.invalid', found: string): JepaMpcError {
  return new JepaMpcError(code, { subject: 'device', found, expected: 'another', remedy: 'None.' });
}

/** A session on a fake device. */
interface Session {
  readonly device: Device;
  isReleased: boolean;
  dispose(): Promise<void>;
}

/** A machine on which a plan takes so many milliseconds on each device. Text: why the device does not open. */
class Machine {
  readonly times: Partial<Record<Device, number | string>>;
  readonly opened: Session[] = [];
  readonly timed: Device[] = [];
  readonly lines: string[] = [];
  readonly path = join(folder, 'cache', 'record.json');

  constructor(times: Partial<Record<Device, number | string>>) {
    this.times = times;
  }

  /** @param unplannable whether the parameters cannot be planned with */
  async start(devices: readonly Device[], unplannable = false): Promise<Device> {
    const log = (line: string): void => void this.lines.push(line);
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    const { device } = await openFastest(devices, {
      open: (asked) => this.#open(asked),
      timeMs: (session) => {
        this.timed.push(session.device);
        const ms = this.times[session.device];
        return unplannable || typeof ms !== 'number'
          ? Promise.reject(failure('params.invalid', 'a horizon of 0'))
          : Promise.resolve(ms);
      },
      record: new DeviceRecord(this.path, logger),
      skip: (skipped, why) => {
        this.lines.push(`${skipped}: ${why}`);
      },
      logger,
    });
    return device;
  }

  /** Devices whose sessions are still open. */
  get inUse(): readonly Device[] {
    return this.opened.filter(({ isReleased }) => !isReleased).map(({ device }) => device);
  }

  #open(device: Device): Promise<Session> {
    const ms = this.times[device];
    if (typeof ms !== 'number')
      return Promise.reject(failure('model.device-unavailable', ms ?? 'no such device'));
    const session: Session = {
      device,
      isReleased: false,
      dispose: () => {
        session.isReleased = true;
        return Promise.resolve();
      },
    };
    this.opened.push(session);
    return Promise.resolve(session);
  }
}

describe('the fastest of several devices', () => {
  it('is taken whatever the order, and every other session is released', async () => {
    const device = fc.constantFrom<Device>('cuda', 'tensorrt', 'webgpu', 'cpu');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(device, fc.integer({ min: 1, max: 1000 })), {
          minLength: 1,
          selector: ([name]) => name,
        }),
        async (times) => {
          rmSync(folder, { recursive: true, force: true });
          const machine = new Machine(Object.fromEntries(times));
          const taken = await machine.start(times.map(([name]) => name));
          expect(machine.times[taken]).toBe(Math.min(...times.map(([, ms]) => ms)));
          expect(machine.inUse).toEqual([taken]);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is said with the times, and opened without measuring at the next start', async () => {
    const machine = new Machine({ cuda: 3.14, cpu: 8 });
    expect(await machine.start(['cuda', 'cpu'])).toBe('cuda');
    expect(machine.lines).toEqual([
      `Device cuda: a plan takes 3.1 ms on cuda, 8.0 ms on cpu (kept in ${machine.path})`,
    ]);
    expect(await machine.start(['cuda', 'cpu'])).toBe('cuda');
    expect(machine.timed).toEqual(['cuda', 'cpu']);
    expect(machine.inUse).toEqual(['cuda', 'cuda']);
    expect(machine.lines.at(-1)).toBe(
      `Device cuda: a plan takes 3.1 ms on cuda, 8.0 ms on cpu, as measured before (${machine.path})`,
    );
  });

  it('is replaced by the next one where it does not open any more, which is said', async () => {
    const machine = new Machine({ cuda: 1, webgpu: 2, cpu: 3 });
    await machine.start(['cuda', 'webgpu', 'cpu']);
    machine.times.cuda = 'CUDA failure 2: out of memory';
    expect(await machine.start(['cuda', 'webgpu', 'cpu'])).toBe('webgpu');
    expect(machine.lines.filter((line) => line.includes('out of memory'))).toHaveLength(1);
    machine.times.webgpu = 'lost';
    expect(await machine.start(['cuda', 'webgpu', 'cpu'])).toBe('cpu');
  });

  it('is not measured where it is the only one that opens', async () => {
    const machine = new Machine({ cuda: 'no driver', webgpu: 'no adapter', cpu: 3 });
    expect(await machine.start(['cuda', 'webgpu', 'cpu'])).toBe('cpu');
    expect(machine.timed).toEqual([]);
    expect(new DeviceRecord(machine.path).times.size).toBe(0);
  });

  it('is the first that opens where no plan can be made: the parameters may be at fault, and get corrected', async () => {
    const machine = new Machine({ cuda: 5, cpu: 1 });
    expect(await machine.start(['cuda', 'cpu'], true)).toBe('cuda');
    expect(machine.lines).toContainEqual(expect.stringContaining('a horizon of 0'));
    expect(await machine.start(['cuda', 'cpu'])).toBe('cpu');
  });

  it('is none where none opens: the failure of the last one is thrown', async () => {
    const machine = new Machine({ cuda: 'no driver', cpu: 'no operator' });
    await expect(machine.start(['cuda', 'cpu'])).rejects.toMatchObject({ facts: { found: 'no operator' } });
  });

  it('is not one that ended the process twice in a row, which is said with what to delete', async () => {
    const machine = new Machine({ cuda: 1, cpu: 9 });
    for (let death = 0; death < 2; death++) new DeviceRecord(machine.path).begin('cuda');
    expect(await machine.start(['cuda', 'cpu'])).toBe('cpu');
    expect(machine.lines[0]).toContain(`2 tries did not end; to try it again, delete ${machine.path}`);
    rmSync(machine.path);
    expect(await machine.start(['cuda', 'cpu'])).toBe('cuda');
    // A try that ends is no death, however often there is one.
    expect(new DeviceRecord(machine.path).unfinished('cuda')).toBe(0);
  });
});

describe('the record', () => {
  it.each(['', '{', '[]', '{"times":[["gpu",1]]}', '{"times":[["cpu",-1]]}', '{"times":{"cpu":1}}'])(
    'counts as absent if it holds %j',
    (text) => {
      const path = join(folder, 'record.json');
      writeFileSync(path, text);
      expect(new DeviceRecord(path).times.size).toBe(0);
    },
  );

  it('that cannot be written costs a measurement, nothing else', async () => {
    const machine = new Machine({ cuda: 2, cpu: 1 });
    writeFileSync(dirname(machine.path), 'a file where the folder would be');
    expect(await machine.start(['cuda', 'cpu'])).toBe('cpu');
    expect(await machine.start(['cuda', 'cpu'])).toBe('cpu');
    expect(machine.timed).toHaveLength(4);
  });

  it('is another for another model, driver or setting, in the folder of caches', () => {
    const env = { XDG_CACHE_HOME: folder };
    const paths = [['a'], ['b'], ['a', 'b'], ['ab']].map((facts) => recordPath(facts, env));
    expect(new Set(paths).size).toBe(4);
    expect(dirname(paths[0] ?? '')).toBe(join(folder, 'jepa-mpc', 'devices'));
    expect(existsSync(dirname(paths[0] ?? ''))).toBe(false);
    expect(recordPath(['a'], { XDG_CACHE_HOME: '' })).toBe(recordPath(['a'], {}));
  });

  it('notices another driver and another graphics device', () => {
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    const none = machineFacts(folder);
    write('proc/driver/nvidia/version', 'NVRM version: 580.65.06\n');
    const driver = machineFacts(folder);
    write('sys/class/drm/renderD128/device/vendor', '0x1002\n');
    write('sys/class/drm/renderD128/device/device', '0x744c\n');
    write('sys/class/drm/card0/device/vendor', '0x1002\n');
    const graphics = machineFacts(folder);
    expect(driver).toEqual([...none.slice(0, -1), 'NVRM version: 580.65.06']);
    expect(graphics).toEqual([...driver, '0x1002:0x744c']);
  });
});
