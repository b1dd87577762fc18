import { Observable } from 'rxjs';

/**
 * Ticks of wall-clock time without drift: a late tick does not push back the ones after it, and whole periods that were missed are left out
 * instead of being made up for in a burst.
 *
 * @param nowNs time given with each tick.
 */
export function wallTicks(periodMs: number, nowNs: () => bigint): Observable<bigint> {
  return new Observable((subscriber) => {
    let dueMs = performance.now() + periodMs;
    let timer: NodeJS.Timeout;
    const tick = (): void => {
      subscriber.next(nowNs());
      const overdue = Math.max(0, performance.now() - dueMs);
      dueMs += periodMs * (1 + Math.floor(overdue / periodMs));
      timer = setTimeout(tick, Math.max(0, dueMs - performance.now()));
    };
    timer = setTimeout(tick, periodMs);
    return () => {
      clearTimeout(timer);
    };
  });
}

/**
 * Ticks of simulated time: one for each clock message that is at least a period after the last tick. A clock that goes back is passed on,
 * for the watchdog to see.
 */
export function simulatedTicks(clock$: Observable<bigint>, periodNs: bigint): Observable<bigint> {
  return new Observable((subscriber) => {
    let lastNs: bigint | null = null;
    return clock$.subscribe((nowNs) => {
      if (lastNs !== null && nowNs >= lastNs && nowNs - lastNs < periodNs) return;
      lastNs = nowNs;
      subscriber.next(nowNs);
    });
  });
}
