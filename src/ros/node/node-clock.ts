import rclnodejs from 'rclnodejs';
import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';

import type { QosOverrides } from '../topics/qos-overrides.js';
import { QosSubscription } from '../topics/qos-subscription.js';
import type { WantedQos } from '../topics/qos-policies.js';
import { stampToNs } from '../topics/stamp.js';
import { simulatedTicks, wallTicks } from './ticks.js';

/**
 * Every tick counts in lockstep, so it is heard reliably where it can be; rosbag2 and some bridges send it best effort. (The clock inside
 * rclnodejs 2.2.0 hears reliable publishers alone: `node.now()` is of no use in simulated time.)
 */
const clockQos: WantedQos = { depth: 10, reliability: 'best_available', durability: 'volatile' };

/** A longer step of `/clock` is a jump. */
const LONGEST_STEP_NS = 500_000_000n;

/** The node's time: the system's, or with `use_sim_time` that of the newest message on `/clock`. */
export class NodeClock {
  readonly #node: rclnodejs.Node;
  readonly #isSimulated: boolean;
  readonly #steadyClock = new rclnodejs.Clock(rclnodejs.ClockType.STEADY_TIME);
  readonly #clock$ = new Subject<bigint>();
  #clockNs = 0n;
  #stepNs = 0n;

  constructor(node: rclnodejs.Node, overrides: QosOverrides) {
    this.#node = node;
    this.#isSimulated = node.getParameter('use_sim_time').value === true;
    if (!this.#isSimulated) return;
    const policies = { qos: clockQos, overrides };
    new QosSubscription(node, 'rosgraph_msgs/msg/Clock', '/clock', policies, ({ clock }) => {
      const nowNs = stampToNs(clock);
      const elapsedNs = nowNs - this.#clockNs;
      if (this.#clockNs > 0n && elapsedNs > 0n)
        this.#stepNs = elapsedNs < LONGEST_STEP_NS ? elapsedNs : LONGEST_STEP_NS;
      this.#clockNs = nowNs;
      this.#clock$.next(this.#clockNs);
    });
  }

  /** 0 before the first message on `/clock`. */
  get nowNs(): bigint {
    return this.#isSimulated ? this.#clockNs : this.#node.now().nanoseconds;
  }

  /** Time between the last two messages on `/clock`, s: what is stamped meanwhile is ahead of this clock. 0 for the system's. */
  get stepS(): number {
    return Number(this.#stepNs) / 1e9;
  }

  /** The time, once every period of it. */
  ticks(periodMs: number): Observable<bigint> {
    return this.#isSimulated
      ? simulatedTicks(this.#clock$, BigInt(periodMs) * 1_000_000n)
      : wallTicks(this.#node, this.#steadyClock, periodMs, () => this.nowNs);
  }
}
