import { JepaMpcError } from '../core/errors.js';
import { double, dynamic, type ValuesOf } from '../core/parameter.js';

export const speedScaleParameters = {
  'command.speed_scale': dynamic(
    double({ min: 0, max: 1, default: 1 }),
    '1',
    'Fraction of the speed at which plans are followed, from the next tick on; the newest value on ~/speed_scale counts if it is lower.',
  ),
  'command.speed_scale_timeout_s': dynamic(
    double({ min: 0, max: 60, default: 0 }),
    's',
    'How long ~/speed_scale may be silent: longer holds the robot until the next message. 0: the topic is not needed.',
  ),
};

export type SpeedScaleValues = ValuesOf<typeof speedScaleParameters>;

/** The speed scale in force: the lower one of the parameter and the topic. Wall-clock time is passed in, ms. */
export class SpeedScale {
  readonly #values: () => SpeedScaleValues;
  #received: { readonly scale: number; readonly atMs: number } | null = null;

  /** @param values read at each use: they may change while the node runs */
  constructor(values: () => SpeedScaleValues) {
    this.#values = values;
  }

  /** From 0 to 1. */
  get value(): number {
    return Math.min(this.#values()['command.speed_scale'], this.#received?.scale ?? 1);
  }

  /**
   * A message on the topic.
   *
   * @throws JepaMpcError `command.speed-scale` for NaN or a value outside 0 to 1; the value before stays, and the message does not count as
   *   one that was received
   */
  onMessage(scale: number, nowMs: number): void {
    if (!(scale >= 0 && scale <= 1)) {
      throw new JepaMpcError('command.speed-scale', {
        subject: '~/speed_scale',
        found: String(scale),
        expected: 'a number from 0 to 1',
        remedy: `Publish a fraction of the speed; ${String(this.value)} stays in force.`,
      });
    }
    this.#received = { scale, atMs: nowMs };
  }

  /** Why the required topic is missing; null if it is there, or not required. */
  silence(nowMs: number): string | null {
    const timeoutS = this.#values()['command.speed_scale_timeout_s'];
    if (timeoutS === 0) return null;
    if (this.#received === null) return 'no message received';
    const silentS = (nowMs - this.#received.atMs) / 1000;
    return silentS > timeoutS ? `no message for ${silentS.toFixed(2)} s` : null;
  }
}
