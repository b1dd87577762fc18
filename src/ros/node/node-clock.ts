import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';

import { msToNs } from '../../core/time.js';
import { simulatedTicks } from '../../timeline/tick-grid.js';

/** A longer step of `/clock` is a jump. */
const MAX_STEP_NS = 500_000_000n;

/** The system's time. */
export interface SystemTime {
  readonly nowNs: bigint;
  /** The time, once every period of a monotonic clock, without drift. */
  ticks(periodMs: number): Observable<bigint>;
}

/** The node's time: the system's, or with `use_sim_time` that of the newest message on `/clock`. */
export class NodeClock {
  readonly #system: SystemTime;
  readonly #isSimulated: boolean;
  readonly #clock$ = new Subject<bigint>();
  #clockNs = 0n;
  #stepNs = 0n;

  /** @param simulated$ times of `/clock`, ns; null: the system's time counts */
  constructor(system: SystemTime, simulated$: Observable<bigint> | null) {
    this.#system = system;
    this.#isSimulated = simulated$ !== null;
    simulated$?.subscribe((nowNs) => {
      const elapsedNs = nowNs - this.#clockNs;
      if (this.#clockNs > 0n && elapsedNs > 0n)
        this.#stepNs = elapsedNs < MAX_STEP_NS ? elapsedNs : MAX_STEP_NS;
      this.#clockNs = nowNs;
      this.#clock$.next(nowNs);
    });
  }

  /** Whether time is that of `/clock`. */
  get isSimulated(): boolean {
    return this.#isSimulated;
  }

  /** 0 before the first message on `/clock`. */
  get nowNs(): bigint {
    return this.#isSimulated ? this.#clockNs : this.#system.nowNs;
  }

  /**
   * Time between the last two messages on `/clock`, s, at most 0.5; 0 for the system's time. What is stamped between two messages is ahead of
   * this clock by up to that.
   */
  get stepS(): number {
    return Number(this.#stepNs) / 1e9;
  }

  /** The time, once every period of it. */
  ticks(periodMs: number): Observable<bigint> {
    return this.#isSimulated ? simulatedTicks(this.#clock$, msToNs(periodMs)) : this.#system.ticks(periodMs);
  }
}
