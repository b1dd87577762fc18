import { from, Observable } from 'rxjs';
import type { ObservableInput, OperatorFunction, Subscription } from 'rxjs';

/**
 * Runs one job at a time. Of the values that arrive meanwhile only the newest is kept, and its job starts as soon as the running one is done;
 * the others are dropped. (exhaustMap would drop the newest too; switchMap would never let a job finish.)
 */
export function newestWins<T, R>(project: (value: T) => ObservableInput<R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((subscriber) => {
      let busy = false;
      let waiting: { readonly value: T } | null = null;
      let job: Subscription | null = null;
      let sourceDone = false;

      const start = (value: T): void => {
        busy = true;
        job = from(project(value)).subscribe({
          next: (result) => {
            subscriber.next(result);
          },
          error: (error: unknown) => {
            subscriber.error(error);
          },
          complete: () => {
            busy = false;
            if (waiting !== null) {
              const next = waiting.value;
              waiting = null;
              start(next);
            } else if (sourceDone) {
              subscriber.complete();
            }
          },
        });
      };

      const outer = source.subscribe({
        next: (value) => {
          if (busy) waiting = { value };
          else start(value);
        },
        error: (error: unknown) => {
          subscriber.error(error);
        },
        complete: () => {
          sourceDone = true;
          if (!busy) subscriber.complete();
        },
      });
      return () => {
        outer.unsubscribe();
        job?.unsubscribe();
      };
    });
}
