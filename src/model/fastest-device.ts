import { JepaMpcError } from '../core/errors.js';
import type { Logger } from '../core/types.js';
import type { DeviceRecord, PlanTimes } from './device-record.js';
import type { Device } from './devices.js';

/** What is opened on a device and can be released again. */
interface Opened {
  dispose(): Promise<void>;
}

/** How to compare devices. */
export interface DeviceTrial<T extends Opened> {
  /** @throws JepaMpcError if the device cannot be used */
  readonly open: (device: Device) => Promise<T>;
  /** Milliseconds that a plan takes. @throws JepaMpcError if it cannot be made */
  readonly timeMs: (opened: T) => Promise<number>;
  readonly record: DeviceRecord;
  /** Called with each device that is not taken because it does not work. */
  readonly skip: (device: Device, why: string) => void;
  readonly logger?: Logger | undefined;
}

/** The fastest device so far. */
interface Candidate<T> {
  readonly device: Device;
  readonly opened: T;
  /** Null: not measured. */
  readonly ms: number | null;
}

/** A device that never ended so many tries in a row is not tried again: it ends the process, or takes longer than loading may. */
const MAX_UNFINISHED = 2;

/**
 * Opens the fastest of several devices: the one that was measured to be so before, or else each one in turn, with a plan made on each.
 *
 * @param devices at least one; the last one is opened even if it has failed before
 * @throws JepaMpcError what the last device throws, if none can be opened
 */
export async function openFastest<T extends Opened>(
  devices: readonly Device[],
  trial: DeviceTrial<T>,
): Promise<T> {
  const { record, logger } = trial;
  const usable = devices.filter((device, index) => index === devices.length - 1 || mayBeTried(device, trial));
  let failure: JepaMpcError | null = null;
  const [known] = sorted(record.times);
  if (known !== undefined && usable.includes(known)) {
    const opened = await tryToOpen(known, trial);
    if (!(opened instanceof JepaMpcError)) {
      logger?.info(
        `Device ${known}: a plan takes ${written(record.times)}, as measured before (${record.path})`,
      );
      return opened;
    }
    failure = opened;
  }
  const times = new Map<Device, number>();
  const timeOf = async (device: Device, opened: T): Promise<number> => {
    const ms = await timed(device, opened, trial);
    if (Number.isFinite(ms)) times.set(device, ms);
    return ms;
  };
  let best: Candidate<T> | null = null;
  for (const device of usable) {
    if (device === known) continue;
    const opened = await tryToOpen(device, trial);
    if (opened instanceof JepaMpcError) {
      failure = opened;
      continue;
    }
    if (best === null) {
      // Not measured yet: it may be the only one.
      best = { device, opened, ms: null };
      continue;
    }
    const bestMs: number = best.ms ?? (await timeOf(best.device, best.opened));
    const ms = await timeOf(device, opened);
    const isFaster = ms < bestMs;
    await (isFaster ? best.opened : opened).dispose();
    best = isFaster ? { device, opened, ms } : { ...best, ms: bestMs };
  }
  if (best === null) throw failure ?? new RangeError('no device to open');
  if (times.size > 0) {
    record.keep(times);
    logger?.info(`Device ${best.device}: a plan takes ${written(times)} (kept in ${record.path})`);
  }
  return best.opened;
}

function mayBeTried<T extends Opened>(device: Device, { record, skip }: DeviceTrial<T>): boolean {
  const unfinished = record.unfinished(device);
  if (unfinished < MAX_UNFINISHED) return true;
  skip(device, `its last ${String(unfinished)} tries did not end; to try it again, delete ${record.path}`);
  return false;
}

async function tryToOpen<T extends Opened>(
  device: Device,
  { open, record, skip }: DeviceTrial<T>,
): Promise<T | JepaMpcError> {
  record.begin(device);
  try {
    return await open(device);
  } catch (error) {
    if (!(error instanceof JepaMpcError)) throw error;
    skip(device, error.message);
    return error;
  } finally {
    record.end(device);
  }
}

/** Infinity if no plan can be made, which may be the fault of the parameters: the device still counts as one that loads. */
async function timed<T extends Opened>(
  device: Device,
  opened: T,
  { timeMs, record, logger }: DeviceTrial<T>,
): Promise<number> {
  record.begin(device);
  try {
    return await timeMs(opened);
  } catch (error) {
    if (!(error instanceof JepaMpcError)) throw error;
    logger?.info(`Device ${device} is not measured: ${error.message}`);
    return Infinity;
  } finally {
    record.end(device);
  }
}

/** The fastest first. */
function sorted(times: PlanTimes): readonly Device[] {
  return [...times].sort(([, a], [, b]) => a - b).map(([device]) => device);
}

function written(times: PlanTimes): string {
  return sorted(times)
    .map((device) => `${(times.get(device) ?? NaN).toFixed(1)} ms on ${device}`)
    .join(', ');
}
