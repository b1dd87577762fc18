import type { Heard } from '../ros/demo-client.js';

/** Period of the simulator in lockstep. */
export const LOCKSTEP_PERIOD_NS = 20_000_000n;

/** In lockstep, for the robot to be seen where it was put: longer than cameras are late. */
export const SETTLE_PERIODS = 16;

/** What the driver needs of the demo's node. */
export interface LockstepPort {
  readonly heard: Pick<Heard, 'clockNs' | 'period' | 'commands' | 'plannedFrameNs'> & {
    readonly joints: { readonly stampNs: bigint } | null;
  };
  step(commands: number): void;
  until(condition: () => boolean, awaited: string, timeoutMs: number): Promise<void>;
}

/** How the periods of one episode go. */
export interface LockstepEpisode {
  /** Whether the planner plans from the images (it does not while paused). */
  readonly planning: boolean;
  /** For the simulator and the command of one period, and again for its plan. */
  readonly timeoutMs: number;
  /** Puts the robot at the start, which takes the simulator a period and makes it count commands anew. */
  readonly teleport: () => void;
  /** Asked after each period, once everything of it has arrived. */
  readonly ended: () => boolean;
}

/**
 * Steps the simulator through one episode. A period is over when its clock, its joint states, the planner's command for it and, where an
 * image came with it, the plan for that image are all here; only then does the next one begin. An image may be late: which one is the
 * newest that is out, the simulator says with each period. So every message has found its reader
 * before time goes on, and the run does not depend on how fast anything is: same seed, same run.
 *
 * @throws JepaMpcError demo.timeout naming what a period is still waiting for
 */
export async function driveLockstep(port: LockstepPort, episode: LockstepEpisode): Promise<void> {
  const { heard } = port;
  const commandsBefore = heard.commands;
  const startNs = heard.clockNs + LOCKSTEP_PERIOD_NS;
  for (let nowNs = startNs; ; nowNs += LOCKSTEP_PERIOD_NS) {
    const { commands } = heard;
    if (nowNs === startNs) episode.teleport();
    else port.step(commands - commandsBefore);
    await port.until(
      () =>
        heard.clockNs >= nowNs &&
        heard.period.stampNs >= nowNs &&
        (heard.joints?.stampNs ?? -1n) >= nowNs &&
        heard.commands > commands,
      `clock, joint states and command of simulated time ${Number(nowNs) / 1e9} s`,
      episode.timeoutMs,
    );
    const { newestImageNs } = heard.period;
    await port.until(
      () => !episode.planning || heard.plannedFrameNs >= newestImageNs,
      `plan from the image of simulated time ${Number(newestImageNs) / 1e9} s`,
      episode.timeoutMs,
    );
    if (nowNs > startNs && episode.ended()) return;
  }
}

/**
 * Lets periods go by in which nobody commands anything: for a robot that was put somewhere to be seen there, by late cameras too.
 *
 * @param periods how many, of {@link LOCKSTEP_PERIOD_NS}
 * @throws JepaMpcError demo.timeout
 */
export async function idleInLockstep(port: LockstepPort, periods: number, timeoutMs: number): Promise<void> {
  const { heard } = port;
  for (let period = 0; period < periods; period++) {
    const nextNs = heard.clockNs + LOCKSTEP_PERIOD_NS;
    port.step(0);
    await port.until(
      () => heard.clockNs >= nextNs && (heard.joints?.stampNs ?? -1n) >= nextNs,
      `clock and joint states of simulated time ${Number(nextNs) / 1e9} s`,
      timeoutMs,
    );
  }
}
