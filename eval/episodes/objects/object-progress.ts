import type { ObjectsReading } from '../../ros/object-messages.js';
import type { Vector3 } from '../../../src/robot/urdf-xml.js';
import type { ObjectGoalReading } from '../tasks/task.js';
import type { ObjectMove } from './object-move.js';

/** Speeds are means over this time: contacts make an object at rest tremble. */
const SPEED_NS = 100_000_000n;

interface Sighting {
  readonly stampNs: bigint;
  readonly position: Vector3;
}

/** Compares where an object is with where it is to be, in one episode. */
export class ObjectProgress {
  readonly #move: ObjectMove;
  /** In order of time: those of the last {@link SPEED_NS}, and the newest one before that. */
  #sightings: Sighting[] = [];

  constructor(move: ObjectMove) {
    this.#move = move;
  }

  /**
   * The object next to its goal, after readings in order of time.
   *
   * @returns null where the reading is without the object
   */
  observe({ stampNs, positions }: ObjectsReading): ObjectGoalReading | null {
    const { name, goal, surfaceM } = this.#move;
    const position = positions.get(name);
    if (position === undefined) return null;
    this.#sightings.push({ stampNs, position });
    while ((this.#sightings[1]?.stampNs ?? stampNs) <= stampNs - SPEED_NS) this.#sightings.shift();
    return {
      name,
      distanceM: Math.hypot(position[0] - goal.xyz[0], position[1] - goal.xyz[1]),
      speedMS: this.#speedMS({ stampNs, position }),
      hasFallen: position[2] < surfaceM,
    };
  }

  /** Mean speed; infinite before there are readings over {@link SPEED_NS}. */
  #speedMS({ stampNs, position }: Sighting): number {
    const [before] = this.#sightings;
    if (before === undefined || stampNs - before.stampNs < SPEED_NS) return Number.POSITIVE_INFINITY;
    const wayM = Math.hypot(...position.map((value, axis) => value - (before.position[axis] ?? Number.NaN)));
    return wayM / (Number(stampNs - before.stampNs) / 1e9);
  }
}
