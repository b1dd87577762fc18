import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { Logger, Plan } from '../core/types.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import { KeptByStamp } from './kept-by-stamp.js';
import type {
  DistanceMap,
  ExplainingPlanner,
  ExplanationRequest,
  PlannerSettings,
  PlanRequest,
} from './planner-port.js';
import type {
  ExplainMessage,
  FrameReference,
  FromWorker,
  LoadMessage,
  PlanMessage,
  ToWorker,
  WorkerReply,
} from './worker-protocol.js';

/** How long a worker may take to end by itself, and then how long the system may take to end it. */
const stopTimeoutMs = 1000;

/** How long a piece of an explanation may take, if one patch does not take longer: a plan may have to wait for it. */
const EXPLANATION_BUDGET_MS = 5;

interface PendingReply {
  readonly resolve: (reply: WorkerReply) => void;
  readonly reject: (error: JepaMpcError) => void;
}

/**
 * The planner in a process of its own, so that inference never holds the thread that talks to ROS, and so that it can be ended at any time,
 * a run of ONNX Runtime included. One job at a time, and between jobs the pieces of an explanation.
 */
export class WorkerPlanner implements ExplainingPlanner {
  readonly #entry: URL;
  readonly #log: Logger;
  #worker: ChildProcess | null = null;
  /** Counts loads and disposals: a load that another one overtook starts nothing. */
  #turn = 0;
  /** Messages that the worker has not answered, in the order in which it does. */
  #pending: PendingReply[] = [];
  /** Whether the worker loads a model or makes a plan. */
  #isBusy = false;
  /** Settles when it no longer does. */
  #job: Promise<unknown> = Promise.resolve();
  #isExplaining = false;
  /** Frames whose latents the worker has. */
  readonly #known = new KeptByStamp<true>();
  #knownGoalNs: bigint | null = null;
  /** Key of the values that have nothing left to compile. */
  #readyFor: string | null = null;
  /** Time from the newest frame of a plan to the oldest that it may need. */
  #spanNs = 0n;

  /**
   * @param entry the worker's script; the composition root decides what runs in it.
   * @param log receives the lines that the worker logs
   */
  constructor(entry: URL, log: Logger) {
    this.#entry = entry;
    this.#log = log;
  }

