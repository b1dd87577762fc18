import type rclnodejs from 'rclnodejs';
import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';

import { reliable } from './qos.js';
import { stampToNs } from './stamp.js';
import { simulatedTicks, wallTicks } from './ticks.js';

/** The node's time: the system's, or with `use_sim_time` that of the newest message on `/clock`. */
export class NodeClock {
  readonly #node: rclnodejs.Node;
  readonly #isSimulated: boolean;
  readonly #clock$ = new Subject<bigint>();
  #clockNs = 0n;

  constructor(node: rclnodejs.Node) {
    this.#node = node;
    this.#isSimulated = node.getParameter('use_sim_time').value === true;
    if (!this.#isSimulated) return;
    node.createSubscription(
      'rosgraph_msgs/msg/Clock',
      '/clock',
      { qos: reliable(10) },
      (message: rclnodejs.rosgraph_msgs.msg.Clock) => {
        this.#clockNs = stampToNs(message.clock);
        this.#clock$.next(this.#clockNs);
      },
    );
  }

  /** 0 before the first message on `/clock`. */
  get nowNs(): bigint {
    return this.#isSimulated ? this.#clockNs : this.#node.now().nanoseconds;
  }

  /** The time, once every period of it. */
  ticks(periodMs: number): Observable<bigint> {
    return this.#isSimulated
      ? simulatedTicks(this.#clock$, BigInt(periodMs) * 1_000_000n)
      : wallTicks(periodMs, () => this.nowNs);
  }
}
