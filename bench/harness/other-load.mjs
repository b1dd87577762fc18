import { readFileSync } from 'node:fs';

/** Processor time of other programs above which a figure counts as disturbed, in cores. */
export const TOLERATED_LOAD = 0.1;

/** Linux counts processor time in ticks of 10 ms. */
const TICK_MS = 10;
/** Places in /proc/stat's first line: user, nice, system, (idle, iowait,) irq, softirq, steal. */
const BUSY_COLUMNS = [1, 2, 3, 6, 7, 8];

/**
 * Sees how much processor time everything else on the machine takes (in a virtual machine also what its host withholds). Two threads
 * that wait for each other on two cores lose far more to a third program than its share of the time, so such figures are no one's.
 */
export class OtherLoad {
  #pids;
  #startMs = 0;
  #startBusy = 0;

  /** @param {readonly number[]} pids the processes that are measured; this one is added */
  constructor(pids) {
    this.#pids = [process.pid, ...pids];
    this.start();
  }

  start() {
    this.#startMs = performance.now();
    this.#startBusy = this.#othersBusyMs();
  }

  /** @returns {number} processor time of all others since `start`, in cores */
  cores() {
    return Math.max(0, this.#othersBusyMs() - this.#startBusy) / (performance.now() - this.#startMs);
  }

  #othersBusyMs() {
    const [total] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
    const columns = total.trim().split(/\s+/);
    const all = BUSY_COLUMNS.reduce((sum, column) => sum + Number(columns[column] ?? 0), 0);
    const own = this.#pids.reduce((sum, pid) => sum + ticksOf(pid), 0);
    return (all - own) * TICK_MS;
  }
}

/** User and system ticks of a process. Its name, in brackets, may hold blanks. */
function ticksOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 1).split(' ');
  return Number(user) + Number(system);
}
