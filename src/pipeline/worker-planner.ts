import { Worker } from 'node:worker_threads';

import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { Logger, Plan } from '../core/types.js';
import { KeptByStamp } from './kept-by-stamp.js';
import type { PlannerPort, PlannerSettings, PlanRequest } from './planner-port.js';
import type {
  FrameReference,
  FromWorker,
  LoadMessage,
  PlanMessage,
  ToWorker,
  WorkerReply,
} from './worker-protocol.js';

/** How long a stopped worker is waited for. */
const stopTimeoutMs = 1000;

interface PendingReply {
  readonly resolve: (reply: WorkerReply) => void;
  readonly reject: (error: JepaMpcError) => void;
}

/** The planner in a worker thread, so that inference never holds the thread that talks to ROS. One job at a time. */
export class WorkerPlanner implements PlannerPort {
  readonly #entry: URL;
  readonly #log: Logger;
  #worker: Worker | null = null;
  #pending: PendingReply | null = null;
  /** Frames whose latents the worker has. */
  readonly #known = new KeptByStamp<true>();
  #knownGoalNs: bigint | null = null;
  /** From the newest frame of a plan to the oldest that it may ask for. */
  #spanNs = 0n;

  /**
   * @param entry the worker's script; the composition root decides what runs in it.
   * @param log told what the worker has to say
   */
  constructor(entry: URL, log: Logger) {
    this.#entry = entry;
    this.#log = log;
  }

  async load(settings: PlannerSettings): Promise<ModelInfo> {
    await this.dispose();
    const worker = new Worker(this.#entry);
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'log') this.#log[message.level](message.text);
      // One that was let go while it hung may still answer: nobody has asked it.
      else if (this.#worker === worker) this.#settle(message);
    });
    worker.on('error', (error: Error) => {
      this.#fail(worker, error.message, error);
    });
    worker.on('exit', (code) => {
      this.#fail(worker, `exit code ${String(code)}`);
    });
    const reply = await this.#ask(worker, { type: 'load', settings });
    if (reply.type !== 'loaded') throw unexpectedReply(reply);
    const { window, periodMs, block } = reply.model;
    // The frame nearest to the oldest of the window may be half a step older than that.
    this.#spanNs = BigInt(Math.round((window - 0.5) * periodMs * block * 1e6));
    return reply.model;
  }

  async plan(request: PlanRequest): Promise<Plan> {
    const worker = this.#worker;
    if (worker === null) throw workerDied('no worker');
    const newestNs = request.history.at(-1)?.stampNs ?? 0n;
    const oldestNs = newestNs - this.#spanNs;
    if (request.planIndex === 0) this.#known.clear();
    this.#known.forgetOutside(oldestNs, newestNs);
    const message: PlanMessage = {
      type: 'plan',
      planIndex: request.planIndex,
      history: request.history.map((set, index) =>
        this.#known.has(set.stampNs) || request.history[index - 1] === set ? byStamp(set) : whole(set),
      ),
      oldestNs,
      goal: request.goal.stampNs === this.#knownGoalNs ? byStamp(request.goal) : whole(request.goal),
      committed: request.committed,
      joints: request.joints,
      tuning: request.tuning,
      extras: request.extras,
    };
    const reply = await this.#ask(worker, message);
    if (reply.type !== 'planned') throw unexpectedReply(reply);
    this.#known.keep(new Map(request.history.map(({ stampNs }) => [stampNs, true])));
    this.#knownGoalNs = request.goal.stampNs;
    return reply.plan;
  }

  async dispose(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#known.clear();
    this.#knownGoalNs = null;
    this.#pending?.reject(workerDied('stopped on request'));
    this.#pending = null;
    if (worker !== null) await stop(worker);
  }

  #ask(worker: Worker, message: LoadMessage | PlanMessage): Promise<WorkerReply> {
    if (this.#pending !== null) {
      return Promise.reject(
        new JepaMpcError('planner.not-ready', {
          subject: 'planner',
          found: 'a job while another one runs',
          expected: 'one job at a time',
          remedy: 'Wait for the running job.',
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      worker.postMessage(message);
    });
  }

  #settle(reply: WorkerReply): void {
    const pending = this.#pending;
    this.#pending = null;
    if (reply.type === 'failed') {
      const cause = new Error('in the planner worker');
      cause.stack = reply.stack;
      // The worker forgets its latents when a plan fails.
      this.#known.clear();
      this.#knownGoalNs = null;
      pending?.reject(new JepaMpcError(reply.code, { ...reply.facts, cause }));
    } else {
      pending?.resolve(reply);
    }
  }

  #fail(worker: Worker, found: string, cause?: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#known.clear();
    this.#knownGoalNs = null;
    this.#pending?.reject(workerDied(found, cause));
    this.#pending = null;
  }
}

/**
 * Lets the worker end by itself. It is never terminated: a thread that is stopped inside a native call of ONNX Runtime takes the whole
 * process down with it. One that hangs is left behind, and ends when its call returns.
 */
async function stop(worker: Worker): Promise<void> {
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.postMessage({ type: 'stop' } satisfies ToWorker);
  worker.unref();
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, stopTimeoutMs).unref())]);
}

function byStamp(set: FrameSet): FrameReference {
  return { stampNs: set.stampNs, set: null };
}

function whole(set: FrameSet): FrameReference {
  return { stampNs: set.stampNs, set };
}

function workerDied(found: string, cause?: Error): JepaMpcError {
  return new JepaMpcError('planner.worker-died', {
    subject: 'planner worker',
    found,
    expected: 'a running worker',
    remedy: 'It is started again; if it keeps dying, look at the log for memory or model trouble.',
    cause,
  });
}

function unexpectedReply(reply: WorkerReply): JepaMpcError {
  return workerDied(`an answer of type ${reply.type} to another question`);
}