  async load(settings: PlannerSettings): Promise<ModelInfo> {
    const turn = (this.#turn += 1);
    await this.#letGo();
    if (turn !== this.#turn) throw workerDied('stopped on request');
    const worker = fork(this.#entry, { serialization: 'advanced' });
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'log') this.#log[message.level](message.text);
      // A worker that was replaced may still answer.
      else if (this.#worker === worker) this.#settle(message);
    });
    worker.on('error', (error) => {
      this.#fail(worker, workerDied(error.message, error));
    });
    worker.on('exit', (code, signal) => {
      this.#fail(worker, workerDied(signal === null ? `exit status ${String(code)}` : `an end by ${signal}`));
    });
    const { parameters, warmUp } = settings;
    const loadTimeoutMs = parameters['planning.load_timeout_s'] * 1000;
    const timer = setTimeout(() => {
      worker.kill('SIGKILL');
      this.#fail(worker, tooSlow(loadTimeoutMs));
    }, loadTimeoutMs);
    const reply = await this.#ask(worker, { type: 'load', settings }).finally(() => {
      clearTimeout(timer);
    });
    if (reply.type !== 'loaded') throw unexpectedReply(reply);
    this.#readyFor = reply.isReady && warmUp !== null ? JSON.stringify(warmUp) : null;
    const { window, periodMs, block } = reply.model;
    // The frame nearest to the oldest of the window may be half a step older than that.
    this.#spanNs = BigInt(Math.round((window - 0.5) * periodMs * block * 1e6));
    return reply.model;
  }

  mayCompile(values: PlanningValues): boolean {
    return this.#readyFor !== JSON.stringify(values);
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
      values: request.values,
      extras: request.extras,
      ...(request.replayed && { replayed: request.replayed }),
    };
    const reply = await this.#ask(worker, message);
    if (reply.type !== 'planned') throw unexpectedReply(reply);
    this.#readyFor = reply.isReady ? JSON.stringify(request.values) : null;
    this.#known.keep(new Map(request.history.map(({ stampNs }) => [stampNs, true])));
    this.#knownGoalNs = request.goal.stampNs;
    return reply.plan;
  }

  async explain(request: ExplanationRequest): Promise<DistanceMap> {
    if (this.#isExplaining) throw busy('explanation of the distance', 'another one under way');
    this.#isExplaining = true;
    try {
      return await this.#explain(request, this.#worker);
    } finally {
      this.#isExplaining = false;
    }
  }

  /** The worker takes a piece after each plan, or, while there are none, one after the other. */
  async #explain(request: ExplanationRequest, worker: ChildProcess | null): Promise<DistanceMap> {
    for (let begin: ExplanationRequest | null = request; ; begin = null) {
      await this.#job;
      if (worker === null || this.#worker !== worker) throw workerDied('no worker, or a new one');
      const reply = await this.#send(worker, { type: 'explain', begin, budgetMs: EXPLANATION_BUDGET_MS });
      if (reply.type !== 'explained') throw unexpectedReply(reply);
      if (reply.map !== null) return reply.map;
    }
  }

  async dispose(): Promise<void> {
    this.#turn += 1;
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#forget();
    this.#rejectPending(workerDied('stopped on request'));
    if (worker !== null) await stop(worker);
  }

  /** Forgets which latents the worker has. */
  #forget(): void {
    this.#known.clear();
    this.#knownGoalNs = null;
    this.#readyFor = null;
  }

  async #ask(worker: ChildProcess, message: LoadMessage | PlanMessage): Promise<WorkerReply> {
    if (this.#isBusy) throw busy('planner', 'a job while another one runs');
    this.#isBusy = true;
    const reply = this.#send(worker, message);
    this.#job = reply.catch(() => undefined);
    return reply.finally(() => {
      this.#isBusy = false;
    });
  }

  #send(worker: ChildProcess, message: LoadMessage | PlanMessage | ExplainMessage): Promise<WorkerReply> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      worker.send(message, (error) => {
        if (error !== null) this.#fail(worker, workerDied(error.message, error));
      });
    });
  }

  #settle(reply: WorkerReply): void {
    const pending = this.#pending.shift();
    if (reply.type === 'failed') {
      const cause = new Error('in the planner worker');
      cause.stack = reply.stack;
      // The worker forgets its latents when a plan fails.
      this.#forget();
      pending?.reject(new JepaMpcError(reply.code, { ...reply.facts, cause }));
    } else {
      pending?.resolve(reply);
    }
  }

  #fail(worker: ChildProcess, failure: JepaMpcError): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#forget();
    this.#rejectPending(failure);
  }

  #rejectPending(failure: JepaMpcError): void {
    for (const { reject } of this.#pending.splice(0)) reject(failure);
  }
}

/** Lets the worker release the device and end by itself; a worker that is busy or hangs is killed. */
async function stop(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const timeout = (): Promise<unknown> =>
    Promise.race([ended, new Promise((resolve) => setTimeout(resolve, stopTimeoutMs).unref())]);
  // A failure to send does not matter: a worker that cannot be reached is killed below.
  worker.send({ type: 'stop' } satisfies ToWorker, () => undefined);
  await timeout();
  worker.kill('SIGKILL');
  await timeout();
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

function tooSlow(loadTimeoutMs: number): JepaMpcError {
  return new JepaMpcError('planner.worker-died', {
    subject: 'planner worker',
    found: `no model after ${String(loadTimeoutMs / 1000)} s of loading`,
    expected: 'a loaded model within planning.load_timeout_s',
    remedy:
      'If the device hangs, set device to cpu; if the model is only large, raise planning.load_timeout_s.',
  });
}

function busy(subject: string, found: string): JepaMpcError {
  return new JepaMpcError('planner.not-ready', {
    subject,
    found,
    expected: 'one at a time',
    remedy: 'Wait for the one that runs.',
  });
}

function unexpectedReply(reply: WorkerReply): JepaMpcError {
  return workerDied(`an answer of type ${reply.type} to another question`);
}
