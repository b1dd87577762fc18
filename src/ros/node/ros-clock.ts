import rclnodejs from 'rclnodejs';
import { Observable } from 'rxjs';

import { msToNs } from '../../core/time.js';
import type { WantedQos } from '../topics/qos-policies.js';
import { stampToNs } from '../topics/stamp.js';
import type { Topics } from '../topics/topics.js';
import { NodeClock } from './node-clock.js';
import type { SystemTime } from './node-clock.js';

/**
 * In lockstep every message is a tick, so `/clock` is received reliably where it can be; rosbag2 and some bridges send it best effort. (The clock
 * inside rclnodejs 2.2.0 receives from reliable publishers alone: `node.now()` is of no use in simulated time.)
 */
const clockQos: WantedQos = { depth: 10, reliability: 'best_available', durability: 'volatile' };

/** The clock of a node: with `use_sim_time` that of the topic `/clock`. */
export function clockOf(node: rclnodejs.Node, topics: Topics, isSimulated: boolean): NodeClock {
  const simulated$ = new Observable<bigint>((subscriber) => {
    const subscription = topics.subscribe('rosgraph_msgs/msg/Clock', '/clock', clockQos, ({ clock }) => {
      subscriber.next(stampToNs(clock));
    });
    return () => {
      subscription.dispose();
    };
  });
  return new NodeClock(systemTimeOf(node), isSimulated ? simulated$ : null);
}

/**
 * Ticks come from a timer of ROS on the monotonic clock, for which another thread waits: a timer of Node.js knows whole milliseconds only. A
 * late tick does not delay the ones after it, and whole periods that were missed are left out instead of being made up for in a burst.
 */
function systemTimeOf(node: rclnodejs.Node): SystemTime {
  // Held here, for as long as the node's clock: the timer does not keep it from being collected.
  const steadyClock = new rclnodejs.Clock(rclnodejs.ClockType.STEADY_TIME);
  const nowNs = (): bigint => node.now().nanoseconds;
  return {
    get nowNs() {
      return nowNs();
    },
    ticks: (periodMs) =>
      new Observable((subscriber) => {
        const onTimer = (): void => {
          subscriber.next(nowNs());
        };
        const timer = node.createTimer(msToNs(periodMs), onTimer, steadyClock);
        return () => {
          node.destroyTimer(timer);
        };
      }),
  };
}
