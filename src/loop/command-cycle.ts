import { Subject } from 'rxjs';

import { JepaMpcError } from '../core/errors.js';
import type { JointReading } from '../core/types.js';
import type { Command } from '../safety/command.js';
import type { CommandStream } from '../safety/command-stream.js';
import { CommandValidator } from '../safety/command-validator.js';
import type { CommandViolation } from '../safety/command-validator.js';
import { UNHINDERED, type OperatorState } from '../safety/operator-state.js';
import { assessCondition, holdsRobot, WHOLE_MESSAGES } from '../safety/watchdog.js';
import type { Condition, MotionFault } from '../safety/watchdog.js';
import type { Timeline } from '../timeline/timeline.js';
import type { Anchoring } from './anchoring.js';
import { EffortCommands } from './effort-commands.js';
import type { LoopInputs } from './loop-inputs.js';
import type { ControlLoopOptions } from './loop-options.js';
import { againstRecovery } from './recovery.js';
import type { Replanning } from './replanning.js';

/** What the loop was asked to do, as far as commands depend on it. */
export interface LoopRequests {
  readonly isActive: boolean;
  readonly isPaused: boolean;
  /** There was a goal, and the robot is to have none any more. */
  readonly isGoalGivenUp: boolean;
  /** Why the robot is to brake and stay at rest; null if it is not. */
  readonly brakeReason: string | null;
  /** The robot is to move back inside its limits, and do nothing else. */
  readonly isRecovering: boolean;
}

export interface CommandCycleParts {
  readonly timeline: Timeline;
  readonly stream: CommandStream;
  readonly inputs: Pick<LoopInputs, 'frozenImage'>;
  readonly anchoring: Anchoring;
  readonly replanning: Pick<Replanning, 'isPlannerAlive' | 'noteTick' | 'noteCommand'>;
}

/** One command period after the other: look at the inputs, hold or follow the plan, add efforts, check, send. */
export class CommandCycle {
  readonly #options: ControlLoopOptions;
  readonly #parts: CommandCycleParts;
  readonly #validator: CommandValidator;
  readonly #efforts: EffortCommands | null;
  readonly #problems = new Subject<JepaMpcError>();
  /** Commands that were withheld. */
  readonly problems$ = this.#problems.asObservable();
  #violation: string | null = null;
  #isAtRest = true;
  #condition: Condition = { level: 'stop', reasons: [] };

  constructor(options: ControlLoopOptions, parts: CommandCycleParts) {
    const { limits, commandPeriodNs, effortLaw } = options;
    this.#options = options;
    this.#parts = parts;
    this.#validator = new CommandValidator(limits, commandPeriodNs);
    this.#efforts = effortLaw === undefined ? null : new EffortCommands(effortLaw, limits, parts.timeline);
  }

  /** Result of the last look at the inputs. */
  get condition(): Condition {
    return this.#condition;
  }

  /** Whether the last command was one of rest. If efforts are commanded, the robot itself has to have come to rest, too. */
  get isAtRest(): boolean {
    return this.#isAtRest;
  }

  /** The robot is about to be commanded from rest. */
  start(): void {
    this.#isAtRest = true;
  }

  /** Commands start from rest at this pose `[J]`, rad or m; faults are cleared. */
  beginAt(position: Float64Array, nowNs: bigint): void {
    this.#violation = null;
    this.#validator.restart(position, nowNs);
  }

