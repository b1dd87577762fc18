import type { Received } from '../ros/demo-subscriptions.js';

/** Period of the simulator in lockstep. */
export const LOCKSTEP_PERIOD_NS = 20_000_000n;

/** Periods after a teleport until the camera shows the robot at its new pose: more than a camera is late. */
export const SETTLE_PERIODS = 16;

/** The part of `DemoClient` that the driver needs. */
export interface LockstepPort {
  readonly received: Pick<Received, 'clockNs' | 'period' | 'commands' | 'plannedFrameNs' | 'contactsNs'> & {
    readonly joints: { readonly stampNs: bigint } | null;
    readonly objects: { readonly stampNs: bigint } | null;
  };
  step(commands: number): void;
  until(condition: () => boolean, awaited: string, timeoutMs: number): Promise<void>;
}

/** One episode in lockstep. */
export interface LockstepEpisode {
  /** Whether the planner plans (it does not while paused). */
  readonly planning: boolean;
  /** Allowed for the simulator and the command of one period, and again for its plan. */
  readonly timeoutMs: number;
  /** Teleports the robot to the start. This takes one period, and the simulator restarts its count of commands. */
  readonly teleport: () => void;
  /** Evaluated after each period, once everything of it has arrived. */
  readonly ended: () => boolean;
}

/**
 * Steps the simulator through one episode. A period ends when its clock, its joint states, its contacts and objects if the simulator reports them, the planner's command and the plan for the newest
 * published image have all arrived; only then does the next one begin. An image may be late, so the simulator reports the newest published
 * one with each period. Every message has thus reached its receiver before time advances, and the run does not depend on the speed of any
 * part: same seed, same run.
 *
 * @throws JepaMpcError demo.timeout naming what the period still lacks
 */
export async function driveLockstep(port: LockstepPort, episode: LockstepEpisode): Promise<void> {
  const { received } = port;
  const commandsBefore = received.commands;
  const startNs = received.clockNs + LOCKSTEP_PERIOD_NS;
  for (let nowNs = startNs; ; nowNs += LOCKSTEP_PERIOD_NS) {
    const { commands } = received;
    if (nowNs === startNs) episode.teleport();
    else port.step(commands - commandsBefore);
    await port.until(
      () =>
        received.clockNs >= nowNs &&
        received.period.stampNs >= nowNs &&
        (received.joints?.stampNs ?? -1n) >= nowNs &&
        (received.contactsNs ?? nowNs) >= nowNs &&
        (received.objects?.stampNs ?? nowNs) >= nowNs &&
        received.commands > commands,
      `clock, joint states, contacts, objects and command of simulated time ${Number(nowNs) / 1e9} s`,
      episode.timeoutMs,
    );
    const { newestImageNs } = received.period;
    await port.until(
      () => !episode.planning || received.plannedFrameNs >= newestImageNs,
      `plan from the image of simulated time ${Number(newestImageNs) / 1e9} s`,
      episode.timeoutMs,
    );
    if (nowNs > startNs && episode.ended()) return;
  }
}

/**
 * Steps through periods without commands, until a late camera, too, shows a robot that was teleported at its new pose.
 *
 * @param periods number of periods of {@link LOCKSTEP_PERIOD_NS}
 * @throws JepaMpcError demo.timeout
 */
export async function idleInLockstep(port: LockstepPort, periods: number, timeoutMs: number): Promise<void> {
  const { received } = port;
  for (let period = 0; period < periods; period++) {
    const nextNs = received.clockNs + LOCKSTEP_PERIOD_NS;
    port.step(0);
    await port.until(
      () => received.clockNs >= nextNs && (received.joints?.stampNs ?? -1n) >= nextNs,
      `clock and joint states of simulated time ${Number(nextNs) / 1e9} s`,
      timeoutMs,
    );
  }
}
