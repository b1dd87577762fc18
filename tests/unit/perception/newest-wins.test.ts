import { map, timer } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { beforeEach, describe, expect, it } from 'vitest';

import { newestWins } from '../../../src/perception/newest-wins.js';

let scheduler: TestScheduler;

beforeEach(() => {
  scheduler = new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  });
});

/** A job of 3 frames of virtual time that gives its value back. */
const slowly = (value: string) => timer(3, scheduler).pipe(map(() => value));

describe('newestWins', () => {
  it('of the values that arrive during a job, only the newest gets a job', () => {
    scheduler.run(({ cold, expectObservable }) => {
      const source = cold('  abcd-------|');
      const expected = '     ---a--d----|';
      expectObservable(source.pipe(newestWins(slowly))).toBe(expected);
    });
  });

  it('finishes the running and the waiting job after the source has ended', () => {
    scheduler.run(({ cold, expectObservable }) => {
      const source = cold('  a-b|');
      const expected = '     ---a--(b|)';
      expectObservable(source.pipe(newestWins(slowly))).toBe(expected);
    });
  });

  it('never has two jobs at once', () => {
    let running = 0;
    let max = 0;
    scheduler.run(({ cold, flush }) => {
      cold('abc-d--e-----f|')
        .pipe(
          newestWins((value) => {
            running += 1;
            max = Math.max(max, running);
            return slowly(value).pipe(
              map((result) => {
                running -= 1;
                return result;
              }),
            );
          }),
        )
        .subscribe();
      flush();
    });
    expect(max).toBe(1);
  });

  it('passes a failing job on', () => {
    scheduler.run(({ cold, expectObservable }) => {
      const source = cold('  a----|');
      const job = () => cold('--#');
      expectObservable(source.pipe(newestWins(job))).toBe('--#');
    });
  });

  it('stops the running job when nobody listens any more', () => {
    scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  a-----|');
      const job = cold('     ----x|');
      expectObservable(source.pipe(newestWins(() => job)), '^-!').toBe('---');
      expectSubscriptions(job.subscriptions).toBe('^-!');
    });
  });
});