  /** See `ControlLoop.tick`. */
  tick(nowNs: bigint, requests: LoopRequests, periods?: number): Command | null {
    const { stream, anchoring, replanning } = this.#parts;
    this.look(nowNs, requests);
    if (!requests.isActive) return null;
    anchoring.takeIfDue(this.#isBlind, nowNs);
    if (this.#operator.isDryRun) return this.#tickDry(nowNs);
    const holdReason = this.#holdReason(requests);
    if (requests.isRecovering) stream.hold(holdReason ?? '~/recover: no plan is followed');
    else if (holdReason === null) stream.resume();
    else stream.hold(holdReason);
    const hasToRest =
      anchoring.isPending ||
      (requests.isRecovering && holdReason !== null) ||
      this.#isStoppedByPeople(requests);
    const guidance = hasToRest ? 'rest' : this.#isBlind ? 'blind' : 'readings';
    const moved = stream.tick(nowNs, guidance, periods);
    if (moved === null) return null;
    replanning.noteTick(nowNs);
    const command = this.#efforts?.add(moved, this.#isBlind ? null : this.#reading) ?? moved;
    const violation = this.#validator.check(command, periods);
    if (violation !== null) {
      // This one must not be sent. What is sent instead is for the caller to decide: it depends on what the robot was sent last.
      this.#violation ??= violation.message;
      this.#problems.next(outsideLimits(violation));
      return null;
    }
    this.#isAtRest = stream.isAtRest && (this.#efforts?.hasComeToRest(this.#reading) ?? true);
    if (command.mode === 'plan') replanning.noteCommand(nowNs);
    return command;
  }

  /**
   * Whether somebody wants the robot to stay where it is, so that not even a tracking fault moves the desired state. Where efforts are commanded it
   * does move: a desired state that the robot was pushed away from would be a lasting force.
   */
  #isStoppedByPeople({ brakeReason, isPaused }: LoopRequests): boolean {
    if (this.#efforts !== null) return false;
    return brakeReason !== null || isPaused || this.#operator.emergencyStop !== null;
  }

  /** One period of a dry run: nothing is sent, and the desired pose is the measured one, wherever the robot is moved. */
  #tickDry(nowNs: bigint): null {
    const { stream, replanning } = this.#parts;
    stream.hold('dry run');
    if (this.#reading !== null) stream.anchor(this.#reading.position);
    replanning.noteTick(nowNs);
    this.#isAtRest = true;
    return null;
  }

  /** Looks at the inputs, as each tick does. */
  look(nowNs: bigint, { isActive, isPaused, isRecovering }: LoopRequests): Condition {
    const { timeline, stream, anchoring, replanning } = this.#parts;
    timeline.observe(nowNs);
    this.#options.watchOperator?.();
    this.#condition = assessCondition(
      {
        nowNs,
        image: timeline.frameStamps,
        lateCameras: this.#options.lateCameras ?? (() => []),
        jointStates: timeline.readingStamps,
        jointMessages: this.#options.jointMessages ?? WHOLE_MESSAGES,
        planEndNs: stream.planEndNs(nowNs),
        paused: isPaused,
        active: isActive && !isRecovering,
        workerAlive: replanning.isPlannerAlive,
        clockJumped: timeline.clockWentBack,
        fault: this.#fault,
        unsettled: anchoring.waitsFor,
        frozenImage: this.#parts.inputs.frozenImage,
        operator: this.#operator,
        restriction: stream.restriction,
      },
      this.#options.values(),
    );
    return this.#condition;
  }

  get #operator(): OperatorState {
    return this.#options.operator?.() ?? UNHINDERED;
  }

  get #fault(): MotionFault | null {
    const { stream, timeline } = this.#parts;
    if (this.#violation !== null) return { id: 'command-outside-limits', found: this.#violation };
    if (stream.fault === null) return null;
    return { id: timeline.clockWentBack ? 'clock-back' : 'robot-does-not-follow', found: stream.fault };
  }

  get #reading(): JointReading | null {
    return this.#parts.timeline.readings.newest;
  }

  /** The newest reading is too old to rely on. */
  get #isBlind(): boolean {
    return this.#condition.reasons.some(({ name }) => name === 'joint_states');
  }

  #holdReason({ brakeReason, isGoalGivenUp, isRecovering }: LoopRequests): string | null {
    if (brakeReason !== null) return brakeReason;
    if (isGoalGivenUp && !isRecovering) return 'the goal was given up';
    const { isPending, waitsFor } = this.#parts.anchoring;
    if (isPending)
      return `the measured pose is to be taken${waitsFor === null ? ': braking first' : `, but ${waitsFor}`}`;
    const { reasons } = this.#condition;
    const holding = isRecovering ? againstRecovery(reasons) : reasons.filter(holdsRobot);
    if (isRecovering && holding.length === 0 && this.#operator.speedScale === 0)
      return 'the speed scale is 0';
    return holding.length === 0
      ? null
      : holding.map((reason) => `${reason.name}: ${reason.found}`).join('; ');
  }
}

function outsideLimits({ joint, kind, found, limit }: CommandViolation): JepaMpcError {
  return new JepaMpcError('command.outside-limits', {
    subject: `command for joint ${joint}`,
    found: `${kind} ${String(found)}`,
    expected: `at most ${String(limit)}`,
    remedy:
      'The command was not sent and the robot holds. This is a defect: please report it; ~/reset clears it.',
  });
}
