import { quantile } from '../statistics.mjs';
import { pairsOf, solveInRounds, workOf } from './rounds.mjs';

/**
 * `ros_thread_gap_p99_ms`: while a worker thread makes a plan, how long the thread with the callbacks goes without a tick of a 1 ms timer
 * (99th percentile). On our side that is Node's main thread with a `worker_threads` worker, on the reference's Python's main thread with a
 * `Thread`.
 */
export const threadGap = {
  title: 'pauses of the ROS thread',
  work: ({ spec, amounts }) => (amounts.checks + 1) * workOf(spec, settingsOf(spec, amounts)),

  async run(bench) {
    const settings = settingsOf(bench.spec, bench.amounts);
    const answers = await solveInRounds(bench, 'cem', settings, {
      rounds: bench.amounts.checks,
      gaps: true,
      precisions: ['fp32'],
    });
    bench.record({
      metric: 'ros_thread_gap_p99_ms',
      unit: 'ms',
      planner: 'cem',
      settings,
      pairs: pairsOf(answers, 'fp32', ({ gapsMs }) => quantile(gapsMs, 0.99)),
    });
  },
};

const settingsOf = (spec, amounts) => ({ ...spec.settings, iterations: amounts.iterations });
