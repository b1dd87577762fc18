import { createRng } from '../../../src/math/rng.js';
import { uniformPose, type EpisodeSpace } from '../episode-sampler.js';

/** A place on the surface, in the frame of the root link: x and y, m. */
export type Place = readonly [x: number, y: number];

/** Random poses that say where the tip gets: some tens for each cell of the map, for an arm with six joints. */
const SAMPLED_POSES = 200_000;
/** Poses that say how far the map extends. */
const EXTENT_POSES = 3000;
/** Cells along the longer side of the map. */
const CELLS = 40;
const SMALLEST_CELL_M = 0.03;
/** Cells that are reached, of the nine around and with one, where an object is placed: it can be pushed in most directions there. */
const MOST_AROUND = 7;

/** Between which heights the tip pushes an object, m. */
export interface PushHeights {
  readonly low: number;
  readonly high: number;
}

/**
 * The places at which the tip of a robot can push an object, on a grid like that by which exploration places objects
 * (training/jepa_mpc_training/reach_map.py). A cell is reached if one of many random poses that are allowed has the tip in it, at the height of a push.
 */
export class ReachMap {
  readonly #origin: Place;
  readonly #cellM: number;
  /** Keys of the cells that are reached. */
  readonly #reached: ReadonlySet<string>;
  /** Cells in which objects are placed: column and row. */
  readonly #cells: readonly Place[];

  private constructor(origin: Place, cellM: number, reached: ReadonlySet<string>) {
    this.#origin = origin;
    this.#cellM = cellM;
    this.#reached = reached;
    const cells = [...reached].map(cellOf);
    const inner = cells.filter(
      (cell) => around(cell).filter((key) => reached.has(key)).length >= MOST_AROUND,
    );
    this.#cells = inner.length > 0 ? inner : cells;
  }

  /**
   * The same for the same robot: the poses are drawn with a seed of their own.
   *
   * @param isPlace whether the middle of a cell counts, such as by what a camera sees
   */
  static of(robot: EpisodeSpace, heights: PushHeights, isPlace: (place: Place) => boolean): ReachMap {
    const rng = createRng(0);
    const draw = new Float32Array(robot.ranges.length);
    const next = (): number[] => {
      rng.uniforms(draw);
      return uniformPose(robot.ranges, draw);
    };
    const sample = Array.from({ length: EXTENT_POSES }, () => robot.fingertipOf(next()));
    const [xs, ys] = [0, 1].map((axis) => sample.map((tip) => tip[axis] ?? Number.NaN));
    const [left, right] = rangeOf(xs ?? []);
    const [near, far] = rangeOf(ys ?? []);
    const cellM = Math.max(SMALLEST_CELL_M, Math.max(right - left, far - near) / CELLS);
    const counts = new Map<string, boolean>();
    for (let index = 0; index < SAMPLED_POSES; index++) {
      const pose = next();
      const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = robot.fingertipOf(pose);
      if (!(z > heights.low && z < heights.high)) continue;
      const cell: Place = [Math.floor((x - left) / cellM), Math.floor((y - near) / cellM)];
      const key = keyOf(cell);
      // Most poses are in cells that others have reached, and a place that does not count needs no check of a pose.
      if (counts.has(key)) continue;
      if (!isPlace(middleOf(cell, [left, near], cellM))) counts.set(key, false);
      else if (robot.isAllowed(pose)) counts.set(key, true);
    }
    const reached = [...counts].filter(([, isReached]) => isReached).map(([key]) => key);
    // In an order of its own: a draw does not depend on which pose came first.
    return new ReachMap([left, near], cellM, new Set(reached.sort()));
  }

  /** Whether no place is reached. */
  get isEmpty(): boolean {
    return this.#cells.length === 0;
  }

  /** Whether the tip reaches the cell that a place is in. */
  has([x, y]: Place): boolean {
    const [left, near] = this.#origin;
    return this.#reached.has(
      keyOf([Math.floor((x - left) / this.#cellM), Math.floor((y - near) / this.#cellM)]),
    );
  }

  /**
   * A place for an object, of a map that is not empty.
   *
   * @param uniforms three numbers in [0, 1): which cell, and where in it
   */
  place([which, along, across]: readonly [number, number, number]): Place {
    const cell = this.#cells[Math.floor(which * this.#cells.length)] ?? [Number.NaN, Number.NaN];
    const [x, y] = middleOf(cell, this.#origin, this.#cellM);
    return [x + (along - 0.5) * this.#cellM, y + (across - 0.5) * this.#cellM];
  }
}

function rangeOf(values: readonly number[]): [lowest: number, highest: number] {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

function keyOf([column, row]: Place): string {
  return `${column} ${row}`;
}

function cellOf(key: string): Place {
  const [column = Number.NaN, row = Number.NaN] = key.split(' ').map(Number);
  return [column, row];
}

function around([column, row]: Place): string[] {
  return [-1, 0, 1].flatMap((right) => [-1, 0, 1].map((up) => keyOf([column + right, row + up])));
}

function middleOf([column, row]: Place, [left, near]: Place, cellM: number): Place {
  return [left + (column + 0.5) * cellM, near + (row + 0.5) * cellM];
}
