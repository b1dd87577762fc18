import type { JointReading } from '../../src/core/types.js';
import type { PartStatus, StatusValues } from '../../src/guide/window.js';
import type { DemoClient } from '../ros/demo-client.js';
import type { DemoListener } from '../ros/demo-subscriptions.js';
import type { ObjectsReading } from '../ros/object-messages.js';
import { EpisodeJudge } from '../episodes/episode-judge.js';
import type { EpisodeTask } from '../episodes/episode-sampler.js';
import { driveLockstep, LOCKSTEP_PERIOD_NS } from '../episodes/lockstep-driver.js';
import { ANSWER_TIMEOUT_MS } from '../episodes/place-robot.js';
import { prepareEpisode } from '../episodes/prepare-episode.js';
import type { DemoRobot } from '../episodes/robot.js';
import type { Task } from '../episodes/tasks/registry.js';

/** Duration of an episode, simulated time: long enough to reach the goal and to show what the robot does there. */
const EPISODE_S = 8;

/** The end of an episode, over which the robot is to be at rest. */
const END_S = 2;

/** Allowed for everything in one period of lockstep, and, times the duration, for an episode in real time. */
const PERIOD_TIMEOUT_MS = 60_000;

/** What an episode showed, from its start to its time limit: it does not end at the goal. */
export interface HeldEpisode {
  readonly success: boolean;
  /** Simulated time to success; the limit where there was none. */
  readonly timeS: number;
  readonly finalDistanceM: number;
  /** How far the joints moved in the last two seconds, all together. */
  readonly lastTravelRad: number;
  /** Values of `~/statistics`, one record a plan. */
  readonly plans: readonly StatusValues[];
  /** The newest parts of `/diagnostics`. */
  readonly parts: Readonly<Record<string, PartStatus>>;
}

/** Notes what happens in an episode. */
export class EpisodeNotes implements DemoListener {
  readonly #readings: JointReading[] = [];
  readonly #objects = new Map<bigint, ObjectsReading>();
  readonly #plans: StatusValues[] = [];
  #parts: Readonly<Record<string, PartStatus>> = {};
  #isOpen = false;

  begin(): void {
    this.#readings.length = 0;
    this.#objects.clear();
    this.#plans.length = 0;
    this.#isOpen = true;
  }

  end(): void {
    this.#isOpen = false;
  }

  get readings(): readonly JointReading[] {
    return this.#readings;
  }

  /** Where free objects were at the time of a reading. */
  objectsAt(stampNs: bigint): ObjectsReading | null {
    return this.#objects.get(stampNs) ?? null;
  }

  get plans(): readonly StatusValues[] {
    return [...this.#plans];
  }

  get parts(): Readonly<Record<string, PartStatus>> {
    return this.#parts;
  }

  onJoints(reading: JointReading): void {
    if (this.#isOpen) this.#readings.push(reading);
  }

  onObjects(reading: ObjectsReading): void {
    if (this.#isOpen) this.#objects.set(reading.stampNs, reading);
  }

  onStatistics(values: ReadonlyMap<string, string>): void {
    if (this.#isOpen) this.#plans.push(Object.fromEntries(values));
  }

  onParts(parts: Readonly<Record<string, PartStatus>>): void {
    if (Object.keys(parts).length > 0) this.#parts = parts;
  }

  onImage(): void {
    // The guide looks at no pictures.
  }

  onCommand(): void {
    // Nor at commands.
  }
}

/**
 * Runs an episode for its whole time, whether the goal is reached or not.
 *
 * @throws JepaMpcError demo.timeout, or the reason given to `DemoClient.fail`
 */
export async function holdEpisode(
  client: DemoClient,
  robot: DemoRobot,
  notes: EpisodeNotes,
  drawn: EpisodeTask,
  setting: { readonly task: Task; readonly lockstep: boolean; readonly capturesGoal: boolean },
): Promise<HeldEpisode> {
  const { lockstep } = setting;
  await client.pause(!lockstep, ANSWER_TIMEOUT_MS);
  await client.changeState('deactivate', ANSWER_TIMEOUT_MS);
  await prepareEpisode(client, robot, drawn, setting);
  const { received } = client;
  const startNs = lockstep ? received.clockNs + LOCKSTEP_PERIOD_NS : (received.joints?.stampNs ?? 0n);
  const endNs = startNs + BigInt(EPISODE_S * 1e9);
  notes.begin();
  try {
    if (lockstep) {
      await driveLockstep(client, {
        planning: true,
        timeoutMs: PERIOD_TIMEOUT_MS,
        teleport: () => {
          client.setState(drawn.startRad);
        },
        ended: () => received.clockNs >= endNs,
      });
    } else {
      await client.pause(false, ANSWER_TIMEOUT_MS);
      const isOver = (): boolean => (received.joints?.stampNs ?? 0n) >= endNs;
      await client.until(isOver, 'end of the episode', PERIOD_TIMEOUT_MS);
    }
  } finally {
    notes.end();
  }
  return judged(notes, robot, setting.task, drawn, startNs, endNs);
}

function judged(
  notes: EpisodeNotes,
  { fingertipOf }: DemoRobot,
  task: Task,
  drawn: EpisodeTask,
  startNs: bigint,
  endNs: bigint,
): HeldEpisode {
  const { readings, plans, parts } = notes;
  const episode = { drawn, fingertipOf, startNs, limitS: EPISODE_S };
  const judge = new EpisodeJudge({ ...episode, task });
  // The distance at the end counts, also after success.
  const held = new EpisodeJudge({ ...episode, task: { ...task, isReached: () => false } });
  let lastTravelRad = 0;
  let before: JointReading | null = null;
  for (const reading of readings) {
    const { stampNs, position, velocity } = reading;
    const state = { stampNs, positionRad: [...position], velocityRadS: [...velocity] };
    for (const each of [judge, held]) each.observe(state, notes.objectsAt(stampNs));
    if (before !== null && stampNs > endNs - BigInt(END_S * 1e9)) lastTravelRad += travel(before, reading);
    before = reading;
  }
  const { success, timeS } = judge.verdict;
  return { success, timeS, finalDistanceM: held.verdict.distanceM, lastTravelRad, plans, parts };
}

function travel(from: JointReading, to: JointReading): number {
  return to.position.reduce(
    (sum, position, joint) => sum + Math.abs(position - (from.position[joint] ?? NaN)),
    0,
  );
}
