import { asyncScheduler, observeOn, Subject, Subscription } from 'rxjs';

import { msToNs } from '../../core/time.js';
import type { Command } from '../../safety/command.js';
import { inWords, type Condition } from '../../safety/watchdog.js';
import { againstRecovery } from '../../loop/recovery.js';
import type { Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import type { ControlLoop } from '../../loop/control-loop.js';
import type { PlanReport } from '../../loop/replanning.js';
import type { NodeClock } from './node-clock.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';

/** Extra time for the robot to come to rest, beyond its braking ramp: its controller lags behind. */
const settleTimeoutMs = 1000;

/** If no tick comes for this long while braking, the clock stands still (a paused simulation): the ramp then follows the wall clock. */
const silenceMs = 200;

export interface MotionOptions {
  readonly clock: NodeClock;
  readonly parameters: () => Parameters;
  readonly log: Logger;
  readonly problems: ProblemLog;
  readonly onCommand: (command: Command) => void;
  /** Replaces a command that must not go out. */
  readonly onNoCommand: () => void;
  /** The robot has been braked to rest, and no more commands follow. */
  readonly onEnd: () => void;
  readonly onPlan: (loop: ControlLoop, report: PlanReport) => void;
}

/** Runs a control loop: one tick a command period while the node is active, and the brake when it is deactivated. */
export class Motion {
  readonly #options: MotionOptions;
  #running = new Subscription();
  #loop: ControlLoop | null = null;
  /** The brake under way since the last start; null after one that failed, so that the next request tries again. */
  #braking: Promise<void> | null = null;
  #conditionKind = '';
  #lastTickMs = 0;
  /** Ticks since the commands began. */
  #tickCount = 0;
  readonly #ticked$ = new Subject<void>();

  constructor(options: MotionOptions) {
    this.#options = options;
  }

  /** Whether commands are being sent. */
  get isRunning(): boolean {
    return this.#loop !== null;
  }

  /** Whether joints are being moved back inside their limits. */
  get isRecovering(): boolean {
    return this.#loop?.isRecovering === true;
  }

  start(loop: ControlLoop): void {
    this.stop();
    loop.start(this.#options.clock.nowNs);
    this.#run(loop);
  }

  /** Sends the commands of a loop that recovers, until it has done so. */
  recover(loop: ControlLoop): void {
    this.#run(loop);
    this.#running.add(
      this.#ticked$.subscribe(() => {
        if (loop.isRecovering) return;
        const { reasons } = loop.condition;
        this.#options.log.info(
          `recovery has ended: ${inWords({ reasons: againstRecovery(reasons) }) || 'every joint is inside its limits'}`,
        );
        this.#options.onEnd();
        this.stop();
      }),
    );
  }

  #run(loop: ControlLoop): void {
    const { clock, parameters, problems, onPlan } = this.#options;
    this.#loop = loop;
    this.#tickCount = 0;
    this.#braking = null;
    this.#running = new Subscription();
    this.#running.add(
      // In a turn of its own, so that a command that is due does not wait for figures.
      loop.plans$.pipe(observeOn(asyncScheduler)).subscribe((report) => {
        onPlan(loop, report);
      }),
    );
    this.#running.add(
      loop.problems$.subscribe((problem) => {
        problems.report(problem);
      }),
    );
    this.#running.add(
      clock.ticks(parameters()['command.period_ms']).subscribe((nowNs) => {
        this.#tick(loop, nowNs);
      }),
    );
  }

  /**
   * Brakes the robot to rest. The last trajectory holds the whole ramp, so nothing more is sent, and nothing comes late. Single set-points lead along
   * the ramp, however long that is, from the next tick on: a tick of its own would send two steps within one period. A second request joins the
   * first.
   */
  brakeToRest(): Promise<void> {
    if (this.#loop === null) return Promise.resolve();
    if (this.#braking !== null) return this.#braking;
    const braking = this.#brake(this.#loop, this.#running).catch((error: unknown) => {
      if (this.#braking === braking) this.#braking = null;
      throw error;
    });
    this.#braking = braking;
    return braking;
  }

  async #brake(loop: ControlLoop, running: Subscription): Promise<void> {
    const { clock, parameters } = this.#options;
    loop.brake('the node stops sending commands');
    const values = parameters();
    const periodMs = values['command.period_ms'];
    if (values['command.interface'] === 'joint_trajectory') {
      this.#options.onNoCommand();
    } else {
      const begun = this.#tickCount;
      const isDone = (): boolean => this.#tickCount > begun && loop.isAtRest;
      const deadlineMs = performance.now() + loop.brakingTimeS * 1000 + settleTimeoutMs;
      let clockStands = false;
      while (!isDone() && this.#running === running && performance.now() < deadlineMs) {
        await new Promise((resolve) => setTimeout(resolve, periodMs));
        clockStands ||= performance.now() - this.#lastTickMs > silenceMs;
        if (clockStands) this.#tick(loop, (loop.lastTickNs ?? clock.nowNs) + msToNs(periodMs));
      }
    }
    // Unless it was started again meanwhile.
    if (this.#running !== running) return;
    this.#options.onEnd();
    this.stop();
  }

  /** No command follows. */
  stop(): void {
    this.#loop?.stop();
    this.#loop = null;
    this.#running.unsubscribe();
  }

  #tick(loop: ControlLoop, nowNs: bigint): void {
    const command = loop.tick(nowNs, this.#periodsSinceLastTick());
    this.#tickCount += 1;
    if (command === null) this.#options.onNoCommand();
    else this.#options.onCommand(command);
    this.#logCondition(loop.condition);
    this.#ticked$.next();
  }

  /**
   * Command periods since the last tick by a clock that nobody sets: the system's time may be stepped. With `use_sim_time` the robot lives by
   * `/clock`, and so do its periods: undefined.
   */
  #periodsSinceLastTick(): number | undefined {
    const nowMs = performance.now();
    const elapsedMs = nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    if (this.#options.clock.isSimulated) return undefined;
    const periods = Math.floor(elapsedMs / this.#options.parameters()['command.period_ms']);
    return this.#tickCount === 0 ? 1 : Math.max(1, periods);
  }

  #logCondition({ level, reasons }: Condition): void {
    const kind = reasons.map((reason) => reason.name).join(',');
    if (kind === this.#conditionKind) return;
    this.#conditionKind = kind;
    const text = reasons.map(
      (reason) => `${reason.name}: ${reason.found} (limit ${reason.limit}; clears with ${reason.clears})`,
    );
    if (level === 'ok') this.#options.log.info('following plans');
    else this.#options.log.warn(`${level}: ${text.join('; ')}`);
  }
}
