import type rclnodejs from 'rclnodejs';
import { concatMap, defer, Observable } from 'rxjs';

import { TickGrid } from '../../timeline/tick-grid.js';

/**
 * Ticks of wall-clock time, without drift: a late tick does not push back the ones after it, and whole periods that were missed are left out
 * instead of being made up for in a burst. They come from a timer of ROS on the monotonic clock, for which another thread waits: a timer of
 * Node.js knows whole milliseconds only.
 *
 * @param clock monotonic; whoever gives it must hold it: the timer does not keep it from being collected.
 * @param nowNs time given with each tick.
 */
export function wallTicks(
  node: rclnodejs.Node,
  clock: rclnodejs.Clock,
  periodMs: number,
  nowNs: () => bigint,
): Observable<bigint> {
  return new Observable((subscriber) => {
    const timer = node.createTimer(
      BigInt(periodMs) * 1_000_000n,
      () => {
        subscriber.next(nowNs());
      },
      clock,
    );
    return () => {
      node.destroyTimer(timer);
    };
  });
}

/** Ticks of simulated time: one for each period of it, several at once where the clock comes less often; see {@link TickGrid}. */
export function simulatedTicks(clock$: Observable<bigint>, periodNs: bigint): Observable<bigint> {
  return defer(() => {
    const grid = new TickGrid(periodNs);
    return clock$.pipe(concatMap((nowNs) => grid.due(nowNs)));
  });
}
